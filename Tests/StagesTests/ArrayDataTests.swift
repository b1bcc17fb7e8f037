import Engine
import Foundation
import Planner
import Stages
import Testing
import WorkerProtocol

/// Data sets in HDF5 files and NumPy archives, each trained on and tested; the files are those of the engine's tests.
@Suite(.serialized) struct ArrayDataTests {
  private static let arrays = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "EngineTests/Fixtures/arrays")

  private func study(_ dataset: String, _ declaration: String = "") -> String {
    """
    study: arrays
    data: data
    axes: {dataset: [\(dataset)], backbone: [resnet_micro], init: [RI]}
    seeds: 1
    training:
      epochs: 1
      batch_size: 8
      image_size: 32
      schedule: []
      transforms: {train: [{name: resize, size: 32}], eval: [{name: resize, size: 32}]}
    \(declaration)
    """
  }

  private func run(_ text: String, _ files: [String: String]) throws -> InProcessRun {
    let run = try InProcessRun(text)
    for (name, place) in files {
      let target = run.folder.appending(path: "data/\(place)")
      try FileManager.default.createDirectory(
        at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.copyItem(at: Self.arrays.appending(path: name), to: target)
    }
    return run
  }

  private func images(_ run: InProcessRun) -> [Int?] {
    let facts = run.outcomes[run.stages(.dataset)[0].key]?.facts
    return ["train", "val", "test"].map { facts?["images"]?[$0]?.intValue }
  }

  private static let camelyon = ["train", "valid", "test"].flatMap { split in
    ["x", "y"].map { "camelyonpatch_level_2_split_\(split)_\($0).h5" }
  }

  /// As they come; one of them still gzipped.
  @Test(.timeLimit(.minutes(3)), arguments: [false, true]) func patchCamelyonTrainsFromItsOwnFiles(_ isGzipped: Bool)
    throws
  {
    var files = Dictionary(uniqueKeysWithValues: Self.camelyon.map { ($0, "Camelyon/\($0)") })
    if isGzipped {
      files["camelyonpatch_level_2_split_train_x.h5"] = nil
      files["train_x.h5.gz"] = "Camelyon/camelyonpatch_level_2_split_train_x.h5.gz"
    }
    let run = try run(study("camelyon"), files)
    try run.runAll()
    #expect(images(run) == [24, 8, 8])
    let store = try StoredImages(path: run.artifact(run.stages(.dataset)[0].key) + "/images.store")
    #expect(store.classes == ["normal", "tumor"] && store.shape(0) == ImageShape(channels: 3, height: 12, width: 12))
    #expect(store.imagePath(store.positions(in: .train)[3]) == "camelyonpatch_level_2_split_train_x.h5/x/03")
    #expect(store.label(store.positions(in: .train)[3]) == 1)
    #expect(run.outcomes[run.stages(.test)[0].key]?.metrics.map(\.name).contains("roc_auc") == true)
  }

  @Test(.timeLimit(.minutes(3))) func archivesTrain() throws {
    let single = try run(
      study("own", "datasets: {own: {format: npz, root: own, images: medical.npz, channels: 1, classes: [low, high]}}"),
      ["medical.npz": "own/medical.npz"])
    try single.runAll()
    #expect(images(single) == [20, 6, 6])
    let several = try run(
      study("own", "datasets: {own: {format: npz, root: own, images: several.npz, channels: 1, task: multilabel}}"),
      ["several.npz": "own/several.npz"])
    try several.runAll()
    let facts = several.outcomes[several.stages(.dataset)[0].key]?.facts
    #expect(facts?["images_per_class"]?["train"]?.arrayValue == [10, 10, 7])
    #expect(several.outcomes[several.stages(.test)[0].key]?.metrics.map(\.name) == ["roc_auc"])
  }

  /// One file without splits of its own, divided at random.
  @Test(.timeLimit(.minutes(3))) func undividedArraysAreDivided() throws {
    let run = try run(
      study(
        "own",
        "datasets: {own: {format: hdf5, root: own, images: x.h5, image_array: x, labels: y.h5, label_array: y, task: binary}}"
      ),
      ["camelyonpatch_level_2_split_train_x.h5": "own/x.h5", "camelyonpatch_level_2_split_train_y.h5": "own/y.h5"])
    try run.runAll()
    #expect(images(run) == [16, 4, 4])
  }

  @Test(arguments: [
    ("images: x.h5, image_array: x, label_array: y", ["x.h5": "test_x"], "it has no array \"y\"; it has: x"),
    (
      "images: x.h5, image_array: x, labels: y.h5, label_array: y", ["x.h5": "test_x", "y.h5": "train_y"],
      "has 8 images, and"
    ),
    (
      "images: x.h5, image_array: x, labels: y.h5, label_array: y, task: multilabel",
      ["x.h5": "test_x", "y.h5": "test_y"], "has 1 numbers an image"
    ),
    ("images: \"{split}.h5\", image_array: x", ["val.h5": "test_x"], "test.h5, train.h5"),
  ]) func faultsSayWhatAndWhere(_ declaration: String, _ files: [String: String], _ message: String) throws {
    let run = try run(
      study("own", "datasets: {own: {format: hdf5, root: own, \(declaration)}}"),
      Dictionary(uniqueKeysWithValues: files.map { ("camelyonpatch_level_2_split_\($1).h5", "own/\($0)") }))
    let failure = #expect(throws: StageFailure.self) { try run.run(run.stages(.dataset)[0]) }
    let text = [failure?.message, failure?.remedy].compactMap(\.self).joined(separator: "; ")
    #expect(failure?.failureClass == .data && text.contains(message), "\(text)")
  }
}
