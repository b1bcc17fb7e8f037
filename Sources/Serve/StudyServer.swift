import FlyingFox
import FlyingSocks
import Foundation
import StudyWatch

/// A study's live page and data, for browsers and scripts of this machine or, where that is asked for, of others.
public struct StudyServer: Sendable {
  private let handler: StudyHandler
  private let address: IPAddress
  private let port: UInt16
  private let token: AccessToken
  private let limits: ConnectionLimits

  /// How long a failed server waits before it listens again, in seconds.
  private static let pause = 1.0
  /// The longest that an answer may take to be found, in seconds: a large study is planned for it.
  private static let longestAnswer = 120.0

  /// - Parameters:
  ///   - first: The study as it was just read.
  ///   - host: A name or address of this machine.
  ///   - port: 0 for any that is free.
  ///   - names: Further names that the server goes by.
  ///   - reportFolder: Where `graft report` writes.
  /// - Throws: `ServeFault` where the host is none.
  public init(
    _ study: any ServedStudy, first: WatchedStudy, host: String, port: UInt16, names: [String], reportFolder: String,
    limits: ServeLimits = ServeLimits()
  ) throws {
    let token = AccessToken()
    let limits = ConnectionLimits(limits)
    address = try IPAddress(of: host)
    self.port = port
    self.token = token
    self.limits = limits
    var known = Set((names + [host]).map { $0.lowercased() })
    if !address.isLoopback { known.insert(Self.ownName.lowercased()) }
    let gate = RequestGuard(names: known, isLoopback: address.isLoopback, token: token)
    var handler = StudyHandler(
      live: LiveStudy(study, first: first), report: ReportFiles(folder: reportFolder), gate: gate)
    handler.heard = { limits.heard($0) }
    self.handler = handler
  }

  /// What this machine calls itself.
  private static var ownName: String { ProcessInfo.processInfo.hostName }

  /// Serves until the task is cancelled. A server that fails (for want of descriptors, say) begins again at the same port.
  ///
  /// - Parameters:
  ///   - began: Told the address to open, token and all, once.
  ///   - failed: Told why it begins again.
  /// - Throws: `ServeFault` where it cannot listen at first.
  public func run(began: @Sendable (String) -> Void, failed: @Sendable (String) -> Void) async throws {
    var port = self.port
    var hasBegun = false
    while !Task.isCancelled {
      do {
        let server = HTTPServer(
          config: HTTPServer.Configuration(
            address: try address.socketAddress(port: port), timeout: Self.longestAnswer,
            sharedRequestBufferSize: StudyHandler.bodyLimit, sharedRequestReplaySize: StudyHandler.bodyLimit,
            logger: .disabled), handler: handler)
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { try await server.run() }
          group.addTask {
            // A server that cannot listen has ended the group before.
            try await server.waitUntilListening(timeout: 60)
          }
          try await group.next()
          guard let found = await server.listeningAddress?.port else { throw SocketError.disconnected }
          port = found
          limits.watch(port: port)
          if !hasBegun { began(url(port: port)) }
          hasBegun = true
          try await group.waitForAll()
        }
      } catch {
        limits.end()
        if Task.isCancelled { return }
        let reason = Self.reason(error)
        guard hasBegun else {
          throw ServeFault(
            "cannot listen on \(address.host):\(port): \(reason)",
            remedy: "name another port with --port (0 for any that is free), or an address of this machine with --host")
        }
        failed("the server failed and begins again: \(reason)")
        try? await Task.sleep(for: .seconds(Self.pause))
      }
    }
  }

  /// What a browser opens. What follows # stays in the browser: it is part of no request, and so of no log.
  private func url(port: UInt16) -> String {
    "http://\(address.isAny ? Self.ownName : address.host):\(port)/#token=\(token.text)"
  }

  private static func reason(_ error: any Error) -> String {
    if case .failed(_, let code, _)? = error as? SocketError { return String(cString: strerror(code)) }
    return error.localizedDescription
  }
}

extension Socket.Address {
  fileprivate var port: UInt16? {
    switch self {
    case .ip4(_, let port), .ip6(_, let port): port
    case .unix: nil
    }
  }
}
