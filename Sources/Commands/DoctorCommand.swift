import ArgumentParser
import Foundation
import Planner

/// `graft doctor`: what this machine has for a study, and what it lacks.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Say what this machine has and what it lacks, for a study or at all.")

  @OptionGroup var arguments: StudyArguments
  @Flag(
    help: """
      Only the study's data sets, looked into: images per class and split, what is missing, where it is to be had. Without a \
      study: the data sets that Graft knows.
      """) var data = false
  @Flag(help: "Read all that the workspace keeps and compare it with its digests.") var verify = false
  @Flag(help: "With --verify: move what is damaged aside, so that the next run makes it again.") var setAside = false
  @Option(help: "table, json or csv.") var format = ListFormat.table

  func validate() throws {
    if setAside, !verify { throw ValidationError("--set-aside goes with --verify") }
  }

  func run() throws {
    if data { return try surveyData() }
    if verify { return try verifyWorkspace() }
    var listing = Listing(columns: ["what", "found", "fine"])
    func add(_ what: String, _ found: String, _ fine: Bool) {
      listing.rows.append([.string(what), .string(found), .string(fine ? "yes" : "NO")])
    }
    let cores = ProcessInfo.processInfo.activeProcessorCount
    add("processor cores", "\(cores)", true)
    add("memory", "\(ProcessInfo.processInfo.physicalMemory >> 20) MiB", true)
    try addWorker(add)
    let loaded = try arguments.load()
    try addData(of: loaded, add)
    addDisk(loaded.workspaceFolder, add)
    Console.write(listing.rendered(as: format))
    guard !listing.rows.contains(where: { $0[2] == "NO" }) else { throw ExitCode(ExitStatus.machineLacks.rawValue) }
  }

  private func surveyData() throws {
    var surveys: [DatasetSurvey]
    if arguments.study == nil {
      surveys = try PublishedDataset.standard(dataFolder: absolutePath("datasets")).map { try DatasetSurvey(of: $0) }
    } else {
      let loaded = try arguments.load()
      let names = Set(loaded.study.contentRequests.map(\.id))
      surveys = try loaded.study.datasets.filter { names.contains(.dataset($0.name)) }.map {
        try DatasetSurvey(of: $0, in: loaded.file.folder)
      }
    }
    var listing = Listing(columns: ["data set", "what", "found", "fine"])
    for survey in surveys { listing.rows += survey.rows }
    Console.write(listing.rendered(as: format))
    guard surveys.allSatisfy(\.isFine) else { throw ExitCode(ExitStatus.machineLacks.rawValue) }
  }

  private func addWorker(_ add: (String, String, Bool) -> Void) throws {
    let (known, errors) = try WorkerProgram.facts()
    guard let facts = known else {
      add("libtorch", errors.trimmingCharacters(in: .whitespacesAndNewlines), false)
      return
    }
    add("graft-worker", try WorkerProgram.path(), true)
    add("processor", facts["processor"]?.stringValue ?? "?", true)
    add("libtorch", "\(facts["libtorch"]?.stringValue ?? "?") at \(facts["libtorch_path"]?.stringValue ?? "?")", true)
    let blas = facts["blas"]?.stringValue ?? ""
    let kernels = facts["blas_kernels"]?.stringValue ?? ""
    add("BLAS", blas.isEmpty ? "inside libtorch" : blas + (kernels.isEmpty ? "" : ", kernels for \(kernels)"), true)
    let hasKernels = facts["kernels"]?.boolValue == true
    add(
      "fused kernels",
      hasKernels
        ? "in use (AVX2, FMA), products by \(facts["products"]?.stringValue ?? "?")"
        : "not for this processor: libtorch's own operators stand in",
      true)
    let devices = facts["cuda_devices"]?.intValue ?? 0
    let steps = facts["cuda_graphs"]?.boolValue.map {
      $0 ? ", training steps as graphs" : ", training steps as single operations"
    }
    add("CUDA devices", devices == 0 ? "none: stages run on the CPU" : "\(devices)\(steps ?? "")", true)
  }

  /// Where each data set and weights file of the study is looked for, and whether it is there.
  private func addData(of loaded: LoadedStudy, _ add: (String, String, Bool) -> Void) throws {
    add("study", "\(loaded.file.name): \(loaded.study.name), \(loaded.study.cellCount) cells", true)
    for presence in loaded.dataPresence {
      add(presence.request.id.text, presence.fault ?? presence.path, presence.fault == nil)
    }
  }

  private func addDisk(_ folder: String, _ add: (String, String, Bool) -> Void) {
    var place = folder
    while !FileManager.default.fileExists(atPath: place), place != "/" {
      place = (place as NSString).deletingLastPathComponent
    }
    var status = statvfs()
    guard statvfs(place, &status) == 0 else {
      add("disk", "\(folder): \(String(cString: strerror(errno)))", false)
      return
    }
    let free = (Int(status.f_bavail) * Int(status.f_frsize)) >> 20
    add("disk", "\(free) MiB free for \(folder)", free > 512)
    add(
      "workspace", access(place, W_OK) == 0 ? "\(folder) can be written" : "\(folder) cannot be written",
      access(place, W_OK) == 0)
  }
}
