import ArgumentParser
import Files
import Foundation
import Planner

/// `graft fetch`: brings published files here; the only command that uses a network.
struct FetchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch", abstract: "Fetch published source weights.", subcommands: [FetchWeightsCommand.self])
}

/// `graft fetch weights`: a backbone's source weights from where their makers publish them, verified.
struct FetchWeightsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weights",
    abstract: "Fetch a backbone's published source weights, or list those that there are.",
    discussion: "What broke off goes on where it ended. A file is put in its place when its SHA-256 is right.")

  /// Where the files are looked for instead, each by its name: a mirror's folder.
  static let baseVariable = "GRAFT_WEIGHTS_URL"
  private static let backbones = Set(PublicWeightsCatalogue.all.map(\.backbone)).sorted()

  @Argument(help: "The backbone. Left out: all that can be fetched are listed.", completion: .list(Self.backbones))
  var backbone: String?
  @Option(help: ArgumentHelp("supervised or dino.", valueName: "kind"), completion: .list(["supervised", "dino"]))
  var kind = "supervised"
  @Option(
    help: ArgumentHelp("The folder for it. Default: weights, beside the study or here.", valueName: "folder"),
    completion: .directory)
  var output: String?
  @Option(help: ArgumentHelp("The study file that it is for.", valueName: "file"), completion: .study) var study:
    String?
  @Option(help: "Of the list: table, json or csv.") var format = ListFormat.table

  func run() throws {
    guard let kind = WeightsKind(rawValue: kind) else {
      throw CommandFailure(
        .usage, "--kind \(self.kind): there is no such kind of weights",
        remedy: "use \(WeightsKind.allCases.map(\.rawValue).joined(separator: " or "))")
    }
    guard let backbone else { return list() }
    guard let published = PublicWeightsCatalogue.named(backbone, kind) else {
      let others = PublicWeightsCatalogue.all.filter { $0.kind == kind }.map(\.backbone)
      throw CommandFailure(
        .usage, "no \(kind.rawValue) weights of `\(backbone)` are known to be published",
        remedy: "fetch those of \(others.joined(separator: ", ")); `graft fetch weights` lists them all")
    }
    let folder = try self.folder()
    let mirror = ProcessInfo.processInfo.environment[Self.baseVariable].flatMap { $0.isEmpty ? nil : $0 }
    let download = WeightsDownload(
      published: published, url: mirror.map { "\($0)/\(published.fileName)" } ?? published.url, folder: folder)
    do {
      try download.perform()
    } catch let fault as FileFault {
      throw CommandFailure(
        .cannotWrite, fault.description, remedy: "make room or give write access there, or name a folder with --output")
    }
    let further = kind == .supervised ? "" : ", kind: \(kind.rawValue)"
    Console.writeLine("\(download.place)")
    Console.note("in the study file: weights: {\(backbone): {file: \(shown(download.place))\(further)}}")
  }

  private func folder() throws -> String {
    if let output { return absolutePath(output) }
    guard let study else { return absolutePath("weights") }
    return try StudyFile(path: study).folder + "/weights"
  }

  /// The path as a study file beside the `weights` folder would name it.
  private func shown(_ path: String) -> String {
    output == nil ? "weights/\((path as NSString).lastPathComponent)" : path
  }

  private func list() {
    var listing = Listing(columns: ["backbone", "kind", "from", "file", "bytes", "sha256"])
    for entry in PublicWeightsCatalogue.all {
      listing.rows.append([
        .string(entry.backbone), .string(entry.kind.rawValue), .string(entry.origin), .string(entry.fileName),
        entry.size.map { .number(Double($0)) } ?? .null, entry.digest.map { .string($0) } ?? .null,
      ])
    }
    Console.write(listing.rendered(as: format))
  }
}
