import Engine
import Foundation
import Testing

/// Images that may show several classes, and images in groups: how they are kept, divided, learnt from and judged.
@Suite struct SeveralClassesTests {
  /// `count` small images of three classes, in groups of two, with what a rule says of each.
  private func listing(
    _ count: Int, _ folder: ScratchFolder, group: (Int) -> String? = { "patient\($0 / 2)" },
    _ label: (Int) -> [Presence]
  ) throws -> ImageListing {
    let items = try (0..<count).map { number in
      let path = "\(1000 + number).png"
      try folder.write("images/\(path)", slopes(width: 9, height: 8, channels: 1).encoded(as: .png))
      return ImageItem(path: path, label: .each(label(number)), group: group(number))
    }
    return ImageListing(root: folder.path + "/images", items: items, classes: ["edema", "mass", "device"])
  }

  private func presences(_ number: Int) -> [Presence] {
    [number % 3 == 0 ? .present : .absent, number % 4 < 2 ? .present : .absent, number % 5 == 0 ? .unknown : .absent]
      .enumerated().map { $0 == 2 && number % 5 == 1 ? .present : $1 }
  }

  @Test func theStoreKeepsWhatIsKnownOfEachClass() throws {
    let folder = try ScratchFolder()
    let listing = try listing(60, folder, presences)
    let splits = try listing.splits(SplitOptions())
    let path = folder.path + "/store"
    let facts = try ImageStoreWriter(
      listing: listing, splits: splits, options: ImageStoreOptions(size: .shortSide(8))
    ).write(to: path)
    let store = try StoredImages(path: path)
    #expect(store.facts == facts && store.showsSeveralClasses)
    for (position, item) in listing.items.enumerated() {
      #expect(store.label(position) == item.label && store.imagePath(position) == item.path)
      #expect(store.group(position) == position / 2 && store.split(position) == splits[position])
    }
    let places = Split.allCases.map { split in splits.indices.filter { splits[$0] == split } }
    for (split, members) in zip(Split.allCases, places) {
      #expect(facts.count(split) == members.count)
      #expect(
        facts.counts(split)
          == (0..<3).map { label in members.count { listing.items[$0].label[label] == .present } })
    }
    #expect(facts.severalClasses?.unknown.map { $0[2] }.reduce(0, +) == 12)
    let source = try store.source(
      split: .train,
      pipeline: ImagePipeline(training: [], evaluation: [], mean: [0, 0, 0], standardDeviation: [1, 1, 1]),
      threads: 1)
    let batch = try source.batch([1], draws: nil)
    #expect(batch.targets == (0..<3).map { store.label(places[0][1])[$0].target } && batch.labels.isEmpty)
    #expect(source.targets?.count == 3 * source.count && source.labels.isEmpty)

