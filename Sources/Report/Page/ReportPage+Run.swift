import Planner
import Store

extension ReportPage {
  /// Stages and attempts by kind, when and where they ran, and what that cost.
  func writeRun(_ page: inout HTMLWriter) {
    let attempts = analysis.work.attempts
    page.leaf("p", RunSentences(analysis).text)
    let headings: [HTMLWriter.Heading] = [
      .text("Stage"), .number("Planned"), .number("Done"), .number("Attempts"), .number("Failed"), .number("Stopped"),
      .number("Median time"), .number("Time in all"), .number("Processor time"), .number("Most memory"),
    ]
    let byKind = Dictionary(grouping: attempts, by: \.kind)
    page.table("Stages by kind", headings: headings) { page in
      for kind in analysis.work.kinds {
        let own = KindCost(byKind[kind.kind] ?? [])
        page.element("tr") { page in
          page.leaf("th", "scope=\"row\"", kind.kind.rawValue)
          for text in [
            NumberText.count(kind.planned), NumberText.count(kind.done), NumberText.count(own.attempts),
            NumberText.count(own.failed), NumberText.count(own.stopped), own.medianSeconds.map(TimeUnit.text) ?? "–",
            TimeUnit.text(own.seconds), own.cpuSeconds.map(TimeUnit.text) ?? "–",
            own.peakMemory.map(MemoryText.text) ?? "–",
          ] { page.leaf("td", "class=\"number\"", text) }
        }
      }
    }
    writeFigures(of: .run, &page)
  }
}

/// What the attempts at the stages of a kind cost.
struct KindCost {
  let attempts: Int
  let failed: Int
  let stopped: Int
  /// Of the attempts that ended well.
  let medianSeconds: Double?
  let seconds: Double
  let cpuSeconds: Double?
  let peakMemory: Int64?

  init(_ all: [AttemptOfWork]) {
    func seconds(_ attempt: AttemptOfWork) -> Double {
      attempt.course.finished.map { $0.seconds(since: attempt.course.started) } ?? 0
    }
    attempts = all.count
    failed = all.count { $0.course.state == .failed }
    stopped = all.count { $0.course.state == .stopped }
    medianSeconds = SampleSummary(all.filter { $0.course.state == .done }.map(seconds))?.median
    self.seconds = all.reduce(0) { $0 + seconds($1) }
    let measured = all.compactMap(\.course.cpuSeconds)
    cpuSeconds = measured.isEmpty ? nil : measured.reduce(0, +)
    peakMemory = all.compactMap(\.course.peakMemory).max()
  }
}

/// Bytes as people say them.
enum MemoryText {
  /// `512 MB`, `3.2 GB`.
  static func text(_ bytes: Int64) -> String {
    let value = Double(bytes)
    return value < 1e9 ? "\(NumberText.trimmed(value / 1e6, 0)) MB" : "\(NumberText.trimmed(value / 1e9, 1)) GB"
  }
}

/// A study's run in words.
struct RunSentences {
  let text: String

  init(_ analysis: StudyAnalysis) {
    let run = analysis.run
    guard let first = run.bars.first, let last = run.bars.compactMap(\.attempt.course.finished).max() else {
      text = "Nothing has been run yet."
      return
    }
    let hosts = run.bars.map(\.attempt.course.host).filter { !$0.isEmpty }.uniqued()
    let machines =
      switch hosts.count {
      case 0: ""
      case 1: " on \(hosts[0])"
      default: " on \(hosts.count) machines"
      }
    var text =
      "From \(first.attempt.course.started) to \(last)\(machines): \(NumberText.count(run.bars.count)) attempts on"
      + " \(run.slots.count == 1 ? "one slot" : "up to \(run.slots.count) slots"), for \(TimeUnit.text(run.busySeconds))"
    if !run.pauses.isEmpty {
      text += " of work and \(TimeUnit.text(run.wholeSeconds - run.busySeconds)) in which nothing ran"
    }
    self.text = text + "."
  }
}
