import Foundation
import Planner
import Testing

/// The study of one cell that a command line stands for.
@Suite struct OneCellStudyTests {
  private func text(of name: String) throws -> String {
    let studyCase = try #require(StudyCase.all.first { $0.name == name })
    return try String(contentsOf: studyCase.folder.appending(path: "study.yaml"), encoding: .utf8)
  }

  private func oneCell(_ cell: Cell) -> OneCellStudy {
    OneCellStudy(
      name: "one", dataset: cell.dataset, backbone: cell.backbone, initialisation: cell.initialisation,
      fraction: "\(cell.fraction)", seed: "\(cell.seed)")
  }

  /// A cell taken out of its study is the same cell: its stages have the same keys, whatever rules made of it.
  @Test(arguments: ["quickstart", "mixtures-conditions", "rules", "weights-file"])
  func aCellAloneIsTheCellOfItsStudy(_ name: String) throws {
    let base = try text(of: name)
    let plan = try StudyReader.read(text: base, fileName: "base.yaml").plan(contents: [:])
    for cell in plan.cells where cell.furtherAxes.isEmpty && cell.seed < 2 {
      let text = try oneCell(cell).text(base: base)
      let alone = try StudyReader.read(text: text, fileName: "one.yaml").plan(contents: [:])
      #expect(alone.cells.map(\.id) == [cell.id])
      #expect(alone.cells.map(\.stages) == [cell.stages], "\(cell.id):\n\(text)")
    }
  }

  /// Names and paths that YAML would read as something else.
  @Test(
    arguments: [
      "1", "yes", "null", "~", "- x", "a: b", "#x", "$HOME", "${HOME}", "$$", "it's", "\"q\"", "a\\b", " x ", "x y",
      "*a", "&a", "!a", "[a]", "{a}", "短い", "tab\there", "1e5", "-", "", "a,b", "-1",
    ])
  func textsComeBackAsTheyWere(_ text: String) throws {
    var one = OneCellStudy(
      name: "one", dataset: "d", backbone: "resnet18", initialisation: "WT", fraction: "1", seed: "0")
    one.declared = OneCellStudy.OwnDataset(format: "folder", root: "/" + text)
    one.weights = "/w" + text
    let written = try one.text(base: nil)
    let study = try StudyReader.read(text: written, fileName: "one.yaml")
    #expect(study.datasets.map(\.root) == ["/" + text], "\(written)")
    #expect(study.weights == ["resnet18": .file("/w" + text, kind: .supervised)], "\(written)")

    let classes = "[\(JSONValue.string("x" + text.replacing("$", with: "$$")).canonicalText), \"1\", \"no\"]"
    one.overrides = [("datasets.d.classes", classes.replacing("$$", with: "$"))]
    let listed = try StudyReader.read(text: try one.text(base: nil), fileName: "one.yaml")
    guard case .folder(let folder) = try #require(listed.datasets.first).options.source else {
      Issue.record("no folder")
      return
    }
    #expect(folder.classes == ["x" + text, "1", "no"])
  }

  @Test func theCommandLineComesBeforeRulesAndTheBase() throws {
    let base = try text(of: "rules")
    var one = OneCellStudy(
      name: "one", dataset: "grading", backbone: "vit_micro", initialisation: "RI", fraction: "0.25", seed: "1")
    one.overrides = [("training.epochs", "3"), ("training.optimizer.lr", "0.5")]
    let study = try StudyReader.read(text: try one.text(base: base), fileName: "one.yaml")
    let plan = study.plan(contents: [:])
    let training = try #require(plan.stages.first { $0.kind == .train }?.parameters["training"])
    #expect(training["epochs"] == 3)
    // What the rules say and the command line does not.
    #expect(training["batch_size"] == 8)
    #expect(training["optimizer"]?["lr"] == 0.5 && training["optimizer"]?["weight_decay"] == 0.0001)
    #expect(plan.cells.map(\.id.text) == ["grading/vit_micro/0.25/RI/1"])
  }

  @Test func wrongOverridesAreFaults() {
    var one = OneCellStudy(name: "one", dataset: "d", backbone: "b", initialisation: "RI", fraction: "1", seed: "0")
    one.overrides = [("study.x", "1")]
    let faults = #expect(throws: StudyFaults.self) { try one.text(base: nil) }
    #expect(faults?.description.contains("`study.x` cannot be set") == true, "\(faults?.description ?? "")")
  }
}
