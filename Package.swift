// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// Where libtorch lies: the folder named by LIBTORCH (a libtorch, or the `torch` folder of a Python environment), else
/// the system's own package.
struct Libtorch {
  let includes: [String]
  let library: String
  let standard: CXXLanguageStandard
  let hasCUDA: Bool

  static func located() -> Libtorch {
    let files = FileManager.default
    if let root = ProcessInfo.processInfo.environment["LIBTORCH"], !root.isEmpty {
      let hasCUDA = files.fileExists(atPath: "\(root)/lib/libtorch_cuda.so")
      return Libtorch(
        includes: ["\(root)/include", "\(root)/include/torch/csrc/api/include"]
          + (hasCUDA ? cudaHeaders(beside: root) : []),
        library: "\(root)/lib", standard: .cxx20, hasCUDA: hasCUDA)
    }
    return Libtorch(
      includes: ["/usr/include/torch/csrc/api/include"], library: "/usr/lib/x86_64-linux-gnu", standard: .cxx17,
      hasCUDA: false)
  }

  /// CUDA's own headers, where they lie beside a wheel's libtorch or in CUDA_HOME: a libtorch before 2.13 records steps with them
  /// alone.
  private static func cudaHeaders(beside root: String) -> [String] {
    let home = ProcessInfo.processInfo.environment["CUDA_HOME"].map { ["\($0)/include"] } ?? []
    return (home + ["\(root)/../nvidia/cu13/include"]).filter {
      FileManager.default.fileExists(atPath: "\($0)/cuda_runtime_api.h")
    }
  }
}

let libtorch = Libtorch.located()

let torchLinking: [LinkerSetting] =
  [
    .unsafeFlags(["-L\(libtorch.library)", "-Xlinker", "-rpath", "-Xlinker", libtorch.library]),
    .linkedLibrary("torch"), .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
  ]
  + (libtorch.hasCUDA
    // CUDA's own libraries, which these need, may lie only where the worker runs.
    ? [
      .unsafeFlags([
        "-Xlinker", "--no-as-needed", "-ltorch_cuda", "-lc10_cuda", "-Xlinker", "--as-needed", "-Xlinker",
        "--allow-shlib-undefined",
      ])
    ] : [])

