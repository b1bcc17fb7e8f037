import FlyingFox
import FlyingSocks
import Foundation
import Planner

/// What changes of a study, told to one viewer as server-sent events for as long as he listens: `study`, `matrix` and `curve`
/// as `/api` has them, and now and then the `time`.
///
/// Its iterator is asked for more when what it gave before was written, so that whoever does not listen is not heard of.
struct EventStream: AsyncBufferedSequence, Sendable {
  typealias Element = UInt8

  let live: LiveStudy
  let axes: LiveStudy.AskedAxes
  /// Told whenever all that was given has been written.
  let heard: @Sendable () -> Void

  /// Seconds between two looks at what is new.
  private static let pace = 2.0
  /// After so many quiet seconds the time is told, by which a viewer that is gone is found out.
  private static let longestSilence = 10.0

  struct Iterator: AsyncBufferedIteratorProtocol {
    let stream: EventStream
    var told: LiveStudy.Told?
    var silence = 0.0

    mutating func nextBuffer(suggested count: Int) async throws -> [UInt8]? {
      while true {
        let isFirst = told == nil
        if !isFirst { try await Task.sleep(for: .seconds(EventStream.pace), tolerance: .milliseconds(200)) }
        stream.heard()
        let next = await stream.live.news(since: told ?? LiveStudy.Told(), along: stream.axes)
        told = next.told
        silence += EventStream.pace
        let isLong = silence >= EventStream.longestSilence
        guard isFirst || isLong || !next.events.isEmpty else { continue }
        silence = 0
        return Array((isFirst || isLong ? EventStream.time + next.events : next.events).utf8)
      }
    }

    mutating func next() async throws -> UInt8? { throw SocketError.disconnected }
  }

  func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

  /// In milliseconds since 1970.
  private static var time: String { event("time", "\(Int(Date().timeIntervalSince1970 * 1000))") }

  /// - Parameter data: A text of one line.
  static func event(_ name: String, _ data: String) -> String { "event: \(name)\ndata: \(data)\n\n" }
}

extension LiveStudy {
  /// The axes that a viewer looks along; those that tell most where he names none.
  struct AskedAxes: Sendable, Hashable {
    let rows: String?
    let columns: String?
  }

  /// What a viewer has been told.
  struct Told: Sendable, Hashable {
    var summary: String?
    var matrix: String?
    /// Whose curves he knows.
    var attempts: Set<Int64> = []
  }

  /// What a viewer is told next, and what he knows then.
  struct News: Sendable {
    var events: String
    var told: Told
  }

  /// What is new to a viewer, as events; empty for nothing.
  func news(since before: Told, along axes: AskedAxes) -> News {
    look()
    // Most viewers know the same and are told the same.
    let asked = AskedNews(told: before, axes: axes)
    if let known = told[asked] { return known }
    let news = makeNews(since: before, along: axes)
    told[asked] = news
    return news
  }

  private func makeNews(since before: Told, along axes: AskedAxes) -> News {
    var told = before
    var events = ""
    func tell(_ name: String, _ answer: Answer) -> String {
      let tag = answer.tag ?? Answer.contentTag(of: answer.body)
      let last = name == "study" ? told.summary : told.matrix
      if tag != last { events += EventStream.event(name, String(decoding: answer.body, as: UTF8.self)) }
      return tag
    }
    told.summary = tell("study", summaryAnswer())
    told.matrix = tell("matrix", matrixAnswer(rows: axes.rows, columns: axes.columns))
    let running = runningAttempts
    for attempt in running where !told.attempts.contains(attempt) {
      events += EventStream.event("curve", String(decoding: curveAnswer(attempt: attempt).body, as: UTF8.self))
    }
    told.attempts = Set(running)
    return News(events: events, told: told)
  }

  /// By which news are found again.
  struct AskedNews: Hashable {
    let told: Told
    let axes: AskedAxes
  }
}
