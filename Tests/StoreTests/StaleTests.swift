import Planner
import Store
import Testing
import WorkerProtocol

/// Why what was done once does not count any more.
@Suite struct StaleTests {
  private static func study() throws -> Study {
    try StudyReader.read(
      text: """
        study: s
        axes: {dataset: [d], backbone: [resnet_micro], fraction: [1.0], init: [RI]}
        seeds: 1
        datasets: {d: {format: folder, root: images, task: binary, metric: accuracy}}
        """, fileName: "s.yaml")
  }

  @Test func otherFilesMakeADataSetStaleWithTheDateOfTheirReading() throws {
    let folder = try TestFolder()
    let study = try Self.study()
    let before = study.plan(contents: [.dataset("d"): "a"])
    let workspace = try Workspace.open(folder.workspace, command: "test")
    let journal = try RunJournal(workspace: workspace)
    for stage in before.stages { try workspace.finish(stage, journal) }
    #expect(before.reasons(records: try workspace.records(of: before)).values.allSatisfy { $0 == .done })

    let after = study.plan(contents: [.dataset("d"): "b"])
    let records = try workspace.records(of: after)
    let stale = try workspace.staleStages(of: after, records: records) { _ in after }
    let reasons = after.reasons(records: records, stale: stale)
    guard case .stale(.content)? = reasons.values.first else {
      Issue.record("\(reasons.values)")
      return
    }
    #expect(reasons.values.dropFirst().allSatisfy { $0.code == "input_will_run" })
  }

  @Test func whatWasNeverDoneIsNotStale() throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    let plan = try Self.study().plan(contents: [.dataset("d"): "a"])
    let records = try workspace.records(of: plan)
    #expect(try workspace.staleStages(of: plan, records: records) { _ in plan }.isEmpty)
  }

  @Test func anAcceptanceIsKeptAndTakenBack() throws {
    let folder = try TestFolder()
    let workspace = try Workspace.open(folder.workspace, command: "test")
    try workspace.accept(.train, from: 1, to: 2, by: "anna@node", note: "same")
    let kept = try workspace.acceptances()
    #expect(kept.map(\.kind) == [.train] && kept[0].from == 1 && kept[0].to == 2 && kept[0].note == "same")
    #expect(kept[0].sentence.hasPrefix("made by version 1 of train, accepted as version 2's by anna@node on 20"))
    #expect(try workspace.withdrawAcceptances(of: .train))
    #expect(try workspace.acceptances().isEmpty)
    #expect(try !workspace.withdrawAcceptances(of: .train))
  }
}