let package = Package(
  name: "graft",
  products: [
    .executable(name: "graft", targets: ["graft"]),
    .executable(name: "graft-worker", targets: ["graft-worker"]),
    // Loaded before other libraries by graft-chaos.
    .library(name: "ChaosFaults", type: .dynamic, targets: ["ChaosFaults"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
  ],
  targets: [
    // SHA-256, by the system's libcrypto. Its pkg-config file is not asked: that puts the system's folder of libraries before
    // LIBTORCH's.
    .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
    .target(name: "Hashing", dependencies: ["COpenSSL"]),
    // CRC-32 and deflate, by the zlib that libpng brings; no pkg-config file for the same reason.
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    // Files that survive a power cut, and faults that say which file and why.
    .target(name: "Files"),
    // Text in, plan out.
    .target(name: "Planner", dependencies: ["Hashing", .product(name: "Yams", package: "Yams")]),
    // What a coordinator and a worker say to each other.
    .target(name: "WorkerProtocol", dependencies: ["Files", "Planner"]),
    // The only SQL.
    .target(
      name: "Store",
      dependencies: [
        "Files", "Hashing", "Planner", "WorkerProtocol", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ]),
    // Runs a plan.
    .target(name: "Executor", dependencies: ["Files", "Store", "Planner", "WorkerProtocol"]),
    // Rows in, documents out.
    .target(name: "Report", dependencies: ["Files", "Hashing", "Store", "Planner", "WorkerProtocol"]),
    // What is known of a study in, lines of a terminal's screen out.
    .target(name: "StudyView", dependencies: ["Planner"]),
    // A plan and what has become of it since.
    .target(name: "StudyWatch", dependencies: ["Executor", "Store", "StudyView", "Planner", "WorkerProtocol"]),
    // A study's live page and data over HTTP.
    .target(
      name: "Serve",
      dependencies: [
        "Files", "Hashing", "Store", "StudyView", "StudyWatch", "Planner", "WorkerProtocol",
        .product(name: "FlyingFox", package: "FlyingFox"), .product(name: "FlyingSocks", package: "FlyingFox"),
      ],
      resources: ["page.html", "page.css", "page.js", "icon.svg"].map { .embedInCode("Resources/\($0)") }),
    .target(
      name: "Commands",
      dependencies: [
        "Executor", "Files", "Hashing", "Report", "Serve", "Store", "StudyView", "StudyWatch", "Planner",
        "WorkerProtocol",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      // grids/quickstart.yaml by a link, the embedded default; and what `graft init` writes.
      resources: [.embedInCode("Resources/quickstart.yaml"), .embedInCode("Resources/template.yaml")]),
    .executableTarget(name: "graft", dependencies: ["Commands"]),
    // libtorch behind a C interface. Its kernels are optimised in every configuration.
    .target(
      name: "CTorch",
      cxxSettings: [.unsafeFlags(libtorch.includes.map { "-I\($0)" } + ["-O3"])],
      linkerSettings: torchLinking),
    // libjpeg, libpng and libtiff behind a C interface.
    .target(
      name: "CImage", cSettings: [.unsafeFlags(["-O2"])],
      linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png"), .linkedLibrary("tiff"), .linkedLibrary("m")]),
    // DCMTK behind a C interface.
    .target(
      name: "CDicom", dependencies: ["CImage"],
      // In C++20 the compiler would look for CImage as a module, which the build does not make.
      cxxSettings: [.unsafeFlags(["-O2", "-fno-cxx-modules"])],
      linkerSettings: ["dcmjpeg", "dcmdata", "oflog", "ofstd"].map { .linkedLibrary($0) }),
    // libhdf5 behind a C interface; Debian keeps its parts in folders of their own.
    .target(
      name: "CHDF5", cSettings: [.unsafeFlags(["-I/usr/include/hdf5/serial", "-O2"])],
      linkerSettings: [.linkedLibrary("hdf5_serial")]),
    // Numerics; knows no grid.
    .target(name: "Engine", dependencies: ["CTorch", "CDicom", "CImage", "CHDF5", "CZlib", "Files", "Hashing"]),
    // Where a stage kind meets the engine.
    .target(name: "Stages", dependencies: ["Engine", "Files", "Planner", "WorkerProtocol"]),
    .executableTarget(name: "graft-worker", dependencies: ["Stages"]),

    .testTarget(name: "FilesTests", dependencies: ["Files"]),
    .testTarget(name: "HashingTests", dependencies: ["Hashing"]),
    // The cases that it reads lie in Tests/GridCases.
    .testTarget(
      name: "PlannerTests", dependencies: ["Planner", .product(name: "Yams", package: "Yams")], exclude: ["Keys"]),
    .testTarget(
      name: "StoreTests", dependencies: ["Files", "Store", "Planner", "WorkerProtocol"], exclude: ["Fixtures"]),
    // A worker whose stages do as their parameters say: sleep, fail, crash, hang.
    .executableTarget(
      name: "graft-fake-worker", dependencies: ["Files", "Planner", "WorkerProtocol"], path: "Tests/FakeWorker"),
    // A coordinator of such workers, to be killed.
    .executableTarget(
      name: "graft-fake-run", dependencies: ["Executor", "Files", "Store", "Planner", "WorkerProtocol"],
      path: "Tests/FakeRun"),
    // A worker whose stages compute nothing, for measuring what orchestration costs.
    .executableTarget(
      name: "graft-hollow-worker", dependencies: ["Planner", "WorkerProtocol"], path: "Benchmarks/orchestration/Worker"),
    .testTarget(
      name: "ExecutorTests",
      dependencies: ["Executor", "Files", "Store", "Planner", "WorkerProtocol", "graft-fake-worker", "graft-fake-run"]),
    // On a Slurm of its own, where that is installed.
    .testTarget(
      name: "SlurmTests",
      dependencies: [
        "Executor", "Files", "Planner", "WorkerProtocol", "graft", "graft-worker", "graft-fake-worker",
        "graft-fake-run",
      ],
      exclude: ["cluster.sh"]),
    // Studies under kills, full disks and failing syncs; `make chaos`, and a shorter form in the tests.
    .target(name: "ChaosFaults", path: "Tests/ChaosFaults"),
    .executableTarget(
      name: "graft-chaos", dependencies: ["Files", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      path: "Tests/Chaos"),
    .testTarget(
      name: "ChaosTests",
      dependencies: ["ChaosFaults", "graft", "graft-worker", "graft-hollow-worker", "graft-chaos"]),
    // The documentation: its pages run, its reference made from the commands' own declarations.
    .target(name: "DocPages", path: "Tests/DocPages"),
    .executableTarget(
      name: "graft-docs",
      dependencies: ["DocPages", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      path: "Tests/DocTool"),
    .testTarget(
      name: "DocsTests",
      dependencies: ["DocPages", "graft", "graft-worker", "graft-docs"], exclude: ["images.pl", "weights.sh"]),
    // Records libtorch's operators on the CPU, and runs them again as a CUDA graph would.
    .target(
      name: "TorchTape", path: "Tests/TorchTape",
      cxxSettings: [.unsafeFlags(libtorch.includes.map { "-I\($0)" } + ["-O1", "-DNDEBUG"])],
      linkerSettings: torchLinking),
    .testTarget(
      name: "EngineTests", dependencies: ["Engine", "Files", "Hashing", "TorchTape"], exclude: ["Fixtures"]),
    .testTarget(
      name: "StagesTests", dependencies: ["Stages", "Planner", "Engine", "WorkerProtocol"], exclude: ["Fixtures"]),
    .testTarget(
      name: "ReportTests", dependencies: ["Files", "Report", "Store", "Planner", "WorkerProtocol"],
      exclude: ["Snapshots", "Fixtures"]),
    .testTarget(name: "StudyViewTests", dependencies: ["StudyView", "Planner"], exclude: ["Snapshots"]),
    // What needs a browser is in Tests/Browser; `make test-browser`.
    .testTarget(
      name: "ServeTests",
      dependencies: [
        "Serve", "Store", "StudyWatch", "Planner", "WorkerProtocol", "graft", "graft-hollow-worker",
      ]),
    .testTarget(
      name: "CommandsTests",
      dependencies: [
        "Commands", "Hashing", "Planner", "graft", "graft-worker", "graft-fake-worker", "graft-hollow-worker",
      ],
      exclude: ["weights_server.py"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: libtorch.standard
)

// `make check`: a warning in the project's own sources is an error.
if ProcessInfo.processInfo.environment["GRAFT_STRICT"] == "1" {
  for target in package.targets where target.type != .system { target.swiftSettings = [.treatAllWarnings(as: .error)] }
}

// `make docs`. The plugin is asked for there alone: it brings two packages that no build or test needs, and a clone is built
// without fetching them.
if ProcessInfo.processInfo.environment["GRAFT_DOCC"] == "1" {
  package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
