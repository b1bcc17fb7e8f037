import ArgumentParser
import Files
import Foundation
import Planner

extension CompletionKind {
  /// Study files.
  static let study = CompletionKind.file(extensions: ["yaml", "yml"])

  /// A study file, then a cell of it.
  static let studyThenCell = CompletionKind.custom { words, index, prefix in
    StudyWords(words, index: index, prefix: prefix).suggestions
  }

  /// A backbone's name.
  static let backbone = CompletionKind.list(BackboneCatalogue.all.map(\.name))

  /// A kind of stage.
  static let stageKind = CompletionKind.list(StageKind.allCases.map(\.rawValue))
}

/// What can stand at a place where a study file, or a cell of the one before it, is meant.
struct StudyWords {
  let suggestions: [String]

  /// A shell is not given more.
  private static let most = 5_000

  /// - Parameters:
  ///   - words: The command line, the program first.
  ///   - index: The word that is completed.
  ///   - prefix: What there is of it.
  init(_ words: [String], index: Int, prefix: String) {
    let earlier = words.prefix(max(index, 0)).dropFirst()
    let study = earlier.last { word in !word.hasPrefix("-") && Self.isStudy(word) && Self.isFile(word) }
    var found: [String] = []
    if study == nil { found += Self.files(prefix) }
    // A word of a cell, or nothing yet: in the current folder's quickstart a cell may come first.
    if study != nil || found.isEmpty { found += Self.cells(of: study) }
    suggestions = Array(found.filter { $0.hasPrefix(prefix) }.prefix(Self.most))
  }

  private static func isStudy(_ name: String) -> Bool { name.hasSuffix(".yaml") || name.hasSuffix(".yml") }

  private static func isFile(_ path: String) -> Bool { access(path, F_OK) == 0 && !DurableFiles.isFolder(path) }

  /// Study files and folders at a path that is begun.
  private static func files(_ prefix: String) -> [String] {
    let folder = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
    return names.sorted().compactMap { name in
      guard !name.hasPrefix(".") else { return nil }
      let path = folder + name
      if isFile(path) { return isStudy(name) ? path : nil }
      return path + "/"
    }
  }

  /// The cells by name; no data are read for it.
  private static func cells(of path: String?) -> [String] {
    guard let file = try? StudyFile(path: path), let study = try? file.study(), study.cellCount <= most else {
      return []
    }
    let contents = study.contentRequests.map { ($0.id, ContentRequest.missing) }
    let plan = study.plan(contents: Dictionary(contents) { first, _ in first }, folder: file.folder)
    return plan.cells.map(\.id.text)
  }
}
