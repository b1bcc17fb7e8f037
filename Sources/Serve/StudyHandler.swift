import FlyingFox
import Foundation
import Planner
import WorkerProtocol

import enum Planner.JSONValue

/// Answers every request: the page, the study as JSON, the report's files, and what acts.
struct StudyHandler: HTTPHandler {
  let live: LiveStudy
  let report: ReportFiles
  let gate: RequestGuard
  /// Told of each request that was read whole, by the viewer's address.
  var heard: @Sendable (HTTPRequest.Address?) -> Void = { _ in }

  /// The largest body of a request, in bytes; what is no larger has been read before it comes here.
  static let bodyLimit = 16 << 10
  /// The most that a request's headers may be together, in bytes.
  private static let headerLimit = 16 << 10
  private static let targetLimit = 4 << 10

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    heard(request.remoteAddress)
    return await answer(to: request).response(to: request, at: Date())
  }

  func answer(to request: HTTPRequest) async -> Answer {
    if let refusal = Self.sizeRefusal(of: request) ?? gate.refusal(of: request) { return refusal }
    guard let names = Self.names(in: request.target.path()) else { return Self.nothing }
    switch names.first {
    case "api": return await data(names.dropFirst().joined(separator: "/"), request)
    case "report" where names.count > 1:
      guard Self.reads(request) else { return Self.wrongMethod("GET, HEAD") }
      return report.answer(Array(names.dropFirst()), known: request.headers[.ifNoneMatch]) ?? Self.nothing
    default:
      guard let asset = PageAsset.all[names.joined(separator: "/")] else { return Self.nothing }
      return Self.reads(request) ? asset : Self.wrongMethod("GET, HEAD")
    }
  }

  private func data(_ name: String, _ request: HTTPRequest) async -> Answer {
    if ["stop", "retry", "read-again"].contains(name) {
      guard request.method == .POST else { return Self.wrongMethod("POST") }
      return await act(name, request)
    }
    guard Self.reads(request) else { return Self.wrongMethod("GET, HEAD") }
    let query = Query(request.target.query())
    do {
      switch name {
      case "study": return await live.summaryAnswer()
      case "events" where request.method == .GET:
        let axes = LiveStudy.AskedAxes(rows: query["rows"], columns: query["columns"])
        let (heard, viewer) = (heard, request.remoteAddress)
        return .events(EventStream(live: live, axes: axes) { heard(viewer) })
      case "matrix": return await live.matrixAnswer(rows: query["rows"], columns: query["columns"])
      case "cells":
        let own = ["standing", "from", "count"]
        let values = query.items.filter { !own.contains($0.name) }.map { (axis: $0.name, value: $0.value) }
        return await live.cellsAnswer(
          values: values, standing: query["standing"], from: try query.number("from") ?? 0,
          count: try query.number("count") ?? 100)
      case "cell": return await live.cellAnswer(try query.text("cell"))
      case "curve": return await live.curveAnswer(attempt: Int64(try query.needed("attempt")))
      case "log":
        guard let key = StageKey(hex: try query.text("key")) else {
          return .fault(.badRequest, "key: a stage's key has 64 hexadecimal digits", remedy: nil)
        }
        return await live.logAnswer(
          key: key, attempt: Int64(try query.needed("attempt")), from: try query.number("from"))
      case "report": return .json(report.list())
      default: return Self.nothing
      }
    } catch let fault as ServeFault {
      return .fault(.badRequest, fault.message, remedy: fault.remedy)
    } catch {
      return .fault(.badRequest, "\(error)", remedy: nil)
    }
  }

  private func act(_ name: String, _ request: HTTPRequest) async -> Answer {
    guard let type = request.headers[.contentType], type.lowercased().hasPrefix("application/json") else {
      return .fault(.unsupportedMediaType, "what is sent has to be JSON", remedy: "Content-Type: application/json")
    }
    guard let body = try? await request.bodyData, let told = try? JSONValue(json: body), told.objectValue != nil else {
      return .fault(.badRequest, "what was sent is no JSON object", remedy: "{} says nothing special")
    }
    let members: [String: Set<String>] = ["stop": ["at_once"], "retry": ["only"]]
    if let unknown = told.objectValue?.keys.sorted().first(where: { members[name]?.contains($0) != true }) {
      return .fault(.badRequest, "'\(unknown)' means nothing here", remedy: nil)
    }
    switch name {
    case "stop":
      guard told["at_once"] == nil || told["at_once"]?.boolValue != nil else {
        return .fault(.badRequest, "at_once is true or false", remedy: nil)
      }
      return await live.begin(.stop(atOnce: told["at_once"]?.boolValue ?? false))
    case "retry":
      guard told["only"] == nil || told["only"] == .null || told["only"]?.stringValue != nil else {
        return .fault(.badRequest, "only is a filter, such as 'dataset=isic*'", remedy: nil)
      }
      return await live.begin(.retry(only: told["only"]?.stringValue))
    default: return await live.readAgain()
    }
  }

  private static func reads(_ request: HTTPRequest) -> Bool { request.method == .GET || request.method == .HEAD }

  private static var nothing: Answer { .fault(.notFound, "there is nothing here", remedy: "the page is at /") }

  private static func wrongMethod(_ allowed: String) -> Answer {
    var answer = Answer.fault(.methodNotAllowed, "not by this method", remedy: "by \(allowed)")
    answer.allowed = allowed
    return answer
  }

  /// Refuses what is too large to be heard out. What would follow of it is not read, so that the connection ends.
  private static func sizeRefusal(of request: HTTPRequest) -> Answer? {
    var refusal: Answer?
    let length = request.headers[.contentLength].map { Int($0) ?? .max } ?? 0
    if request.headers[.transferEncoding] != nil {
      refusal = .fault(.lengthRequired, "a body needs its length beforehand", remedy: "send Content-Length")
    } else if length > bodyLimit {
      refusal = .fault(.payloadTooLarge, "a body may have \(bodyLimit) bytes", remedy: nil)
    } else if request.target.rawValue.utf8.count > targetLimit {
      refusal = .fault(.uriTooLong, "an address may have \(targetLimit) bytes", remedy: nil)
    } else if request.headers.reduce(0, { $0 + $1.key.rawValue.utf8.count + $1.value.utf8.count }) > headerLimit {
      refusal = .fault(.requestHeaderFieldsTooLarge, "headers may have \(headerLimit) bytes together", remedy: nil)
    }
    refusal?.endsConnection = true
    return refusal
  }

  /// The names in a path, decoded once each; nil where one of them is none, so that nothing leads out or round about.
  static func names(in path: String) -> [String]? {
    guard path.hasPrefix("/") else { return nil }
    if path == "/" { return [""] }
    var names: [String] = []
    for part in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      guard let name = String(part).removingPercentEncoding, ClosedFolder.isName(name) else { return nil }
      names.append(name)
    }
    return names
  }
}

