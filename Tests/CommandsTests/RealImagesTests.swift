import Foundation
import Testing

/// Real MRI slices and real ImageNet weights, where a folder of them is named by GRAFT_SHARED.
@Suite struct RealImagesTests {
  static let shared = ProcessInfo.processInfo.environment["GRAFT_SHARED"].flatMap { $0.isEmpty ? nil : $0 }

  @Test(
    .enabled(if: shared != nil, "set GRAFT_SHARED to a folder with data/brain-mri and weights/"),
    .timeLimit(.minutes(10)))
  func transferOnBrainSlicesBeatsTheMajorityClass() throws {
    let shared = try #require(Self.shared)
    let folder = try TemporaryFolder()
    try folder.write(
      """
      study: brain
      data: \(shared)/data
      axes: {dataset: [brain-mri], backbone: [resnet18], fraction: [1.0], init: [RI, WT]}
      seeds: 1
      training:
        epochs: 4
        batch_size: 16
        image_size: 96
        optimizer: {name: adamw, lr: 3.0e-4, weight_decay: 1.0e-5}
        schedule: [{name: linear_warmup, iterations: 5}]
      datasets:
        brain-mri: {format: folder, root: brain-mri, metric: accuracy, store: {size: 112, mode: exact}}
      weights:
        resnet18: {file: \(shared)/weights/resnet18.safetensors}
      resources: {jobs: 2, threads_per_job: 1}

      """, to: "brain.yaml")
    let run = try GraftProcess.run(["run", "brain.yaml"], in: folder)
    try #require(run.status == 0, "\(run.errors)")
    #expect(try GraftProcess.run(["report", "brain.yaml"], in: folder).status == 0)
    for file in ["figures/figure-1.svg", "tables/performance.md", "gains.csv", "report.html"] {
      #expect(folder.exists("results/brain/\(file)"))
    }
    // Four classes of 80 each: the majority class has a quarter.
    let rows = try folder.text("results/brain/cells.csv").split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    let header = rows[0].map(String.init)
    let value = try #require(header.firstIndex(of: "value"))
    let metric = try #require(header.firstIndex(of: "metric"))
    let initialisation = try #require(header.firstIndex(of: "init"))
    let accuracies = Dictionary(
      rows.dropFirst().filter { $0[metric] == "accuracy" }.map { (String($0[initialisation]), Double($0[value]) ?? 0) }
    ) { first, _ in first }
    #expect(accuracies.count == 2)
    #expect(try #require(accuracies["WT"]) > 0.6, "\(accuracies)")
    #expect(try #require(accuracies["RI"]) > 0.25, "\(accuracies)")
  }
}
