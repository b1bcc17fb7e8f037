import ArgumentParser
import Foundation
import Planner
import Store

/// `graft retry`: runs again what failed, and what waited for it.
struct RetryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Run again what failed, and what waited for it, with a fresh count of tries.",
    usage: "graft retry [<study>] [<filter>] [<options>]")

  @Argument(
    help: ArgumentHelp(
      "The study file (left out: the quickstart that is built into graft), then a filter such as 'dataset=isic*' (left "
        + "out: every cell).", valueName: "study, filter"), completion: .study)
  var words: [String] = []
  @OptionGroup(title: "Study options") var options: StudyOptions
  @OptionGroup(title: "Running options") var running: RunArguments

  func validate() throws {
    guard words.count <= 2 else { throw ValidationError("name a study file and a filter of its cells") }
  }

  func run() async throws {
    let signals = RunSignals()
    let (study, text) = Self.parts(words)
    var filter: CellFilter?
    if let text {
      do {
        filter = try CellFilter(text)
      } catch {
        throw CommandFailure(.usage, "\(error)")
      }
    }
    try await StudyRun(arguments: running).perform(try options.load(study), signals: signals) { plan, workspace in
      try Self.failed(of: plan, in: workspace, filter: filter)
    }
  }

  /// A single word is a filter where it compares something and is no file.
  static func parts(_ words: [String]) -> (study: String?, filter: String?) {
    if words.count == 2 { return (words[0], words[1]) }
    guard let word = words.first else { return (nil, nil) }
    let isFilter = word.contains(where: { "=<>".contains($0) }) && !FileManager.default.fileExists(atPath: word)
    return isFilter ? (nil, word) : (word, nil)
  }

  /// The cells that miss something because a stage failed, with what they need.
  private static func failed(of plan: Plan, in workspace: Workspace, filter: CellFilter?) throws -> Plan {
    let records = try explaining { try workspace.records(of: plan) }
    var isTouched: [Bool] = []
    for (place, record) in records.enumerated() {
      let waits = plan.stages.inputPlaces(of: place).contains { isTouched[Int($0)] }
      isTouched.append(record != .done(hasArtifact: true) && (record == .failed || waits))
    }
    let meant = filter.map { plan.cells.places(matching: $0) } ?? Array(plan.cells.indices)
    let cells = meant.filter { cell in plan.cells.stagePlaces(of: cell).contains { isTouched[Int($0)] } }
    guard !cells.isEmpty else {
      Console.note("\(plan.study): nothing failed\(filter.map { " of what '\($0.text)' matches" } ?? "")")
      throw ExitCode(ExitStatus.done.rawValue)
    }
    let wanted = cells.flatMap { plan.cells.stagePlaces(of: $0) }.map { Int($0) }.filter { isTouched[$0] }
    return plan.narrowed(cells: cells, stages: wanted)
  }
}
