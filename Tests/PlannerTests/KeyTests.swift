import Planner
import Testing

/// What changes a stage's key, and what does not.
@Suite struct KeyTests {
  static let base = """
    study: keys
    axes: {dataset: [marks], backbone: [resnet_micro], fraction: [0.5, 1.0], init: [RI, WT]}
    seeds: 2
    datasets:
      marks: {format: folder, root: marks}
    weights:
      resnet_micro: {file: w.safetensors}
    """

  static func plan(
    _ text: String, marks: String = "d1", weights: String = "w1", folder: String = "",
    overrides: [(name: String, value: String)] = []
  ) throws -> Plan {
    let study = try StudyReader.read(text: text, fileName: "s.yaml", overrides: overrides)
    return study.plan(contents: [.dataset("marks"): marks, .weights("resnet_micro"): weights], folder: folder)
  }

  static func keys(_ plan: Plan) -> Set<StageKey> { Set(plan.stages.map(\.key)) }

  @Test(
    "what does not change what is computed changes no key",
    arguments: [
      base + "\n# a comment\n",
      base + "\ntraining: {epochs: 30, batch_size: 64}\n",
      base + "\ntraining: {optimizer: {lr: 0.0001, weight_decay: 1.0e-5, name: adamw}, normalise: dataset}\n",
      base + "\ntraining: {optimizer.lr: 1e-4}\n",
      base + "\ntraining: {transforms: {eval: [resize, {name: center_crop, size: 32}]}, image_size: 32}\n",
      base + "\ntraining: {schedule: [linear_warmup, {name: plateau, min_lr: 0.000001}]}\n",
      base.replacing("fraction: [0.5, 1.0], init: [RI, WT]", with: "init: [WT, RI], fraction: [1, 5e-1]"),
      base.replacing("seeds: 2", with: "seeds: [1, 0]"),
      base.replacing("study: keys", with: "study: other"),
      base.replacing("root: marks}", with: "root: elsewhere, split: {seed: 42}, unreadable: fail}"),
      base.replacing("w.safetensors", with: "other/place.safetensors"),
      base + "\nresources: {jobs: 3}\n",
      base + "\ntraining: {stem: three}\n",
      base.replacing("w.safetensors", with: "w.pth, kind: supervised"),
    ])
  func unchanged(_ text: String) throws {
    #expect(try Self.keys(Self.plan(text)) == Self.keys(Self.plan(Self.base)))
  }

  @Test(
    "what changes what is computed changes the keys of what depends on it",
    arguments: [
      // text, stages that stay
      (base + "\ntraining: {epochs: 31}\n", 2),
      (base + "\ntraining: {optimizer: {weight_decay: 0}}\n", 2),
      (base + "\ntraining: {transforms: {train: [resize]}}\n".replacing("[resize]", with: "[center_crop]"), 2),
      (base + "\ntraining: {stem: first}\n", 2),
      (base.replacing("w.safetensors", with: "w.safetensors, kind: dino"), 9),
      (base.replacing("root: marks}", with: "root: marks, channels: 1}"), 1),
      (base.replacing("root: marks}", with: "root: marks, split: {seed: 43}}"), 1),
    ])
  func changed(_ text: String, staying: Int) throws {
    let kept = try Self.keys(Self.plan(text)).intersection(Self.keys(Self.plan(Self.base)))
    #expect(kept.count == staying)
  }

  @Test func contentReachesAllThatReadsIt() throws {
    let before = try Self.plan(Self.base)
    let otherData = Self.keys(try Self.plan(Self.base, marks: "d2"))
    #expect(before.stages.filter { otherData.contains($0.key) }.map(\.kind) == [.weights])
    let otherWeights = Self.keys(try Self.plan(Self.base, weights: "w2"))
    let kept = before.stages.filter { otherWeights.contains($0.key) }
    #expect(kept.count { $0.kind == .train } == 4)
    #expect(kept.count { $0.kind == .test } == 4)
    #expect(kept.count { $0.kind == .dataset } == 1)
    #expect(kept.count == 9)
  }

  @Test func growingAGridKeepsWhatIsThere() throws {
    let before = Self.keys(try Self.plan(Self.base))
    let after = Self.keys(try Self.plan(Self.base.replacing("seeds: 2", with: "seeds: 3")))
    #expect(before.isSubset(of: after))
    #expect(after.count == before.count + 8)
  }

  @Test func placesAreLocationsAndNoPartOfAKey() throws {
    let here = try Self.plan(Self.base)
    let there = try Self.plan(Self.base, folder: "/studies")
    #expect(here.stages.map(\.key) == there.stages.map(\.key))
    #expect(there.stages.first { $0.kind == .dataset }?.locations == ["root": "/studies/datasets/marks"])
    #expect(there.stages.first { $0.kind == .weights }?.locations == ["file": "/studies/w.safetensors"])
    #expect(here.stages.first { $0.kind == .weights }?.locations == ["file": "w.safetensors"])
    for stage in there.stages { #expect(!stage.parameters.canonicalText.contains("studies")) }
  }

  @Test("a key is the hash of what the stage carries") func keysFollowFromParts() throws {
    for stage in try Self.plan(Self.base).stages {
      #expect(
        stage.key == StageKey(kind: stage.kind, parameters: stage.parameters, inputs: stage.inputs), "\(stage.label)")
    }
  }

  /// Fixed once and for all: a change here makes every result of every workspace stale.
  @Test func theKeyOfAKnownStageStaysAsItIs() {
    let key = StageKey(kind: .noop, parameters: NoopParameters(index: 7).canonical, inputs: [])
    // sha256 of {"inputs":[],"kind":"noop","parameters":{"index":7},"version":1}
    #expect(key.hex == "83978a631a486af0883eb38586a39d93f2fb55e56cb2c0aa4aa2de9df184641f")
  }

  @Test func equalDataSetsOfTwoNamesAreOneStage() throws {
    let text = """
      study: twins
      axes: {dataset: [a, b], backbone: [resnet_micro], init: [RI]}
      seeds: 1
      datasets:
        a: {format: phantom, domain: grading, images: {train: 9, val: 9, test: 9}}
        b: {format: phantom, domain: grading, images: {train: 9, val: 9, test: 9}, difficulty: 0.5}
      """
    let plan = try Self.plan(text)
    #expect(plan.cells.count == 2)
    #expect(plan.stages.map(\.kind) == [.dataset, .train, .test])
    #expect(plan.cells[0].stages == plan.cells[1].stages)
  }

  /// Keys are made from pieces of text written once, stages when they are looked at: the two must be of the same thing.
  @Test func everyKeyIsThatOfItsStage() throws {
    var plans = 0
    for studyCase in StudyCase.all {
      let file = studyCase.folder.appending(path: "study.yaml")
      // Cases of faults have no plan.
      guard let text = try? String(contentsOf: file, encoding: .utf8),
        let plan = try? StudyReader.read(text: text, fileName: "study.yaml").plan(contents: [:])
      else { continue }
      plans += 1
      for (place, stage) in plan.stages.enumerated() {
        #expect(
          stage.key == StageKey(kind: stage.kind, parameters: stage.parameters, inputs: stage.inputs),
          "\(studyCase.name): \(stage.label)")
        #expect(stage.label == plan.stages.label(at: place))
        #expect(plan.stages.place(of: stage.key) == place)
        #expect(plan.stages.inputPlaces(of: place).map { plan.stages.keys[Int($0)] } == stage.inputs.map(\.key))
      }
    }
    #expect(plans > 10)
  }
}
