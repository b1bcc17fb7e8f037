import Foundation
import Planner

/// Somebody's folder of images as `graft init --data` finds it, and the study of it.
struct FoundImages {
  let template: StudyTemplate
  /// What was found, for the one who asked.
  let remarks: [String]

  /// - Throws: `CommandFailure`: 65 where the images or their table are no data set, 66 where there is no folder.
  init(in data: String, studyFile: String) throws {
    let root = absolutePath(data)
    guard FileManager.default.fileExists(atPath: root) else {
      throw CommandFailure(
        .noSuchFile, "--data \(data): there is no folder \(root)", remedy: "name the folder that your images lie in")
    }
    let folder = (root as NSString).lastPathComponent
    let own = ModelArguments.name(ofPath: root)
    // The template's own source has that name.
    let name = own == StudyTemplate.sourceName ? "own-\(own)" : own
    let guess = try Self.guess(root)
    let parent = (root as NSString).deletingLastPathComponent
    let studyFolder = (absolutePath(studyFile) as NSString).deletingLastPathComponent
    var template = StudyTemplate.drawn
    template.title = "A transfer study of the images in \(Self.shown(data))."
    template.study = ModelArguments.studyName([name])
    template.data = Self.path(of: parent, from: studyFolder)
    template.datasets = [name]
    // What the classes are, the images are looked at for; until then a data set of any classes.
    template.declared = Self.declaration(name, folder: folder, guess, task: .multiclass)
    let survey = try Self.survey(template, name: name, studyFolder: studyFolder)
    let found = survey.found
    let classes = found["classes"]?.arrayValue?.compactMap(\.stringValue) ?? []
    template.declared = Self.declaration(name, folder: folder, guess, task: classes.count == 2 ? .binary : .multiclass)
    let training = found["images"]?["train"]?.intValue ?? 0
    // A quarter of the images where that is enough to learn from.
    template.fractions = training >= 64 ? [0.25, 1] : [1]
    let fewest = training / (training >= 64 ? 4 : 1)
    template.batchSize = [32, 16, 8, 4, 2].first { $0 <= fewest } ?? 1
    template.imageSize = 64
    self.template = template
    remarks = Self.remarks(guess, survey, classes)
  }

  private static func guess(_ root: String) throws -> JSONValue {
    let (text, errors) = try WorkerProgram.output(["--guess-layout", root])
    guard let guess = text.flatMap({ try? JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }) else {
      throw WorkerProgram.noAnswer(errors)
    }
    if let fault = guess["fault"]?.stringValue {
      throw CommandFailure(
        .studyOrData, fault,
        remedy: guess["remedy"]?.stringValue
          ?? "give each class a folder of its own, or a table with a row an image: file, class")
    }
    return guess
  }

  /// The images counted, as the study would read them.
  private static func survey(_ template: StudyTemplate, name: String, studyFolder: String) throws -> DatasetSurvey {
    let file = StudyFile(data: Data(template.text(file: "study.yaml").utf8), name: "study.yaml", folder: studyFolder)
    guard let dataset = try file.study().datasets.first(where: { $0.name == name }) else {
      preconditionFailure("a study of \(name) without it")
    }
    let survey = try DatasetSurvey(of: dataset, in: studyFolder)
    if let fault = survey.faults.first {
      throw CommandFailure(
        .studyOrData, survey.faults.joined(separator: "\n"),
        remedy: fault.contains("; ") ? nil : "put that right, then run the same command again")
    }
    return survey
  }

  private static func declaration(
    _ name: String, folder: String, _ guess: JSONValue, task: ClassificationTask
  ) -> [String] {
    var lines = ["  \(StudyTemplate.yaml(name)):"]
    func add(_ option: String, _ value: JSONValue?) {
      guard let value, value != .null else { return }
      let members = value.objectValue?.sorted { $0.key < $1.key } ?? []
      let inner = members.map { "\($0.key): \(StudyTemplate.yaml($0.value.stringValue ?? ""))" }.joined(separator: ", ")
      lines.append("    \(option): \(value.stringValue.map(StudyTemplate.yaml) ?? "{\(inner)}")")
    }
    add("format", guess["format"])
    add("root", .string(folder))
    for option in ["labels", "image", "target"] { add(option, guess[option]) }
    let others = guess["others"]?.arrayValue?.compactMap(\.stringValue) ?? []
    for other in others { lines.append("    #target: \(StudyTemplate.yaml(other))") }
    for option in ["images", "extension"] { add(option, guess[option]) }
    add("task", .string(task.rawValue))
    add("metric", .string(task == .binary ? "roc_auc" : "macro_recall"))
    if task == .multiclass { lines.append("    #metric: quadratic_kappa") }
    if let split = guess["split"], split != .null {
      add("split", split)
    } else {
      lines.append("    split: {train: 0.7, val: 0.15, test: 0.15, seed: 42, stratify: true}")
    }
    // Kept small, as the networks here see them small.
    lines.append("    store: {size: 96}")
    lines.append("    #unreadable: skip")
    return lines
  }

  private static func remarks(_ guess: JSONValue, _ survey: DatasetSurvey, _ classes: [String]) -> [String] {
    var lines: [String] = []
    if let labels = guess["labels"]?.stringValue {
      let columns = ["image", "target"].compactMap { name in guess[name]?.stringValue.map { "\(name) \($0)" } }
      let split = ["group", "column"].compactMap { name in guess["split"]?[name]?.stringValue.map { "\(name) \($0)" } }
      lines.append("\(labels): columns \((columns + split).joined(separator: ", "))")
    }
    for row in survey.rows {
      let what = row[1].stringValue ?? ""
      guard what != "folder", what != "labels" else { continue }
      lines.append("\(what): \(row[2].stringValue ?? "")")
    }
    return lines
  }

  /// A folder as seen from the study file's: relative where it lies within.
  private static func path(of folder: String, from studyFolder: String) -> String {
    if folder == studyFolder { return "." }
    let start = studyFolder == "/" ? "/" : studyFolder + "/"
    return folder.hasPrefix(start) ? String(folder.dropFirst(start.count)) : folder
  }

  private static func shown(_ text: String) -> String {
    text.unicodeScalars.allSatisfy { $0.value >= 32 } ? text : "a folder"
  }
}
