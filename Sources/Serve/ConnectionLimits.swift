import FlyingFox
import Files
import Foundation
import Synchronization

/// What a server grants its viewers.
public struct ServeLimits: Sendable, Hashable {
  /// So many connections are held at once; of more the youngest are ended.
  public var connections = 256
  /// A connection is ended that had no request read and answered for so long, in seconds: a viewer asks every few seconds.
  public var patience = 30.0
  /// So many bytes may come before they have made a request.
  public var bytes = 64 << 10

  public init() {}
}

/// Keeps a server's connections few, quick and small, which the HTTP library leaves to others: it reads headers of any length
/// for any time. Once a second every connection of the server's is looked at, on a thread that no request can hold up, and
/// those that are beyond a limit are shut down.
final class ConnectionLimits: Sendable {
  private let limits: ServeLimits

  /// Seconds between two looks.
  private static let interval = 1.0

  private struct Connection {
    var peer: HTTPRequest.Address
    var since: ContinuousClock.Instant
    /// Received when its last request was seen.
    var received: Int
  }

  private struct State {
    var connections: [Int32: Connection] = [:]
    /// Who has made a request since the last look.
    var heard: Set<HTTPRequest.Address> = []
    /// Counts how often watching began or ended.
    var watch = 0
  }

  private let state = Mutex(State())

  init(_ limits: ServeLimits) { self.limits = limits }

  /// A request was read whole.
  func heard(_ peer: HTTPRequest.Address?) {
    guard let peer else { return }
    _ = state.withLock { $0.heard.insert(peer) }
  }

  /// Looks at the connections of this port from now on, until that is ended.
  func watch(port: UInt16) {
    let own = turn()
    let thread = Thread { [weak self] in
      while true {
        Thread.sleep(forTimeInterval: Self.interval)
        guard let self, state.withLock({ $0.watch == own }) else { return }
        look(at: port)
      }
    }
    thread.name = "connection limits"
    thread.start()
  }

  func end() { _ = turn() }

  private func turn() -> Int {
    state.withLock { state in
      state.watch += 1
      return state.watch
    }
  }

  private func look(at port: UInt16) {
    let now = ContinuousClock.now
    let names = (try? DurableFiles.names(in: "/proc/self/fd")) ?? nil
    let found = (names ?? []).compactMap { Int32($0) }.compactMap { file in
      OpenSocket(file, of: port).map { (file: file, socket: $0) }
    }
    state.withLock { state in
      var known: [Int32: Connection] = [:]
      for (file, socket) in found {
        var connection =
          state.connections[file].flatMap { $0.peer == socket.peer ? $0 : nil }
          ?? Connection(peer: socket.peer, since: now, received: 0)
        if state.heard.contains(socket.peer) {
          connection.since = now
          connection.received = socket.received
        }
        known[file] = connection
        if now - connection.since > .seconds(limits.patience) || socket.received - connection.received > limits.bytes {
          shutdown(file, Int32(SHUT_RDWR))
        }
      }
      for (file, _) in known.sorted(by: { $0.value.since > $1.value.since }).prefix(
        max(0, known.count - limits.connections))
      {
        shutdown(file, Int32(SHUT_RDWR))
      }
      state.connections = known
      state.heard = []
    }
  }
}

/// A connection of a server in this process.
private struct OpenSocket {
  let peer: HTTPRequest.Address
  /// Bytes that came so far.
  let received: Int

  /// nil for a descriptor of anything else.
  init?(_ file: Int32, of port: UInt16) {
    guard let own = Self.address(file, getsockname), own.port == port, let peer = Self.address(file, getpeername) else {
      return nil
    }
    self.peer = peer.address
    // Linux's struct tcp_info, of which the C library's headers have the beginning alone: tcpi_bytes_received.
    var facts = [UInt8](repeating: 0, count: 256)
    var length = socklen_t(facts.count)
    let place = 128
    guard getsockopt(file, Int32(IPPROTO_TCP), TCP_INFO, &facts, &length) == 0, Int(length) >= place + 8 else {
      received = 0
      return
    }
    received = Int(
      truncatingIfNeeded: facts.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt64.self) })
  }

  private static func address(
    _ file: Int32, _ call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) -> (address: HTTPRequest.Address, port: UInt16)? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(file, $0, &length) }
    }
    guard code == 0 else { return nil }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    func name() -> String { String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) }
    return withUnsafePointer(to: &storage) { pointer in
      switch Int32(pointer.pointee.ss_family) {
      case AF_INET:
        return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { four in
          var address = four.pointee.sin_addr
          inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
          let port = UInt16(bigEndian: four.pointee.sin_port)
          return (.ip4(name(), port: port), port)
        }
      case AF_INET6:
        return pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { six in
          var address = six.pointee.sin6_addr
          inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
          let port = UInt16(bigEndian: six.pointee.sin6_port)
          return (.ip6(name(), port: port), port)
        }
      default: return nil
      }
    }
  }
}
