import ArgumentParser
import Files
import Foundation
import Planner
import Store

/// `graft import`: results from elsewhere, to stand beside a study's own.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Keep results from elsewhere beside a study's own; reports mark them by their source.",
    usage: "graft import <study> <file> [--source <name>] [<options>]")

  @Argument(help: "The study file.") var study: String
  @Argument(
    help: ArgumentHelp(
      "A CSV table with columns dataset, backbone, init, perhaps fraction and seed, and either metric and value or one for each "
        + "metric; or the metrics_results.json of the study's released code.", valueName: "file"),
    completion: .file(extensions: ["csv", "json"]))
  var file: String?
  @Option(help: ArgumentHelp("What reports call the results by. Default: the file's name.", valueName: "name"))
  var source: String?
  @Option(help: ArgumentHelp("Of a JSON file: the data set.", valueName: "name")) var dataset: String?
  @Option(help: ArgumentHelp("Of a JSON file: the backbone.", valueName: "name")) var backbone: String?
  @Option(
    name: .customLong("init"),
    help: ArgumentHelp(
      "Of a JSON file: RI, ST, WT or WT-ST-n. Default: what its folder's name says.", valueName: "name"))
  var initialisation: String?
  @Option(help: ArgumentHelp("Of a JSON file: the fraction of the training images.", valueName: "number"))
  var fraction = 1.0
  @Option(
    help: ArgumentHelp("Of a JSON file: the run. Default: what its folder's name says, else 0.", valueName: "number"))
  var seed: Int?
  @Flag(help: "Forget what came from --source.") var remove = false
  @OptionGroup var place: WorkspaceArguments

  func validate() throws {
    if remove, source == nil { throw ValidationError("which source? Name it with --source") }
    if !remove, file == nil { throw ValidationError("name the file to read") }
  }

  func run() throws {
    let loaded = try StudyFile(path: study)
    let name = try loaded.study(overrides: []).name
    let folder = place.folder(beside: loaded.folder)
    if remove {
      let workspace = try workspaceForWriting(folder)
      defer { workspace.close() }
      return try forget(source ?? "", beside: name, in: workspace)
    }
    let path = file ?? ""
    let results = try read(path)
    let source = source ?? ((path as NSString).lastPathComponent as NSString).deletingPathExtension
    guard Self.isName(source) else {
      throw CommandFailure(
        .usage, "'\(source)' cannot name a source",
        remedy: "name it with --source: letters, digits, . _ + - and spaces, at most 60")
    }
    let workspace = try workspaceForWriting(folder)
    defer { workspace.close() }
    try explaining { try workspace.keep(results, of: source, beside: name, file: path) }
    let runs = Set(results.map { "\($0.dataset)/\($0.backbone)/\($0.fraction)/\($0.initialisation)/\($0.seed)" }).count
    Console.writeLine(
      "\(results.count) results of \(runs) runs stand beside \(name) as source \(source); `graft report \(study)` shows them"
    )
  }

  private func forget(_ source: String, beside study: String, in workspace: Workspace) throws {
    let count = try explaining { try workspace.forgetImported(of: source, beside: study) }
    guard count > 0 else {
      let sources = try explaining { try workspace.importedSources(beside: study) }
      throw CommandFailure(
        .usage, "nothing stands beside \(study) from '\(source)'",
        remedy: sources.isEmpty ? "nothing was imported for it" : "its sources: \(sources.joined(separator: ", "))")
    }
    Console.writeLine("\(count) results of \(source) are forgotten")
  }

  private func read(_ path: String) throws -> [ImportedResult] {
    let bytes: [UInt8]
    do {
      bytes = try DurableFiles.read(path)
    } catch {
      throw CommandFailure(.noSuchFile, "\(error)", remedy: "name a file that can be read")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CommandFailure(.studyOrData, "\(path): error: it is not UTF-8 text", remedy: "save it as UTF-8")
    }
    let (results, faults) = try path.hasSuffix(".json") ? json(text, path) : table(text)
    guard faults.isEmpty else {
      throw CommandFailure(
        .studyOrData, faults.map { "\(path): error: \($0)" }.joined(separator: "\n"),
        remedy: "nothing was imported; `graft import --help` says what the file may be")
    }
    return results
  }

  private func table(_ text: String) -> ([ImportedResult], [String]) {
    let table = ImportedTable(text)
    return (table.results, table.faults)
  }

  private func json(_ text: String, _ path: String) throws -> ([ImportedResult], [String]) {
    guard let json = try? JSONValue(json: Array(text.utf8)) else { return ([], ["it is not JSON"]) }
    let model = ((path as NSString).deletingLastPathComponent as NSString).lastPathComponent
    let named = ReleasedMetrics.identity(ofModel: model)
    let initialisation = initialisation ?? named.initialisation
    guard let dataset, let backbone, let initialisation else {
      throw CommandFailure(
        .usage, "\(path) does not say which run it is of",
        remedy: "name it with --dataset, --backbone, --init and --seed")
    }
    guard InitialisationSpec(initialisation) != nil, fraction > 0, fraction <= 1, seed ?? 0 >= 0 else {
      throw CommandFailure(
        .usage, "--init \(initialisation), --fraction \(fraction), --seed \(seed ?? 0): one of them cannot be",
        remedy:
          "an initialisation is one of \(InitialisationSpec.forms.joined(separator: ", ")), a fraction above 0 and 1 at most"
      )
    }
    let metrics = ReleasedMetrics(
      json,
      of: ImportedResult(
        dataset: dataset, backbone: backbone, fraction: fraction, initialisation: initialisation,
        seed: seed ?? named.seed ?? 0, metric: "", value: 0))
    return (metrics.results, metrics.faults)
  }

  private static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 60
      && text.unicodeScalars.allSatisfy {
        $0.properties.isAlphabetic || ("0"..."9").contains($0) || " ._+-".unicodeScalars.contains($0)
      }
  }
}
