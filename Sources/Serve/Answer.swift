import FlyingFox
import FlyingSocks
import Foundation
import Hashing
import Planner

import enum Planner.JSONValue

/// What is sent back: a body and what a browser may do with it.
struct Answer: Sendable {
  var status: HTTPStatusCode = .ok
  /// The media type, with its character set.
  var type: String
  var body: Data
  /// Tells this body from any other; nil for one that is not asked for twice.
  var tag: String?
  var policy = ContentPolicy.page
  /// Methods that would have been right.
  var allowed: String?
  /// What the body is where it has no end.
  var stream: EventStream?
  /// Whether nothing more is heard on the connection: what follows on it may not be a request.
  var endsConnection = false

  init(type: String, body: Data, tag: String?) {
    self.type = type
    self.body = body
    self.tag = tag
  }

  /// A JSON text, tagged by its content.
  static func json(_ value: JSONValue) -> Answer {
    let body = Data(value.canonicalText.utf8)
    return Answer(type: jsonType, body: body, tag: contentTag(of: body))
  }

  static func events(_ stream: EventStream) -> Answer {
    var answer = Answer(type: "text/event-stream", body: Data(), tag: nil)
    answer.stream = stream
    return answer
  }

  /// What is wrong, for a person and for a script.
  static func fault(_ status: HTTPStatusCode, _ message: String, remedy: String?) -> Answer {
    let value: JSONValue = ["error": .string(message), "help": remedy.map { .string($0) } ?? .null]
    var answer = Answer(type: jsonType, body: Data(value.canonicalText.utf8), tag: nil)
    answer.status = status
    return answer
  }

  static func contentTag(of body: Data) -> String { "\"\(SHA256.digest(of: body).hex.prefix(24))\"" }

  private static let jsonType = "application/json; charset=utf-8"

  /// As the answer to a request: without a body where the viewer has it already, or asked for none.
  func response(to request: HTTPRequest, at time: Date) -> HTTPResponse {
    var headers: [HTTPHeader: String] = [
      .contentType: type, .date: HTTPClock.text(of: time),
      // Kept, if at all, by the viewer alone and not used unasked.
      .cacheControl: "private, no-cache", HTTPHeader("Content-Security-Policy"): policy.text,
      HTTPHeader("X-Content-Type-Options"): "nosniff", HTTPHeader("Referrer-Policy"): "no-referrer",
      HTTPHeader("Cross-Origin-Resource-Policy"): "same-origin",
      HTTPHeader("Cross-Origin-Opener-Policy"): "same-origin",
    ]
    if let tag { headers[.eTag] = tag }
    if let allowed { headers[HTTPHeader("Allow")] = allowed }
    if let tag, let known = request.headers[.ifNoneMatch], status == .ok,
      known.split(separator: ",").contains(where: { $0.trimmingCharacters(in: .whitespaces) == tag })
    {
      headers[.contentType] = nil
      return HTTPResponse(statusCode: .notModified, headers: HTTPHeaders(headers), body: Data())
    }
    if endsConnection {
      headers[.connection] = "close"
      let last = LastWords(body: body)
      return HTTPResponse(
        statusCode: status, headers: HTTPHeaders(headers), body: HTTPBodySequence(from: last, count: body.count))
    }
    if let stream {
      return HTTPResponse(statusCode: status, headers: HTTPHeaders(headers), body: HTTPBodySequence(from: stream))
    }
    if request.method == .HEAD {
      headers[.contentLength] = String(body.count)
      return HTTPResponse(statusCode: status, headers: HTTPHeaders(headers), body: Data())
    }
    return HTTPResponse(
      statusCode: status, headers: HTTPHeaders(headers),
      body: HTTPBodySequence(data: body, suggestedBufferSize: 1 << 16))
  }
}

/// What a browser may load and run for a document.
enum ContentPolicy: Sendable {
  /// The live page: its own script, style and data.
  case page
  /// A report's file: the style that is part of it, no script whatever.
  case report

  /// As the header Content-Security-Policy has it.
  var text: String {
    let always = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    return switch self {
    case .page: always + "script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
    case .report: always + "style-src 'unsafe-inline'; img-src 'self' data:"
    }
  }
}

/// A body after which the connection is given up: the server ends one whose body fails.
private struct LastWords: AsyncBufferedSequence, Sendable {
  typealias Element = UInt8
  let body: Data

  struct Iterator: AsyncBufferedIteratorProtocol {
    var rest: Data?

    mutating func nextBuffer(suggested count: Int) async throws -> [UInt8]? {
      guard let words = rest else { throw SocketError.disconnected }
      rest = nil
      return Array(words)
    }

    mutating func next() async throws -> UInt8? { throw SocketError.disconnected }
  }

  func makeAsyncIterator() -> Iterator { Iterator(rest: body) }
}

/// Writes times as HTTP does: `Sun, 06 Nov 1994 08:49:37 GMT`.
private enum HTTPClock {
  private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  static func text(of time: Date) -> String {
    var seconds = time_t(time.timeIntervalSince1970)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) "
      + "\(1900 + parts.tm_year) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
  }
}
