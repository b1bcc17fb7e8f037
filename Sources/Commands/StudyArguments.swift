import ArgumentParser
import Foundation
import Planner

/// The study that a command is about.
struct StudyArguments: ParsableArguments {
  @Argument(help: "The study file. Left out: the quickstart that is built into graft.", completion: .study)
  var study: String?

  @OptionGroup(title: "Study options") var options: StudyOptions

  /// - Throws: As `StudyOptions.load(_:)`.
  func load() throws -> LoadedStudy { try options.load(study) }
}

/// A study, and a cell or stage of it.
struct CellArguments: ParsableArguments {
  /// How the two are written, for a command's usage.
  static let usage = "[<study>] <cell> [<options>]"

  @Argument(
    help: ArgumentHelp(
      "The study file (left out: the quickstart that is built into graft), then a cell, as cells.csv and "
        + "`graft plan --cells` name it, or the first digits of a stage's key.", valueName: "study, cell"),
    completion: .studyThenCell)
  var words: [String]

  @OptionGroup(title: "Study options") var options: StudyOptions

  /// What is asked about.
  var what: String { words.last ?? "" }

  func validate() throws {
    guard let first = words.first, words.count <= 2 else {
      throw ValidationError("name a study file and one of its cells")
    }
    if words.count == 1, FileManager.default.fileExists(atPath: first) {
      throw ValidationError("which cell of \(first)? `graft plan \(first) --cells` lists them")
    }
  }

  /// - Throws: As `StudyOptions.load(_:)`.
  func load() throws -> LoadedStudy { try options.load(words.count == 2 ? words[0] : nil) }
}

/// The part of a study that is meant, and where its state lies.
struct StudyOptions: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Override a value of the study file, e.g. training.epochs=2. May be repeated.", valueName: "name=value"))
  var overrides: [String] = []

  @Option(
    help: ArgumentHelp(
      "Only the cells that match, e.g. 'dataset=isic*,backbone=deit_small,seed<2'.", valueName: "filter"))
  var only: String?

  @OptionGroup var place: WorkspaceArguments

  /// Reads the study file; nil for the embedded one.
  ///
  /// - Throws: `CommandFailure`: 66 where there is no such file, 65 with all faults where it is wrong, 64 for a filter or
  ///   override that cannot be read.
  func load(_ study: String?) throws -> LoadedStudy {
    let overrides = try Self.assignments(overrides)
    var filter: CellFilter?
    if let only {
      do {
        filter = try CellFilter(only)
      } catch {
        throw CommandFailure(.usage, "--only: \(error)")
      }
    }
    let file = try StudyFile(path: study)
    return LoadedStudy(
      file: file, study: try file.study(overrides: overrides), filter: filter,
      workspaceFolder: place.folder(beside: file.folder), overrides: overrides)
  }
}

extension StudyOptions {
  /// What `--set NAME=VALUE` says, or another option like it.
  ///
  /// - Throws: `CommandFailure` 64 where there is no `=`.
  static func assignments(_ texts: [String], of option: String = "--set") throws -> [(name: String, value: String)] {
    try texts.map { text in
      guard let place = text.firstIndex(of: "=") else {
        throw CommandFailure(
          .usage, "\(option) \(text): there is no `=` in it",
          remedy: "write \(option) \(option == "--set" ? "training.epochs=2" : "k=20")")
      }
      return (name: String(text[..<place]), value: String(text[text.index(after: place)...]))
    }
  }
}

/// Where a study's state lies.
struct WorkspaceArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The folder of the study's state. Default: GRAFT_WORKSPACE, else .graft beside the study file.",
      valueName: "folder"), completion: .directory)
  var workspace: String?

  func folder(beside studyFolder: String) -> String {
    if let workspace { return absolutePath(workspace) }
    if let named = ProcessInfo.processInfo.environment["GRAFT_WORKSPACE"], !named.isEmpty { return absolutePath(named) }
    return "\(studyFolder)/.graft"
  }
}

/// A study as read, with where it lies.
struct LoadedStudy: Sendable {
  let file: StudyFile
  let study: Study
  let filter: CellFilter?
  let workspaceFolder: String
  /// What was set over the file's values.
  var overrides: [(name: String, value: String)] = []
}

/// The path from the root of the file system, without `.` and `..`.
func absolutePath(_ path: String) -> String {
  let whole = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
  return (whole as NSString).standardizingPath
}

extension LoadedStudy {
  /// A path of the study file, from the root of the file system.
  func path(_ path: String) -> String { file.path(path) }
}

extension StudyFile {
  /// A path of the file, from the root of the file system.
  func path(_ path: String) -> String {
    path.hasPrefix("/") ? path : ("\(folder)/\(path)" as NSString).standardizingPath
  }
}
