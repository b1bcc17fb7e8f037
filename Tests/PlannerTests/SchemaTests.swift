import Foundation
import Planner
import Testing

/// The JSON Schema takes what reading takes, and sees the faults that a schema can see.
@Suite struct SchemaTests {
  /// Made once: it is long.
  static let validator = SchemaValidator(schema: StudySchema.json)

  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test func itIsJSONAndNamesEverySectionAndOption() throws {
    #expect(try JSONDecoding.value(StudySchema.text) == StudySchema.json)
    let sections = try #require(StudySchema.json["properties"]?.objectValue).keys.sorted()
    let listed = OptionListing().entries.filter { $0.section == "study" }.map(\.name)
    #expect(sections == listed.sorted())
    let definitions = try #require(StudySchema.json["$defs"])
    for option in TrainingOption.all {
      #expect(definitions["training"]?["properties"]?[option.name] != nil, "\(option.name)")
      #expect(definitions["training.\(option.name)"]?["description"] == .string(option.meaning))
    }
    #expect(definitions["training.optimizer.lr"]?["default"] == 0.0001)
  }

  @Test func everyStudyInGridsIsValid() throws {
    let grids = Self.root.appending(path: "grids")
    let names = try FileManager.default.contentsOfDirectory(atPath: grids.path).filter { $0.hasSuffix(".yaml") }
    #expect(names.count >= 4)
    for name in names {
      let text = try String(contentsOf: grids.appending(path: name), encoding: .utf8)
      #expect(try Self.validator.isValid(try #require(JSONValue.yaml(text))), "\(name)")
    }
  }

  /// Faults that hang on what several places mean together, on numbers that a variable stands for, or on the text itself.
  static let beyondSchemas: Set<String> = [
    "analyses-pairs", "analyses-repeated", "analyses-weights", "axis-when-circle", "backbone-options-wrong",
    "blocks-contradict", "extends-a-list", "extends-circle", "extends-deep", "extends-itself", "extends-no-yaml",
    "extends-not-utf8", "extends-nothing", "extends-twice-in-base", "lr-search-wrong", "missing-weights",
    "mixture-too-deep", "mixtures-without-weights", "nesterov-without-momentum", "normalise-published-wrong",
    "nothing-left", "optimizer-of-another", "range-coincides", "range-too-long", "report-baselines", "rule-sets-axis",
    "schedule-chains-wrong", "sizes-wrong", "substitution-nested", "tag", "tags", "text-tag", "too-many-cells",
    "transforms-impossible", "unknown-dataset",
  ]

  @Test("of every case, the schema says what reading says, or is known not to see it", arguments: StudyCase.all)
  func cases(_ studyCase: StudyCase) throws {
    // What the command line adds is not in the file.
    guard !studyCase.hasOptions, let text = studyCase.text, let value = JSONValue.yaml(text) else { return }
    let isRight = try studyCase.expected().hasPrefix("study ") && !studyCase.expected().contains(": error: ")
    let isValid = try Self.validator.isValid(value)
    #expect(isValid == (isRight || Self.beyondSchemas.contains(studyCase.name)), "\(studyCase.name)")
  }
}
