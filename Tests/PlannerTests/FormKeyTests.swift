import Planner
import Testing

/// What is written at its default and what is left out are the same, for every form of everything that a study declares: data
/// sets of all formats, analyses, and what training options are made of. The forms and their defaults are the schema's.
@Suite struct FormKeyTests {
  /// One form: its name, the members that must be given, and those that have defaults.
  struct Form: Sendable, CustomTestStringConvertible {
    let option: String
    let name: String
    let required: [String: JSONValue]
    let defaults: [String: JSONValue]

    var testDescription: String { "\(option) \(name)" }

    func written(with tag: String, whole: Bool) -> String {
      var members = whole ? defaults.merging(required) { $1 } : required
      members[tag] = .string(name)
      return JSONValue.object(members).canonicalText
    }
  }

  /// A value for each member that must be given.
  private static let samples: [String: JSONValue] = [
    "degrees": 10, "milestones": [2], "mean": [0.5], "sd": [0.25], "patience": 3, "root": "r", "labels": "l.csv",
    "image": "i", "target": "t", "images": "x_{split}.h5", "domain": "grading", "column": "part",
  ]

  /// The forms among the alternatives of a schema.
  private static func forms(_ schema: JSONValue?, of option: String, tag: String) -> [Form] {
    guard let schema else { return [] }
    var found: [Form] = []
    for alternative in (schema["anyOf"]?.arrayValue ?? []) + [schema["items"]].compactMap({ $0 }) {
      found += forms(alternative, of: option, tag: tag)
    }
    guard let name = schema["properties"]?[tag]?["const"]?.stringValue else { return found }
    var required: [String: JSONValue] = [:]
    for member in schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [] where member != tag {
      required[member] = samples[member] ?? .string("give a sample of \(member)")
    }
    if name == "phantom" { required["images"] = ["train": 100, "val": 20, "test": 20] }
    if name == "distance" { required["source"] = "marks" }
    let defaults = (schema["properties"]?.objectValue ?? [:]).compactMapValues { $0["default"] }
    return found + [Form(option: option, name: name, required: required, defaults: defaults)]
  }

  private static let definitions = StudySchema.json["$defs"]

  static let trainingForms = TrainingOption.all.flatMap { option in
    forms(definitions?["training.\(option.name)"], of: option.name, tag: "name")
      + forms(definitions?["training.\(option.name)"], of: option.name, tag: "kind")
  }

  static let analysisForms = forms(definitions?["analyses"], of: "analyses", tag: "name")

  static let datasetForms = DatasetFormat.allCases.flatMap { format in
    forms(definitions?["datasets.\(format.rawValue)"], of: "datasets", tag: "format")
  }

  @Test func thereAreFormsOfAllKinds() {
    #expect(
      Set(Self.trainingForms.map(\.option)) == [
        "schedule", "transforms.train", "transforms.eval", "normalise", "early_stopping", "lr_search",
      ])
    #expect(Self.trainingForms.count >= 40)
    #expect(Self.analysisForms.count >= 9)
    #expect(Self.datasetForms.count == DatasetFormat.allCases.count)
  }

  private func keys(_ text: String) throws -> [StageKey] {
    try StudyReader.read(text: text, fileName: "s.yaml").plan(contents: [:]).stages.map(\.key)
  }

  @Test(arguments: trainingForms) func ofTraining(_ form: Form) throws {
    func study(_ whole: Bool) -> String {
      let tag = ["schedule", "transforms.train", "transforms.eval"].contains(form.option) ? "name" : "kind"
      let written = form.written(with: tag, whole: whole)
      var value = written
      if form.option == "schedule" { value = "[\(written)]" }
      if form.option.hasPrefix("transforms") { value = "[\(written), {name: resize, size: 32}]" }
      let training = "{\(form.option): \(value), optimizer: {lr: \(form.option == "lr_search" ? "search" : "0.1")}}"
      return KeyTests.base + "\ntraining: \(training)\n"
    }
    // Several crops have no place in evaluation, and published constants none beside a folder.
    if form.option == "transforms.eval", form.name == "multi_crop" { return }
    if form.option == "normalise", form.name == "published" { return }
    #expect(try keys(study(true)) == keys(study(false)))
  }

  @Test(arguments: analysisForms) func ofAnalyses(_ form: Form) throws {
    func study(_ whole: Bool) -> String {
      KeyTests.base.replacing("[RI, WT]", with: "[RI, ST, WT]") + "\n  inception_v3: {file: i.pth}"
        + "\nanalyses: [\(form.written(with: "name", whole: whole))]\n"
    }
    #expect(try keys(study(true)) == keys(study(false)))
  }

  @Test(arguments: datasetForms) func ofDataSets(_ form: Form) throws {
    func study(_ whole: Bool) -> String {
      KeyTests.base.replacing("{format: folder, root: marks}", with: form.written(with: "format", whole: whole))
    }
    #expect(try keys(study(true)) == keys(study(false)))
  }
}