    let crops = try store.source(
      split: .train,
      pipeline: ImagePipeline(
        training: [.multiCrop(count: 2, size: 8, scale: 0.5...1, ratio: 1...1)],
        evaluation: [.resizeExactly(width: 8, height: 8)]), threads: 1)
    let several = try crops.batch([1, 0], draws: RandomStream(seed: 0, purpose: "augment"))
    let known = [1, 1, 0, 0].flatMap { image in (0..<3).map { store.label(places[0][image])[$0].target } }
    #expect(several.count == 4 && several.targets == known && several.labels.isEmpty)
  }

  /// What a store could say before there were groups and several classes, it says in the same bytes.
  @Test func imagesOfOneClassAreStoredInTheFirstVersion() throws {
    let folder = try ScratchFolder()
    for name in ["a/1.png", "a/2.png", "a/3.png", "b/1.png", "b/2.png", "b/3.png"] {
      try folder.write("images/\(name)", slopes(width: 9, height: 8, channels: 1).encoded(as: .png))
    }
    var listing = try FolderReader(root: folder.path + "/images").listing()
    func version() throws -> UInt8 {
      let path = folder.path + "/store"
      try ImageStoreWriter(
        listing: listing, splits: listing.splits(SplitOptions(keepsGroups: false)),
        options: ImageStoreOptions(size: .shortSide(8))
      ).write(to: path)
      #expect(try StoredImages(path: path).group(0) == (listing.items[0].group == nil ? nil : 0))
      return try Data(contentsOf: URL(fileURLWithPath: path))[8]
    }
    #expect(try version() == 1)
    for index in listing.items.indices { listing.items[index].group = "all" }
    #expect(try version() == 2)
  }

  @Test(arguments: 0..<3) func groupsStayTogetherAndClassesKeepTheirShares(seed: UInt64) throws {
    let items = (0..<600).map { number in
      ImageItem(path: "\(1000 + number)", label: .each(presences(number)), group: "patient\(number / 4)")
    }
    let listing = ImageListing(root: "/d", items: items, classes: ["edema", "mass", "device"])
    let splits = try listing.splits(SplitOptions(seed: seed))
    #expect(listing.sharedGroups(splits).isEmpty)
    for (split, share) in [(Split.train, 0.7), (.validation, 0.15), (.test, 0.15)] {
      let members = splits.indices.filter { splits[$0] == split }
      #expect(abs(Double(members.count) - share * 600) <= 12)
      for label in 0..<3 {
        let all = items.count { $0.label[label] == .present }
        let here = members.count { items[$0].label[label] == .present }
        #expect(abs(Double(here) - share * Double(all)) <= 12, "class \(label) in \(split)")
      }
    }
    let alone = try listing.splits(SplitOptions(seed: seed, keepsGroups: false))
    #expect(listing.sharedGroups(alone).count > 20)
  }

  @Test func everyClassWithoutImagesOrWithAllOfThemIsNamed() throws {
    let items = (0..<30).map { number in
      ImageItem(path: "\(100 + number)", label: .each([.present, .absent, number % 2 == 0 ? .present : .absent]))
    }
    let found = fault {
      _ = try ImageListing(root: "/d", items: items, classes: ["a", "b", "c"]).splits(SplitOptions())
    }
    guard case .several(let faults) = found else {
      Issue.record("\(String(describing: found))")
      return
    }
    #expect(
      faults
        == Split.allCases.flatMap { split -> [DataFault] in
          [
            .classEverywhereInSplit(className: "a", split: split),
            .classMissingFromSplit(className: "b", split: split, grouped: false),
          ]
        })
  }

  /// Fractions of images in groups nest, part no group, keep shares, and show every class.
  @Test(arguments: 0..<4) func fractionsKeepGroupsAndClasses(seed: UInt64) {
    let labels = (0..<400).map { number in
      ImageLabel.each([number % 2 == 0 ? .present : .absent, number % 100 == 7 ? .present : .absent, .absent])
    }
    let groups: [Int?] = (0..<400).map { $0 < 300 ? $0 / 5 : nil }
    var smaller: Set<Int> = []
    for fraction in [0.001, 0.05, 0.2, 0.5, 0.9, 1] {
      let chosen = Subset.positions(labels: labels, groups: groups, fraction: fraction, seed: seed)
      #expect(chosen == chosen.sorted() && Set(chosen).count == chosen.count)
      #expect(smaller.isSubset(of: chosen))
      smaller = Set(chosen)
      for group in 0..<60 {
        let members = (group * 5..<group * 5 + 5).count { smaller.contains($0) }
        #expect(members == 0 || members == 5)
      }
      for label in 0..<2 { #expect(chosen.contains { labels[$0][label] == .present }) }
      if fraction >= 0.05 { #expect(abs(Double(chosen.count) - 400 * fraction) <= 12) }
    }
    #expect(smaller.count == 400)
  }

  /// Images of one class, in no groups, are drawn as they were before there were groups: per class the first of a
  /// permutation of the class's own stream.
  @Test(arguments: [0.001, 0.37, 0.5, 1]) func fractionsOfImagesOfOneClassAreWhatTheyWere(fraction: Double) {
    let labels = (0..<501).map { $0 % 7 == 0 ? 2 : $0 % 3 == 0 ? 1 : 0 }
    var expected: [Int] = []
    for label in 0..<3 {
      let members = labels.indices.filter { labels[$0] == label }
      var draws = RandomStream(seed: 5, purpose: "subset").child(UInt64(label))
      let count = max(1, Int((fraction * Double(members.count)).rounded()))
      expected += draws.permutation(members.count).prefix(count).map { members[$0] }
    }
    #expect(Subset.positions(labels: labels, fraction: fraction, seed: 5) == expected.sorted())
  }

  @Test func whatNobodyCanSayIsPassedOverInLossMetricAndVotes() throws {
    let logits: [Float] = [0.3, -1.2, 2, 0.1, -0.4, 0.9]
    let known: [Float] = [1, 0, 1, 1]
    // The third class is known of nobody.
    let targets: [Float] = [1, 0, -1, 1, 1, -1]
    func cross(_ logit: Float, _ target: Float) -> Double {
      let p = 1 / (1 + exp(-Double(logit)))
      return target > 0.5 ? -log(p) : -log(1 - p)
    }
    let seen = [0, 1, 3, 4]
    let expected = zip(seen, known).reduce(0.0) { $0 + cross(logits[$1.0], $1.1) } / 4
    let weights: [Float] = targets.map { $0 < 0 ? 0 : 6.0 / 4 }
    let loss = try Tensor(logits, shape: [2, 3]).binaryCrossEntropy(
      Tensor(targets.map { max($0, 0) }, shape: [2, 3]), weights: Tensor(weights, shape: [2, 3]))
    #expect(abs(Double(try loss.values()[0]) - expected) < 1e-6)
    #expect(MultiLabelAUC.ofEach(scores: logits, targets: targets, classes: 3).map(\.isNaN) == [true, false, true])
    #expect(MultiLabelAUC.value(scores: logits, targets: targets, classes: 3) == 1)
    let further = MultiLabelAUC.ofEach(scores: [0.1, 0.9, 0.5, 0.7], targets: [0, 1, -1, 0], classes: 1)
    #expect(further == MultiLabelAUC.ofEach(scores: [0.1, 0.9, 0.7], targets: [0, 1, 0], classes: 1))
  }

  /// Where some labels are unknown and positives have weights, a network learns and its neighbours vote.
  @Test func trainsWithWhatIsUnknown() throws {
    try Runtime.setThreads(1)
    func source(_ count: Int, seed: UInt64) -> PartlyKnown {
      PartlyKnown(images: SyntheticSource(count: count, side: 16, classes: 4, seed: seed))
    }
    let network = try Backbone.make(name: "vit_micro", classes: 2, options: NetworkOptions(imageSize: 16))
    try Initialisation.random.apply(to: network, seed: 1)
    let validation = source(40, seed: 2)
    let options = TrainingOptions(
      epochs: 30, batchSize: 8, optimizer: OptimizerOptions(rate: 1e-3),
      loss: .binaryCrossEntropy(weights: .balanced), validateEvery: 10, seed: 5, judgesNeighbours: true)
    let result = try Trainer(options: options).run(
      network, training: source(60, seed: 1), validation: validation,
      metric: { scores, _ in MultiLabelAUC.value(scores: scores, targets: validation.targets ?? [], classes: 2) })
    let best = try #require(result.best)
    #expect(best.validationMetric > 0.9, "\(best)")
    #expect(best.validationNeighbours.map { $0 > 0.6 } == true, "\(best)")
    #expect(best.validationLoss < 0.6)
  }

  struct PartlyKnown: ImageSource {
    let images: SyntheticSource
    let classes = 2
    var learnsUnknown = false
    var count: Int { images.count }
    var shape: ImageShape { images.shape }
    var labels: [Int] { [] }
    var targets: [Float]? { (0..<count).flatMap(targets) }

    private func targets(_ position: Int) -> [Float] {
      let label = images.labels[position]
      return [position % 5 == 0 ? -1 : Float(label & 1), position % 7 == 0 ? -1 : Float(label >> 1)]
    }

    func batch(_ positions: [Int], draws: RandomStream?) throws -> ImageBatch {
      var batch = try images.batch(positions, draws: draws)
      batch.labels = []
      batch.targets = positions.flatMap(targets)
      return batch
    }
  }
}
