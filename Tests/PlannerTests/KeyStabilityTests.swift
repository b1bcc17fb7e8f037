import Foundation
import Planner
import Testing

/// The keys of the studies in `grids/` stay what they were when the first results were computed: an option that is added
/// later, at its default, is no part of a key. `Keys` has them, with the content of data sets and weights missing.
@Suite struct KeyStabilityTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()

  @Test(arguments: ["quickstart", "chest-xray", "own-images"])
  func keysAreWhatTheyWere(_ name: String) throws {
    let grids = Self.root.deletingLastPathComponent().deletingLastPathComponent().appending(path: "grids")
    let text = try String(contentsOf: grids.appending(path: "\(name).yaml"), encoding: .utf8)
    let plan = try StudyReader.read(text: text, fileName: name).plan(contents: [:])
    let found = plan.stages.map { "\($0.key.short) \($0.label)" }
    let kept = try String(contentsOf: Self.root.appending(path: "Keys/\(name).txt"), encoding: .utf8)
      .split(separator: "\n").map(String.init)
    #expect(found == kept)
  }

  static let optimizers = ["sgd", "adam", "adamw", "lars"]

  /// An option that is written out at its default is the same as one that is not.
  @Test(arguments: optimizers) func writtenDefaultsChangeNoKey(_ optimizer: String) throws {
    let name = (name: "training.optimizer.name", value: optimizer)
    let assignments = TrainingOption.all.compactMap { option -> (name: String, value: String)? in
      guard case .value(let value) = option.standard, option.name != "optimizer.name",
        option.takers?.contains(optimizer) ?? true
      else { return nil }
      return ("training.\(option.name)", value.canonicalText)
    }
    let plain = try KeyTests.plan(KeyTests.base, overrides: [name])
    let written = try KeyTests.plan(KeyTests.base, overrides: [name] + assignments)
    #expect(KeyTests.keys(plain) == KeyTests.keys(written))
  }

  @Test(arguments: [
    "optimizer.name=sgd", "optimizer.autoscale_lr=true", "optimizer.betas=[0.9, 0.99]", "optimizer.eps=1e-7",
    "save_best=false", "early_stopping={patience: 3}", "class_weights=balanced", "freeze_backbone=true",
    "knn_eval=true", "mixed_precision=bf16", "schedule=[cosine]", "class_weights=[1, 2, 3]",
  ])
  func whatCanChangeAResultChangesKeys(_ assignment: String) throws {
    let parts = assignment.split(separator: "=", maxSplits: 1).map(String.init)
    let changed = try KeyTests.plan(KeyTests.base, overrides: [("training.\(parts[0])", parts[1])])
    #expect(KeyTests.keys(changed).intersection(KeyTests.keys(try KeyTests.plan(KeyTests.base))).count == 2)
    for stage in changed.stages where stage.kind == .train {
      #expect(try TrainParameters(stage.parameters).canonical == stage.parameters)
    }
  }

  /// One search for all seeds of a setting; how it goes is part of its key and of its cells', and of no others.
  @Test func aSearchIsSharedBySeedsAndItsOptionsAreItsOwn() throws {
    func plan(_ training: String) throws -> Plan { try KeyTests.plan(KeyTests.base + "\ntraining: {\(training)}\n") }
    let searched = try plan("optimizer: {lr: search}")
    #expect(searched.stages.count { $0.kind == .lrSearch } == 4)
    #expect(searched.stages.count { $0.kind == .train } == 8)
    for stage in searched.stages where stage.kind == .train {
      let rate = try #require(stage.inputs.first { $0.role == "rate" }?.key)
      let search = try #require(searched.stages.first { $0.key == rate })
      #expect(search.inputs == stage.inputs.filter { $0.role != "rate" })
      #expect(search.parameters["seed"] == 0)
    }
    let other = try plan("optimizer: {lr: search}, lr_search: {n_epochs: 4}")
    #expect(KeyTests.keys(other).intersection(KeyTests.keys(searched)).count == 2)
    #expect(KeyTests.keys(try plan("lr_search: range")) == KeyTests.keys(try KeyTests.plan(KeyTests.base)))
    #expect(KeyTests.keys(try plan("optimizer: {lr: search}, lr_search: grid")) == KeyTests.keys(searched))
  }

  @Test(arguments: ["log_every=7", "tensorboard=true"])
  func whatCannotChangeAResultChangesNoKeyAndIsCarried(_ assignment: String) throws {
    let parts = assignment.split(separator: "=", maxSplits: 1).map(String.init)
    let base = KeyTests.base.replacing("file: w.safetensors", with: "pretrain: {dataset: marks}")
    let plain = try KeyTests.plan(base)
    let watched = try KeyTests.plan(base, overrides: [("training.\(parts[0])", parts[1])])
    #expect(watched.stages.map(\.key) == plain.stages.map(\.key))
    for stage in watched.stages where stage.kind == .train || stage.kind == .pretrain {
      #expect(stage.manner[parts[0]] != nil)
      #expect(stage.parameters["training"]?[parts[0]] == nil)
      #expect(try StageManner(stage.manner) != StageManner([:]))
    }
  }

  @Test func mannersAreCheckedAndHaveDefaults() throws {
    #expect(try StageManner([:]).logInterval == 100)
    #expect(try !StageManner([:]).writesEvents)
    let fault = #expect(throws: ParameterFault.self) { try StageManner(["log_every": "often"]) }
    #expect(fault?.description == "the parameter `training.log_every` is not a whole number")
  }
}
