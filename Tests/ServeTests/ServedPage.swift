import Foundation
import Planner
import Serve
import Testing
import WorkerProtocol

/// A server of a study on a port of this machine, ended with the test.
final class ServedPage: Sendable {
  let port: Int
  let token: String
  private let task: Task<Void, any Error>

  init(_ study: RunStudy, limits: ServeLimits = ServeLimits(), names: [String] = []) async throws {
    let server = try StudyServer(
      study, first: try study.read(), host: "127.0.0.1", port: 0, names: names, reportFolder: "\(study.root)/results",
      limits: limits)
    let (urls, told) = AsyncStream.makeStream(of: String.self)
    task = Task {
      try await server.run(began: { told.yield($0) }, failed: { _ in })
    }
    var found: String?
    for await url in urls {
      found = url
      break
    }
    let url = try #require(found.flatMap { URLComponents(string: $0) })
    port = try #require(url.port)
    token = String(try #require(url.fragment).dropFirst("token=".count))
  }

  deinit { task.cancel() }

  /// What a server answered.
  struct Reply {
    let status: Int
    /// By lower-case names.
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    func json() throws -> JSONValue { try JSONValue(json: body) }
  }

  /// Sends a request as it is written here, path and all, and reads the answer to its end.
  func ask(
    _ path: String, method: String = "GET", headers: [String: String] = [:], body: String? = nil
  ) async throws -> Reply {
    var all = ["Host": "127.0.0.1:\(port)", "Connection": "close"]
    if let body { all["Content-Length"] = "\(body.utf8.count)" }
    for (name, value) in headers { all[name] = value.isEmpty ? nil : value }
    let text =
      "\(method) \(path) HTTP/1.1\r\n" + all.map { "\($0): \($1)\r\n" }.joined() + "\r\n" + (body ?? "")
    let bytes = try await Connection(port: port).exchange(Array(text.utf8))
    return try Self.reply(bytes)
  }

  func json(_ path: String) async throws -> JSONValue {
    let reply = try await ask(path)
    #expect(reply.status == 200, "\(path): \(reply.text)")
    return try reply.json()
  }

  /// Posts as the page does.
  func act(_ path: String, _ body: String = "{}", headers: [String: String] = [:]) async throws -> Reply {
    let own = [
      "Authorization": "Bearer \(token)", "Content-Type": "application/json", "Origin": "http://127.0.0.1:\(port)",
      "Sec-Fetch-Site": "same-origin",
    ]
    return try await ask(path, method: "POST", headers: own.merging(headers) { $1 }, body: body)
  }

  /// Asks until the answer is as wanted.
  func await(_ target: String, _ isMeant: (JSONValue) -> Bool) async throws -> JSONValue {
    while true {
      let answer = try await json(target)
      if isMeant(answer) { return answer }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  func awaitSummary(_ isMeant: (JSONValue) -> Bool) async throws -> JSONValue {
    try await self.await("/api/study", isMeant)
  }

  private static func reply(_ bytes: [UInt8]) throws -> Reply {
    let end = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("\r\n\r\n".utf8)) })
    let lines = String(decoding: bytes[..<end], as: UTF8.self).components(separatedBy: "\r\n")
    let status = try #require(Int(lines[0].split(separator: " ")[1]))
    let headers = lines.dropFirst().map { $0.split(separator: ":", maxSplits: 1) }.map {
      ($0[0].lowercased(), $0.count > 1 ? $0[1].trimmingCharacters(in: .whitespaces) : "")
    }
    return Reply(
      status: status, headers: Dictionary(headers) { first, _ in first }, body: Array(bytes[(end + 4)...]))
  }
}

/// One connection to a port of this machine.
final class Connection: Sendable {
  private let file: Int32

  init(port: Int) throws {
    file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(code == 0, "connect: \(String(cString: strerror(errno)))")
  }

  deinit { close(file) }

  /// - Returns: Whether all of it was taken.
  @discardableResult
  func write(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count <= 0 { return false }
      sent += count
    }
    return true
  }

  /// Writes, and reads until the other side ends. On a thread of its own, as the server is in this process.
  func exchange(_ bytes: [UInt8]) async throws -> [UInt8] {
    await withCheckedContinuation { continuation in
      Thread { [self] in
        write(bytes)
        continuation.resume(returning: rest())
      }.start()
    }
  }

  /// What comes until the other side ends.
  func rest() -> [UInt8] {
    var all: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(file, &part, part.count)
      if count <= 0 { return all }
      all += part[..<count]
    }
  }

  /// What comes in so many seconds.
  func text(for seconds: Double) async -> String {
    await withCheckedContinuation { continuation in
      Thread { [self] in
        let end = ContinuousClock.now + .seconds(seconds)
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while ContinuousClock.now < end {
          let count = recv(file, &part, part.count, Int32(MSG_DONTWAIT))
          if count == 0 { break }
          if count > 0 { all += part[..<count] } else { Thread.sleep(forTimeInterval: 0.02) }
        }
        continuation.resume(returning: String(decoding: all, as: UTF8.self))
      }.start()
    }
  }

  /// Whether the other side ends it within some seconds.
  func endsWithin(_ seconds: Double) async -> Bool {
    await withCheckedContinuation { continuation in
      Thread { [self] in
        let end = ContinuousClock.now + .seconds(seconds)
        var byte: UInt8 = 0
        while ContinuousClock.now < end {
          let count = recv(file, &byte, 1, Int32(MSG_DONTWAIT))
          if count == 0 || (count < 0 && errno != EAGAIN) { return continuation.resume(returning: true) }
          Thread.sleep(forTimeInterval: 0.02)
        }
        continuation.resume(returning: false)
      }.start()
    }
  }
}