/// What follows the question mark of an address, written as forms write it.
private struct Query {
  let items: [(name: String, value: String)]

  init(_ text: String) {
    items = text.split(separator: "&").map { item in
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { part in
        let spaced = part.replacing("+", with: " ")
        return spaced.removingPercentEncoding ?? String(spaced)
      }
      return (parts[0], parts.count > 1 ? parts[1] : "")
    }
  }

  subscript(name: String) -> String? { items.first { $0.name == name }?.value }

  /// - Throws: `ServeFault` where it is not there.
  func text(_ name: String) throws -> String {
    guard let text = self[name], !text.isEmpty else { throw ServeFault("'\(name)' is missing in the address") }
    return text
  }

  /// - Throws: `ServeFault` where it is something else.
  func number(_ name: String) throws -> Int? {
    guard let text = self[name] else { return nil }
    guard let number = Int(text), number >= 0 else { throw ServeFault("'\(name)' is a whole number, 0 or more") }
    return number
  }

  /// - Throws: `ServeFault` where it is not there, or something else.
  func needed(_ name: String) throws -> Int {
    guard let number = try number(name) else { throw ServeFault("'\(name)' is missing in the address") }
    return number
  }
}

/// The page's own files, which are part of the program.
enum PageAsset {
  /// By path.
  static let all: [String: Answer] = [
    "": asset("text/html", PackageResources.page_html), "page.css": asset("text/css", PackageResources.page_css),
    "page.js": asset("text/javascript", PackageResources.page_js),
    "icon.svg": icon,
    // Where browsers look for it beside a report's page.
    "favicon.ico": icon,
  ]

  private static let icon = asset("image/svg+xml", PackageResources.icon_svg)

  private static func asset(_ type: String, _ bytes: [UInt8]) -> Answer {
    let body = Data(bytes)
    return Answer(type: "\(type); charset=utf-8", body: body, tag: Answer.contentTag(of: body))
  }
}
