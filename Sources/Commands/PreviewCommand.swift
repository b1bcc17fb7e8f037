import ArgumentParser
import Files
import Foundation
import Planner
import Report
import Store
import WorkerProtocol

/// `graft preview`: images before and after the transforms, as one page.
struct PreviewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview", abstract: "Show what the networks will see: images before and after the transforms.",
    discussion: """
      Writes one HTML page with its pictures in it: a sheet for each data set and each pipeline that the cells have. \
      Images come from the data set's store where a run has made it, else the few that are shown are decoded.
      """)

  enum SplitName: String, ExpressibleByArgument, CaseIterable {
    case train, val, test
  }

  @OptionGroup var arguments: StudyArguments
  @Option(
    help: ArgumentHelp(
      "A cell by its name, or those that match a filter. May be repeated. Left out: all.", valueName: "cell or filter"))
  var cell: [String] = []
  @Option(
    help: ArgumentHelp("The file to write. Default: results/<study>/preview.html.", valueName: "file"),
    completion: .file())
  var output: String?
  @Option(help: "How many images of a data set, of all classes in turn.") var images = 8
  @Option(help: "How many augmented versions of each; only training images have any.") var draws = 5
  @Option(help: "The part of the data set: train, val or test.") var split = SplitName.train
  @Option(help: "What the choice of images and their augmentation come from.") var seed = 0

  /// A page of more sheets is not looked at.
  private static let mostSheets = 24

  func validate() throws {
    guard (1...500).contains(images) else { throw ValidationError("--images must be 1 to 500, not \(images)") }
    guard (0...100).contains(draws) else { throw ValidationError("--draws must be 0 to 100, not \(draws)") }
    guard seed >= 0 else { throw ValidationError("--seed must be 0 or more, not \(seed)") }
  }

  func run() throws {
    let loaded = try arguments.load()
    let workspace = try workspaceForReading(loaded.workspaceFolder)
    let plan = try loaded.plan(in: workspace)
    let groups = try groups(of: chosenCells(of: plan), in: plan)
    guard groups.count <= Self.mostSheets else {
      throw CommandFailure(
        .usage, "these cells see their images in \(groups.count) ways, and a page shows \(Self.mostSheets)",
        remedy: "name cells by --cell, for example --cell \(groups[0].cells[0].text)")
    }
    let sheets = try groups.map { group in
      PreviewPage.Sheet(
        dataset: group.name, cells: group.cells, training: try TrainingOptions(canonical: group.training),
        images: try images(of: group, in: workspace))
    }
    let page = PreviewPage(study: plan.study, split: split.rawValue, seed: seed, sheets: sheets)
    let path = absolutePath(output ?? "results/\(plan.study)/preview.html")
    do {
      try DurableFiles.makeFolder((path as NSString).deletingLastPathComponent)
      try DurableFiles.write(Array(page.html.utf8), to: path)
    } catch let fault as FileFault {
      throw CommandFailure(.cannotWrite, fault.description, remedy: "name another file with --output")
    }
    Console.writeLine(path)
  }

  /// The cells that are asked for, each once, in the plan's order.
  private func chosenCells(of plan: Plan) throws -> [Cell] {
    guard !cell.isEmpty else { return Array(plan.cells) }
    var wanted: Set<Int> = []
    for text in cell {
      if let place = plan.cells.place(of: CellID(text)) {
        wanted.insert(place)
        continue
      }
      let filter: CellFilter
      do {
        filter = try CellFilter(text)
      } catch {
        throw CommandFailure(
          .usage, "--cell \(text) is no cell of this study, and no filter: \(error)",
          remedy: "`graft plan --cells` lists the cells")
      }
      let matching = plan.cells.places(matching: filter)
      guard !matching.isEmpty else {
        throw CommandFailure(
          .usage, "--cell '\(text)' matches none of the \(plan.cells.count) cells",
          remedy: "`graft plan --cells` lists them")
      }
      wanted.formUnion(matching)
    }
    return wanted.sorted().map { plan.cells[$0] }
  }

  /// Cells that see the same images in the same way.
  private struct Group {
    let name: String
    let dataset: Stage
    let training: JSONValue
    var cells: [CellID]
  }

  private func groups(of cells: [Cell], in plan: Plan) throws -> [Group] {
    var groups: [Group] = []
    var places: [JSONValue: Int] = [:]
    for cell in cells {
      guard let train = cell.stages[.train].flatMap({ plan.stages[$0] }), let training = train.parameters["training"],
        let dataset = train.inputs.first(where: { $0.role == "dataset" }).flatMap({ plan.stages[$0.key] })
      else { continue }
      let sight: JSONValue = [
        "dataset": .string(dataset.key.hex), "transforms": training["transforms"] ?? .null,
        "normalise": training["normalise"] ?? .null, "stem": training["stem"] ?? .null,
      ]
      if let place = places[sight] {
        groups[place].cells.append(cell.id)
      } else {
        places[sight] = groups.count
        groups.append(Group(name: cell.dataset, dataset: dataset, training: training, cells: [cell.id]))
      }
    }
    return groups
  }

  private func images(of group: Group, in workspace: Workspace) throws -> [PreviewedImage] {
    let dossier = try explaining { try workspace.dossier(of: group.dataset.key) }
    let request = PreviewRequest(
      dataset: group.dataset.parameters, locations: group.dataset.locations,
      artifact: dossier?.outcome == nil ? nil : dossier?.artifactFolder, training: group.training,
      split: split.rawValue, images: images, draws: split == .train ? draws : 0, seed: seed,
      threads: ProcessInfo.processInfo.activeProcessorCount)
    let answer: PreviewAnswer = try WorkerProgram.answer("--preview", to: request)
    switch answer {
    case .images(let images): return images
    case .failure(let failure): throw CommandFailure(failure, of: group.name)
    }
  }
}
