import ArgumentParser
import Foundation
import Planner

/// One model, by the values of its cell.
struct ModelArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp("A data set of --study, or a folder of images.", valueName: "name or folder"),
    completion: .directory)
  var dataset: String
  @Option(help: "The backbone; `graft options` lists them.", completion: .backbone) var backbone: String
  @Option(
    name: .customLong("init"),
    help: ArgumentHelp("RI, ST, WT or WT-ST-n.", valueName: "name"), completion: .list(["RI", "ST", "WT"]))
  var initialisation = "RI"
  @Option(help: "The share of the training images.") var fraction = "1.0"
  @Option(help: "What all draws come from.") var seed = "0"
  @Option(
    help: ArgumentHelp("A study whose data sets, weights, training and rules are taken over.", valueName: "file"),
    completion: .study)
  var study: String?
  @Option(help: ArgumentHelp("The file of the backbone's source weights.", valueName: "file"), completion: .file())
  var weights: String?
  @Option(
    help: ArgumentHelp("The folder that the data set's folder lies in.", valueName: "folder"), completion: .directory)
  var data: String?
  @Option(
    help: ArgumentHelp(
      "How the data set lies there: \(DatasetFormat.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "format"), completion: .list(DatasetFormat.allCases.map(\.rawValue)))
  var format: String?
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Any other value of a study file, e.g. training.epochs=2. May be repeated.", valueName: "name=value"))
  var overrides: [String] = []
  @OptionGroup var place: WorkspaceArguments

  /// The study of one cell, as a file in memory.
  ///
  /// - Throws: `CommandFailure` as `StudyOptions.load(_:)`.
  func file() throws -> StudyFile {
    let assignments = try StudyOptions.assignments(overrides)
    let environment = ProcessInfo.processInfo.environment
    let base = try study.map { try StudyFile(path: $0) }
    let known = Set(try base?.study().datasets.map(\.name) ?? [])
    do {
      return try oneCellFile(base, known: known, assignments: assignments, environment: environment)
    } catch let faults as StudyFaults {
      throw CommandFailure(.studyOrData, "\(faults)")
    }
  }

  /// Reads that file.
  ///
  /// - Throws: `CommandFailure` as `StudyOptions.load(_:)`, and where it is more than one cell.
  func load(_ file: StudyFile) throws -> LoadedStudy {
    let study = try file.study()
    guard study.cellCount == 1 else {
      throw CommandFailure(
        .usage, "these values are \(study.cellCount) cells, and `graft train` trains one model",
        remedy: "give one value of each, or save what --print-study prints and run it with `graft run`")
    }
    return LoadedStudy(file: file, study: study, filter: nil, workspaceFolder: place.folder(beside: file.folder))
  }

  private func oneCellFile(
    _ base: StudyFile?, known: Set<String>, assignments: [(name: String, value: String)], environment: [String: String]
  ) throws -> StudyFile {
    let root = data.map { absolutePath($0 + "/" + dataset) } ?? absolutePath(dataset)
    let isThere = FileManager.default.fileExists(atPath: root)
    // What is neither a name of the study nor a folder is taken for a misspelt name: reading says which there are.
    let isPublished = PublishedDataset(rawValue: dataset) != nil
    let isKnown = format == nil && (known.contains(dataset) || (base != nil || isPublished) && !isThere)
    let name = isKnown ? dataset : Self.name(ofPath: dataset)
    var one = OneCellStudy(
      name: Self.studyName(["train", name, backbone, initialisation]), dataset: name, backbone: backbone,
      initialisation: initialisation, fraction: fraction, seed: seed)
    one.overrides = assignments
    one.weights = weights.map(absolutePath)
    if !isKnown {
      let format = format ?? DatasetFormat.folder.rawValue
      let isDrawn = format == DatasetFormat.phantom.rawValue
      if !isDrawn, !isThere {
        throw CommandFailure(
          .usage, "--dataset \(dataset): there is no folder \(root)",
          remedy: "name a folder of images, or a data set of a study by --study FILE")
      }
      one.declared = OneCellStudy.OwnDataset(format: format, root: isDrawn ? nil : root)
    } else if let data {
      one.data = absolutePath(data)
    }
    let text = try one.text(
      base: base.map { String(decoding: $0.data, as: UTF8.self) }, environment: environment,
      bases: base?.bases.files ?? .none)
    return StudyFile(
      data: Data(text.utf8), name: "(the study of --print-study)",
      folder: base?.folder ?? FileManager.default.currentDirectoryPath)
  }

  /// A data set's name from a path: its last part, other signs than a name may have made `-`.
  static func name(ofPath path: String) -> String {
    let last = (absolutePath(path) as NSString).lastPathComponent
    let signs = last.unicodeScalars.map { scalar -> Character in
      let isFit = scalar.isASCII && (scalar.properties.isAlphabetic || (48...57).contains(scalar.value))
      return isFit || "._-".unicodeScalars.contains(scalar) ? Character(scalar) : "-"
    }
    let name = String(signs.drop { $0 == "." || $0 == "-" }.prefix(100))
    return name.isEmpty ? "images" : name
  }

  /// Small letters, digits and `-`, at most 100.
  static func studyName(_ parts: [String]) -> String {
    let text = parts.joined(separator: "-").lowercased()
    return String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }.prefix(100))
  }
}
