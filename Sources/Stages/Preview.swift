import Engine
import Files
import Foundation
import Planner
import WorkerProtocol

/// Draws some images of a data set as a training would see them, for `graft preview`.
struct Preview {
  let request: PreviewRequest
  private let options: Planner.TrainingOptions
  private let split: Split

  init(_ request: PreviewRequest) throws {
    self.request = request
    options = try Planner.TrainingOptions(canonical: request.training)
    guard let split = Split(rawValue: request.split) else {
      throw StageFailure(.spec, "there is no split \(request.split)", remedy: "train, val or test")
    }
    self.split = split
  }

  /// The answer to a request in JSON.
  static func answer(to json: String) -> PreviewAnswer {
    do {
      let request = try JSONDecoder().decode(PreviewRequest.self, from: Data(json.utf8))
      return .images(try Preview(request).images())
    } catch {
      return .failure(StageFailure(explaining: error))
    }
  }

  /// In the order of their classes.
  func images() throws -> [PreviewedImage] {
    if let artifact = request.artifact {
      let store = try StoredImages(path: "\(artifact)/\(DatasetStage.storeName)")
      return try pictures(of: choice(from: store.positions(in: split).map(store.label)), in: store, split)
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("graft-preview-\(UUID().uuidString)")
      .path
    try DurableFiles.makeFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try smallStore(in: folder)
    return try pictures(of: choice(from: store.positions(in: .train).map(store.label)), in: store, .train)
  }

  /// A store of the chosen images alone, made as the data set's own would be. They are its training images, whatever their
  /// split: the mean and deviation of a store are those of its training images.
  private func smallStore(in folder: String) throws -> StoredImages {
    let stage = try DatasetStage(
      StageRequest(
        attempt: 0, key: StageKey(kind: .dataset, parameters: request.dataset, inputs: []), kind: .dataset,
        label: "preview",
        parameters: request.dataset, inputs: [], locations: request.locations, outputFolder: folder,
        checkpointFolder: folder, threads: request.threads, device: Device.cpu.name))
    let (listing, splits) = try stage.index()
    let ours = listing.items.indices.filter { splits[$0] == split }
    guard !ours.isEmpty else { throw DataFault.emptySplit(split: split, path: listing.root) }
    var damaged: Set<Int> = []
    while true {
      let chosen = choice(from: ours.map { listing.items[$0].label }, leavingOut: damaged).map { ours[$0] }
      let part = ImageListing(root: listing.root, items: chosen.map { listing.items[$0] }, classes: listing.classes)
      try stage.makeFiles(of: part)
      var options = stage.storeOptions
      options.unreadable = .fail
      do {
        try ImageStoreWriter(listing: part, splits: part.items.map { _ in .train }, options: options)
          .write(to: "\(folder)/\(DatasetStage.storeName)")
        return try StoredImages(path: "\(folder)/\(DatasetStage.storeName)")
      } catch DataFault.unreadableImages(let images, _, _) where stage.storeOptions.unreadable == .skip {
        let paths = Set(images.map(\.path))
        damaged.formUnion(ours.indices.filter { paths.contains(listing.items[ours[$0]].path) })
        if damaged.count == ours.count { throw DataFault.emptySplit(split: split, path: listing.root) }
      }
    }
  }

  /// Positions in a list of labels: as many as asked for, of all classes in turn, in the order of classes. An image of several
  /// counts for its first.
  private func choice(from labels: [ImageLabel], leavingOut left: Set<Int> = []) -> [Int] {
    let labels = labels.map { $0.shown.first ?? .max }
    var draws = RandomStream(seed: UInt64(request.seed), purpose: "preview/images")
    var byClass: [Int: [Int]] = [:]
    for position in draws.permutation(labels.count) where !left.contains(position) {
      byClass[labels[position], default: []].append(position)
    }
    var chosen: [Int] = []
    for turn in 0..<labels.count where chosen.count < request.images {
      for label in byClass.keys.sorted() where turn < byClass[label]?.count ?? 0 && chosen.count < request.images {
        chosen += byClass[label]?[turn...turn] ?? []
      }
    }
    return chosen.sorted { (labels[$0], $0) < (labels[$1], $1) }
  }

  private func classes(of stored: Int, in store: StoredImages) -> String {
    let shown = store.label(stored).shown
    return shown.isEmpty ? "no class" : shown.map { store.classes[$0] }.joined(separator: ", ")
  }

  private func pictures(of positions: [Int], in store: StoredImages, _ split: Split) throws -> [PreviewedImage] {
    let data = try TrainingData(store, options: options, threads: request.threads)
    let source = try data.source(split, subset: positions)
    let draws = RandomStream(seed: UInt64(request.seed), purpose: "preview/draws")
    return try positions.indices.map { index in
      let stored = source.positions[index]
      return PreviewedImage(
        path: store.imagePath(stored), label: classes(of: stored, in: store),
        stored: try PreviewedPicture(store.picture(stored)),
        evaluated: try PreviewedPicture(source.preview(index, draws: nil)[0]),
        draws: try (0..<request.draws).map { draw in
          try source.preview(index, draws: draws.child(UInt64(index)).child(UInt64(draw))).map(PreviewedPicture.init)
        })
    }
  }
}

extension PreviewedPicture {
  fileprivate init(_ picture: Picture) throws {
    self.init(width: picture.width, height: picture.height, png: Data(try picture.encoded(as: .png)))
  }
}
