import Engine
import Files
import Foundation
import Planner
import WorkerProtocol

/// What `graft-worker` does by its arguments: with none, serve a coordinator; it is not meant for people.
public enum WorkerCommand {
  /// Runs the command and gives the process's exit status.
  public static func run(_ arguments: [String]) -> Int32 {
    keepToProcessors()
    switch arguments.first {
    case nil: return WorkerSession(runner: StageDispatcher()).serve()
    case "--conversation": return PilotSession.serve(arguments: arguments, runner: StageDispatcher())
    case "--doctor":
      print(doctor.canonicalText)
      return 0
    case "--survey-data":
      let request = arguments.dropFirst().first.flatMap {
        try? JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))
      }
      print(DataSurvey.of(request ?? .null).canonicalText)
      return 0
    case "--guess-layout":
      print(LayoutGuess.of(arguments.dropFirst().first ?? "").canonicalText)
      return 0
    case "--list-splits":
      return answer {
        let request = try JSONDecoder().decode(JSONValue.self, from: Data((arguments.dropFirst().first ?? "").utf8))
        FileHandle.standardOutput.write(Data(try SplitListing.csv(of: request).utf8))
      }
    case "--preview": return answer(arguments) { Preview.answer(to: $0) }
    case "--test-model": return answer(arguments) { CheckpointTest.answer(to: $0) }
    case "--bench-step": return answer { try TrainingBenchmark.run(arguments: Array(arguments.dropFirst())) }
    case "--bench-pass": return answer { try PassBenchmark.run(arguments: Array(arguments.dropFirst())) }
    case "--bench-store": return answer { try StoreBenchmark.run(arguments: Array(arguments.dropFirst())) }
    case "--bench-open": return answer { try StoreBenchmark.runOpening(arguments: Array(arguments.dropFirst())) }
    default:
      let use =
        "--doctor, --bench-step BACKBONE, --bench-pass BACKBONE, --bench-store FOLDER STORE or --bench-open STORE"
      FileHandle.standardError.write(Data("graft-worker: run by `graft`; by itself it takes \(use)\n".utf8))
      return 64
    }
  }

  /// What the coordinator's `pin_threads` asks of this worker. One that cannot be kept to its own runs all the same.
  private static func keepToProcessors() {
    guard let list = ProcessInfo.processInfo.environment[AllowedProcessors.variable] else { return }
    do {
      try Runtime.setProcessors(list.split(separator: ",").compactMap { Int($0) })
    } catch {
      FileHandle.standardError.write(Data("graft-worker: not kept to processors \(list): \(error)\n".utf8))
    }
  }

  /// `--preview REQUEST` and the like: the answer as JSON.
  private static func answer(_ arguments: [String], _ body: (String) -> some Encodable) -> Int32 {
    guard let json = arguments.dropFirst().first, let text = try? JSONEncoder().encode(body(json)) else { return 64 }
    FileHandle.standardOutput.write(text)
    return 0
  }

  /// The numerical libraries in use, for `graft doctor`.
  private static var doctor: JSONValue {
    var facts: [String: JSONValue] = [
      "libtorch": .string(Runtime.libtorchVersion), "libtorch_path": .string(libraryPath("libtorch_cpu") ?? ""),
      "blas": .string(realPath(Runtime.blasPath)), "blas_kernels": .string(Runtime.blasKernels),
      "products": .string(realPath(Runtime.productsPath)), "processor": .string(processor),
      "kernels": .bool(Runtime.hasKernels), "cuda_devices": .number(Double(Runtime.cudaDevices)),
      "cuda_memory": .array((0..<Runtime.cudaDevices).map { .number(Double(totalMemory(ofDevice: $0))) }),
      "backbones": .array(Backbone.all.map { .string($0.name) }),
    ]
    if let device = try? Device("cuda:0") { facts["cuda_graphs"] = .bool(device.canRecord) }
    // No fact of the machine, but of what one worker was told.
    if ProcessInfo.processInfo.environment[AllowedProcessors.variable] != nil {
      facts["processors"] = .string(AllowedProcessors.list)
    }
    return .object(facts)
  }

  /// In bytes; 0 where libtorch cannot tell.
  private static func totalMemory(ofDevice index: Int) -> Int {
    (try? Device("cuda:\(index)"))?.memory?.total ?? 0
  }

  /// The processor's name and the widest vectors it has, on which the last digits of a result depend.
  private static var processor: String {
    let text = String(decoding: (try? DurableFiles.read("/proc/cpuinfo")) ?? [], as: UTF8.self)
    func value(_ name: String) -> Substring? {
      text.split(separator: "\n").first { $0.hasPrefix(name) }?.split(separator: ":", maxSplits: 1).last
    }
    let flags = Set((value("flags") ?? "").split(separator: " "))
    let vectors = [("avx512f", "AVX-512"), ("avx2", "AVX2")].first { flags.contains(Substring($0.0)) }?.1
    let name = (value("model name") ?? "unknown").trimmingCharacters(in: .whitespaces)
    return vectors.map { "\(name), \($0)" } ?? name
  }

  private static func realPath(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The file of a library that this process has loaded, by how its name begins.
  private static func libraryPath(_ name: String) -> String? {
    guard let map = try? DurableFiles.read("/proc/self/maps") else { return nil }
    for line in String(decoding: map, as: UTF8.self).split(separator: "\n") {
      guard let start = line.firstIndex(of: "/") else { continue }
      let path = String(line[start...])
      if (path as NSString).lastPathComponent.hasPrefix(name) { return path }
    }
    return nil
  }

  /// Runs what prints for itself; its fault goes to standard error. Speeds are printed as JSON: `--bench-step BACKBONE
  /// [--batch=N] [--threads=N] [--steps=N]` a training step's, `--bench-pass BACKBONE` that of passes, `--bench-store FOLDER STORE [--size=N] [--threads=N]` that of
  /// decoding images into a store, `--bench-open STORE` that of opening one.
  private static func answer(_ run: () throws -> Void) -> Int32 {
    do {
      try run()
      return 0
    } catch {
      FileHandle.standardError.write(Data("graft-worker: \(error)\n".utf8))
      return 64
    }
  }
}
