import Foundation
import Planner
import Testing

/// What is made from the declarations: the list of options and the JSON Schema.
@Suite struct ListingTests {
  @Test func everyTrainingOptionIsListedOnce() {
    let listed = OptionListing().entries.filter { $0.section == "training" }.map(\.name)
    #expect(listed == TrainingOption.all.map(\.name))
    #expect(Set(listed).count == listed.count)
    #expect(
      OptionListing().text.contains(
        "  optimizer.lr\n      The learning rate after warm-up; `search`: what the setting's `lr_search` finds. "
          + "Value: a number above 0, or `search`. Default: 0.0001.\n"))
  }

  @Test func anOptionOfSomeOptimizersNamesThem() {
    let entry = OptionListing().entries.first { $0.name == "optimizer.nesterov" }
    #expect(entry?.meaning == "Nesterov's momentum. For sgd, lars.")
  }

  /// What the schema lets an editor take for an initialisation is what reading takes.
  @Test(
    arguments: [
      ("RI", true), ("ST", true), ("WT", true), ("WT-ST-*", true), ("WT-ST--2", true), ("WT-ST--1", true),
      ("WT-ST-0", true), ("WT-ST-24", true), ("WT-ST-04", false), ("WT-ST-+4", false), ("WT-ST--0", false),
      ("WT-ST", false), ("wt", false), ("RI ", false), ("", false),
    ])
  func theSchemaKnowsInitialisations(_ name: String, isOne: Bool) throws {
    let study: JSONValue = [
      "study": "s", "seeds": 1,
      "axes": ["dataset": ["d"], "backbone": ["resnet18"], "init": [.string(name)]],
    ]
    #expect(try SchemaTests.validator.isValid(study) == isOne)
    #expect((InitialisationSpec(name) != nil || name == InitialisationSpec.everyDepth) == isOne)
  }

  @Test("every default is a value that its own option takes") func defaultsAreValid() throws {
    let options = TrainingOption.all.filter { $0.takers?.contains("adamw") ?? true }
    let assignments = options.compactMap { option in
      if case .value(let value) = option.standard {
        (name: "training.\(option.name)", value: value.canonicalText)
      } else {
        nil
      }
    }
    // The image size, the patch size and the dropped paths follow the backbone.
    #expect(assignments.count == options.count - 3)
    let plain = try KeyTests.plan(KeyTests.base)
    let written = try KeyTests.plan(KeyTests.base, overrides: assignments)
    #expect(KeyTests.keys(plain) == KeyTests.keys(written))
  }

  @Test(
    "bytes that are no study are refused",
    arguments: [
      (Data([0xff, 0xfe, 0x41]), "not UTF-8 text (byte 0)"), (Data([0x61, 0x3a, 0xc3]), "not UTF-8 text (byte 2)"),
      (Data(count: 5 << 20), "the file has 5242880 bytes; a study may have 1048576"), (Data(), "holds no study"),
      (Data("study: \u{0}x".utf8), "control characters are not allowed"),
    ])
  func bytes(_ data: Data, expected: String) {
    let faults = #expect(throws: StudyFaults.self) { try StudyReader.read(data: data, fileName: "s.yaml") }
    #expect(faults?.description.contains(expected) == true, "\(faults?.description ?? "")")
  }

  @Test func faultsBeyondAHundredAreCounted() {
    let axes = (0..<300).map { "training.x\($0): [1]" }.joined(separator: ", ")
    let faults = #expect(throws: StudyFaults.self) {
      try StudyReader.read(text: "study: s\nseeds: 1\naxes: {\(axes)}\n", fileName: "s.yaml")
    }
    #expect(faults?.diagnostics.count == 100)
    #expect(faults?.furtherCount == 203)
  }
}
