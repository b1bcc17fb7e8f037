import FlyingFox
import Foundation

/// Refuses requests that a page of somebody else's lets a viewer's browser make.
///
/// A name that an attacker moves to this machine's address (DNS rebinding) stands in the header Host; a page of another
/// origin that posts here (CSRF) in Origin and Sec-Fetch-Site. What acts needs the token besides, which no such page knows.
struct RequestGuard: Sendable {
  /// Names that the server goes by, beside `localhost`; lower case.
  let names: Set<String>
  /// Whether only this machine reaches the server. Then no other address than its own is right.
  let isLoopback: Bool
  let token: AccessToken

  /// - Returns: What is answered instead; nil where nothing speaks against the request.
  func refusal(of request: HTTPRequest) -> Answer? {
    guard let host = request.headers[.host], knows(host) else {
      return .fault(
        .misdirectedRequest, "this server does not go by the name in the header Host",
        remedy: "open the address that `graft serve` printed; --name allows a further name")
    }
    if let origin = request.headers[HTTPHeader("Origin")],
      !["http://\(host)", "https://\(host)"].contains(where: { $0.lowercased() == origin.lowercased() })
    {
      return .fault(.forbidden, "the request comes from a page of another origin", remedy: "use the server's own page")
    }
    guard request.method != .GET, request.method != .HEAD else { return nil }
    if let site = request.headers[HTTPHeader("Sec-Fetch-Site")], site != "same-origin", site != "none" {
      return .fault(.forbidden, "the request comes from a page of another site", remedy: "use the server's own page")
    }
    let scheme = "Bearer "
    guard let authorization = request.headers[.authorization], authorization.hasPrefix(scheme),
      token.admits(String(authorization.dropFirst(scheme.count)))
    else {
      return .fault(
        .unauthorized, "that needs the token of this server",
        remedy: "open the address that `graft serve` printed, with all that follows #; a script sends "
          + "`Authorization: Bearer TOKEN`")
    }
    return nil
  }

  /// Whether the server goes by what the header Host says. The port is of no concern: a tunnel may have another.
  private func knows(_ header: String) -> Bool {
    guard let name = Self.name(in: header) else { return false }
    if name == "localhost" || names.contains(name) { return true }
    guard let address = IPAddress(name) else { return false }
    // An address cannot be moved to another machine, as a name can.
    return address.isLoopback || !isLoopback
  }

  /// The name or address before the port, lower case; nil where it is none.
  private static func name(in header: String) -> String? {
    var name = Substring(header.lowercased())
    if name.hasPrefix("[") {
      guard let end = name.firstIndex(of: "]") else { return nil }
      let rest = name[name.index(after: end)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
      return String(name[name.index(after: name.startIndex)..<end])
    }
    if let colon = name.firstIndex(of: ":") {
      guard name[name.index(after: colon)...].allSatisfy(\.isNumber) else { return nil }
      name = name[..<colon]
    }
    if name.hasSuffix(".") { name = name.dropLast() }
    return name.isEmpty ? nil : String(name)
  }
}
