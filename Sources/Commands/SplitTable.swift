import Planner
import Store

/// `graft export --table splits`: the worker reads the image stores, as `graft` knows no images.
struct SplitTable {
  let plan: Plan
  let workspace: Workspace

  /// The table as CSV.
  ///
  /// - Throws: `CommandFailure` where no data set is read yet, or the worker does not answer.
  func csv() throws -> String {
    var datasets: [JSONValue] = []
    for stage in plan.stages where stage.kind == .dataset {
      guard let dossier = try explaining({ try workspace.dossier(of: stage.key) }), dossier.outcome != nil,
        let folder = dossier.artifactFolder
      else { continue }
      let cells = cells(of: stage)
      let name = cells.first?.dataset ?? stage.label.split(separator: " ").last.map(String.init) ?? stage.label
      datasets.append([
        "name": .string(name), "artifact": .string(folder),
        "fractions": .array(Set(cells.map(\.fraction)).sorted().map { .number($0) }),
      ])
    }
    guard !datasets.isEmpty else {
      throw CommandFailure(
        .usage, "\(plan.study) has no table splits: no data set of it is read yet", remedy: "`graft run` reads them")
    }
    let seeds = Set(plan.cells.map(\.seed)).sorted()
    let request: JSONValue = ["seeds": .array(seeds.map { .number(Double($0)) }), "datasets": .array(datasets)]
    let (text, errors) = try WorkerProgram.output(["--list-splits", request.canonicalText])
    guard let text else {
      throw WorkerProgram.noAnswer(errors)
    }
    return text
  }

  private func cells(of dataset: Stage) -> [Cell] {
    let readers = Set(
      plan.stages.filter { $0.inputs.contains { $0.role == "dataset" && $0.key == dataset.key } }.map(\.key))
    return plan.cells.filter { cell in cell.stages[.train].map(readers.contains) ?? false }
  }
}
