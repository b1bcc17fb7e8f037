import FlyingSocks
import Foundation

/// An address of a machine: of IP version 4 or 6.
enum IPAddress: Sendable, Hashable {
  case four(String)
  case six(String)

  /// Takes an address as it is written, without brackets; nil for a name.
  init?(_ text: String) {
    var four = in_addr()
    var six = in6_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      self = .four(text)
    } else if inet_pton(AF_INET6, text, &six) == 1 {
      self = .six(text)
    } else {
      return nil
    }
  }

  /// The first address that a name stands for; version 4 before version 6, as viewers on the same machine look for it.
  ///
  /// - Throws: `ServeFault` where it stands for none.
  init(of name: String) throws {
    if let address = IPAddress(name) {
      self = address
      return
    }
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(name, nil, &hints, &found)
    defer { if found != nil { freeaddrinfo(found) } }
    var addresses: [IPAddress] = []
    var next = found
    while let entry = next {
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      if getnameinfo(
        entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
      {
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        if let address = IPAddress(String(decoding: bytes, as: UTF8.self)) { addresses.append(address) }
      }
      next = entry.pointee.ai_next
    }
    guard let first = addresses.first(where: { if case .four = $0 { true } else { false } }) ?? addresses.first else {
      throw ServeFault(
        "--host \(name): \(String(cString: gai_strerror(code)))",
        remedy: "name an address of this machine, such as 127.0.0.1 or 0.0.0.0 (all of them)")
    }
    self = first
  }

  /// Whether it leads to the machine that uses it.
  var isLoopback: Bool {
    switch self {
    case .four(let text): text.hasPrefix("127.")
    case .six(let text): text == "::1"
    }
  }

  /// Whether it stands for all addresses of a machine.
  var isAny: Bool { self == .four("0.0.0.0") || self == .six("::") }

  /// As an address of the web has it.
  var host: String {
    switch self {
    case .four(let text): text
    case .six(let text): "[\(text)]"
    }
  }

  /// - Throws: `SocketError`.
  func socketAddress(port: UInt16) throws -> any SocketAddress {
    switch self {
    case .four(let text): try sockaddr_in.inet(ip4: text, port: port)
    case .six(let text): try sockaddr_in6.inet6(ip6: text, port: port)
    }
  }
}
