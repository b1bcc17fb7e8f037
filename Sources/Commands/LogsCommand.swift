import ArgumentParser
import Foundation
import Planner
import Store

/// `graft logs`: what the workers said while they worked on a cell or stage.
struct LogsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs", abstract: "Print what was logged for a cell or a stage, the latest attempt of each stage.",
    usage: "graft logs \(CellArguments.usage)")

  @OptionGroup var arguments: CellArguments
  @Flag(help: "Every attempt, not only the latest.") var all = false

  func run() throws {
    let loaded = try arguments.load()
    let workspace = try workspaceForReading(loaded.workspaceFolder)
    let plan = try loaded.plan(in: workspace)
    let keys: [StageKey]
    switch try CellLookup.find(arguments.what, in: plan, workspace: workspace) {
    case .cell(let cell): keys = CellLookup.stages(of: cell, in: plan).map(\.key)
    case .stage(let key): keys = [key]
    }
    var isEmpty = true
    for key in keys {
      guard let dossier = try explaining({ try workspace.dossier(of: key) }) else { continue }
      let attempts = dossier.attempts.filter { dossier.logFiles[$0.number] != nil }
      for attempt in all ? attempts[...] : attempts.suffix(1) {
        guard let path = dossier.logFiles[attempt.number], let text = FileManager.default.contents(atPath: path) else {
          continue
        }
        Console.writeLine("== \(dossier.label), attempt \(attempt.number), \(attempt.state.rawValue): \(path)")
        Console.write(String(decoding: text, as: UTF8.self))
        isEmpty = false
      }
    }
    if isEmpty { Console.note("nothing was logged yet for \(arguments.what)") }
  }
}
