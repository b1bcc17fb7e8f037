import Engine
import Foundation
import Testing

@Suite struct NeighbourSearchTests {
  private static let (bank, queries, width, classes) = (70, 9, 6, 4)

  /// The features of `representations.py`.
  private static func rows(_ side: String, count: Int, scale: Float) throws -> FeatureRows {
    var cls = RepresentationFixture.floats("cls of the \(side)", count: count * width)
    var patches = RepresentationFixture.floats("patches of the \(side)", count: count * width).map { $0 * scale }
    for place in 0..<width {
      if side == "queries" {
        cls[(count - 1) * width + place] = 0
        patches[(count - 1) * width + place] = 0
        continue
      }
      cls[30 * width + place] = 0
      patches[30 * width + place] = 0
      for row in 10..<15 {
        cls[row * width + place] = cls[(row + 10) * width + place]
        patches[row * width + place] = patches[(row + 10) * width + place]
      }
    }
    return try FeatureRows(cls: cls, patches: patches, width: width)
  }

  /// scikit-learn's KNeighborsClassifier in float64 (one class an image), and float64 sums (several): products here are
  /// float32, so similarities are good to 1e-7 and weights exp(s / 0.1) to 1e-6.
  @Test(arguments: RepresentationFixture.content.votes, [true, false])
  func votesAsScikitLearn(_ wanted: RepresentationFixture.Vote, kernels: Bool) throws {
    Runtime.useKernels(kernels)
    defer { Runtime.useKernels(true) }
    let part = try #require(FeaturePart(rawValue: wanted.part))
    let search = try NeighbourSearch(
      queries: Self.rows("queries", count: Self.queries, scale: 0.25), k: wanted.k == Self.bank ? 200 : wanted.k)
    try search.add(Self.rows("bank", count: Self.bank, scale: 3))
    let nearest = try search.neighbours(by: part)
    #expect(nearest.count == wanted.k && nearest.bank == Self.bank && nearest.queries == Self.queries)
    let labels = (0..<Self.bank).map { ($0 * 7 + $0 / 5) % Self.classes }
    let shares = try NeighbourVote.standard.shares(nearest, labels: labels, classes: Self.classes)
    #expect(largestDifference(Array(shares.prefix(wanted.queries * Self.classes)), wanted.labels) < 1e-5)
    var targets = RepresentationFixture.floats("targets", count: Self.bank * 3).map {
      min(1, max(-1, ($0 * 1.5 + 0.5).rounded(.down)))
    }
    for image in 0..<Self.bank { targets[image * 3 + 2] = -1 }
    let several = try NeighbourVote.standard.shares(nearest, targets: targets, classes: 3)
    #expect(largestDifference(Array(several.prefix(wanted.queries * 3)), wanted.targets) < 1e-5)
  }

  /// More of both than any block has rows, against sorted float64 cosines.
  @Test(arguments: [(1, 700, 5), (300, 1500, 19), (530, 90, 8)], [true, false])
  func findsWhatSortingFinds(_ sizes: (queries: Int, bank: Int, width: Int), kernels: Bool) throws {
    try Runtime.setThreads(2)
    Runtime.useKernels(kernels)
    defer { Runtime.useKernels(true) }
    let (queries, bank, width) = sizes
    let k = 100
    let left = RepresentationFixture.floats("left", count: queries * width)
    let right = RepresentationFixture.floats("right", count: bank * width)
    let search = try NeighbourSearch(queries: FeatureRows(left, width: width), k: k)
    try search.add(FeatureRows(right, width: width))
    let found = try search.neighbours(by: .all)
    #expect(found.count == min(k, bank))
    func unit(_ values: [Float], _ row: Int) -> [Double] {
      let row = values[row * width..<(row + 1) * width].map(Double.init)
      let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return row.map { $0 / length }
    }
    let bankRows = (0..<bank).map { unit(right, $0) }
    for query in 0..<queries {
      let own = unit(left, query)
      let cosines = bankRows.map { zip($0, own).reduce(0) { $0 + $1.0 * $1.1 } }
      let sorted = cosines.sorted(by: >)
      let range = query * found.count..<(query + 1) * found.count
      #expect(Set(found.positions[range]).count == found.count)
      for (rank, index) in range.enumerated() {
        let similarity = Double(found.similarities[index])
        #expect((similarity - cosines[Int(found.positions[index])]).magnitude < 1e-6)
        #expect((similarity - sorted[rank]).magnitude < 1e-6)
      }
    }
  }

  /// All that can be found is equally near, in products that are exact: those that come first in the bank.
  @Test(arguments: [true, false]) func ofEqualsTheEarlierCount(_ kernels: Bool) throws {
    Runtime.useKernels(kernels)
    defer { Runtime.useKernels(true) }
    // Every third image looks the query's way, the others away from it or aside.
    let directions: [[Float]] = [[0, 1], [2, 0], [-1, 0]]
    let search = try NeighbourSearch(queries: FeatureRows([4, 0, 0, 0], width: 2), k: 150)
    try search.add(FeatureRows((0..<600).flatMap { directions[$0 % 3] }, width: 2))
    let found = try search.neighbours(by: .all)
    let (ahead, first) = ((0..<150).map { Int32(3 * $0 + 1) }, (0..<150).map { Int32($0) })
    #expect(found.positions.prefix(150) == ahead[...])
    #expect(found.similarities.prefix(150).allSatisfy { $0 == 1 })
    // A query without a direction is at similarity 0 to everything.
    #expect(found.positions.suffix(150) == first[...])
    #expect(found.similarities.suffix(150).allSatisfy { $0 == 0 })
  }

  @Test func featuresThatAreNotFiniteAreAtSimilarity0() throws {
    let search = try NeighbourSearch(queries: FeatureRows([1, 1, .nan, 1], width: 2), k: 5)
    try search.add(FeatureRows([.infinity, 1, 3, 3, 1e30, -1e30, 1e-30, 1e-30], width: 2))
    let found = try search.neighbours(by: .all)
    #expect(found.positions == [1, 3, 0, 2, 0, 1, 2, 3])
    #expect(largestDifference(found.similarities, [1, 1, 0, 0, 0, 0, 0, 0]) < 1e-6)
  }

  /// To the bit, however the bank comes.
  @Test func theBanksBatchesDoNotMatter() throws {
    let (count, width) = (600, 24)
    let right = RepresentationFixture.floats("right", count: count * width)
    let queries = try FeatureRows(RepresentationFixture.floats("left", count: 40 * width), width: width)
    let found = try [1, 64, 256, 600].map { size in
      let search = try NeighbourSearch(queries: queries, k: 50)
      for start in stride(from: 0, to: count, by: size) {
        let end = min(count, start + size)
        try search.add(FeatureRows(Array(right[start * width..<end * width]), width: width))
      }
      return try search.neighbours(by: .all)
    }
    #expect(found.allSatisfy { $0 == found[0] })
  }

  @Test func takesTensorsAsTheyArePooled() throws {
    let values = RepresentationFixture.floats("tokens", count: 5 * 4 * 3)
    let tokens = try PooledFeatures(Tensor(values, shape: [5, 4, 3]), layout: .classTokenFirst)
    var rows = FeatureRows()
    try rows.append(tokens)
    #expect(rows.parts == [.cls, .patches, .all])
    let search = try NeighbourSearch(queries: rows, k: 1)
    try search.add(tokens)
    for part in rows.parts { #expect(try search.neighbours(by: part).positions == [0, 1, 2, 3, 4]) }
  }

  @Test func saysHowMuchItHolds() {
    // Unit rows, keys, two blocks of 256 rows.
    #expect(NeighbourSearch.bytes(queries: 1000, width: 768, k: 200, parts: 1) == 1000 * (3072 + 1600) + 512 * 3072)
    #expect(NeighbourSearch.bytes(queries: 10, width: 4, k: 3, parts: 3) == 10 * (24 + 72) + 512 * 24)
  }

  @Test func refusesWhatDoesNotFit() throws {
    let rows = try FeatureRows([1, 2, 3, 4], width: 2)
    #expect(throws: EngineError.data("no images to find the neighbours of")) {
      try NeighbourSearch(queries: FeatureRows(), k: 1)
    }
    #expect(throws: EngineError.specification("the 0 nearest neighbours: give a number from 1 on")) {
      try NeighbourSearch(queries: rows, k: 0)
    }
    let search = try NeighbourSearch(queries: rows, k: 1)
    #expect(throws: EngineError.data("no images to find neighbours among")) { try search.neighbours(by: .all) }
    #expect(throws: EngineError.specification("a bank's features of widths [1] for queries of [2]")) {
      try search.add(FeatureRows([1, 2], width: 1))
    }
    try search.add(rows)
    #expect(throws: EngineError.specification("these features have no part 'cls'")) { try search.neighbours(by: .cls) }
    #expect(throws: EngineError.specification("3 values are no 1 features of width 2")) {
      try FeatureRows([1, 2, 3], width: 2)
    }
    let nearest = try search.neighbours(by: .all)
    #expect(throws: EngineError.self) { try NeighbourVote.standard.shares(nearest, labels: [0], classes: 2) }
    #expect(throws: EngineError.self) { try NeighbourVote.standard.shares(nearest, labels: [0, 2], classes: 2) }
    #expect(throws: EngineError.self) { try NeighbourVote.standard.shares(nearest, targets: [0], classes: 2) }
    #expect(throws: EngineError.self) { try NeighbourVote(neighbours: 200, temperature: 0) }
  }

  /// A vote of fewer than were searched is that of the nearest.
  @Test func fewerMayVote() throws {
    let search = try NeighbourSearch(queries: FeatureRows([1, 0], width: 2), k: 4)
    try search.add(FeatureRows([0, 1, 1, 0, 1, 1, -1, 0], width: 2))
    let nearest = try search.neighbours(by: .all)
    let two = try NeighbourVote(neighbours: 2, temperature: 0.5).shares(nearest, labels: [0, 1, 2, 0], classes: 3)
    let weights = [exp(2.0), exp(2 * 0.5.squareRoot())]
    let total = weights[0] + weights[1]
    #expect(largestDifference(two, [0, weights[0] / total, weights[1] / total]) < 1e-6)
  }
}

@Suite struct PooledFeatureTests {
  private static let values = RepresentationFixture.floats("output", count: 2 * 3 * 4 * 5)

  private static func mean(_ places: [Int]) -> Double {
    places.reduce(0) { $0 + Double(values[$1]) } / Double(places.count)
  }

  private static func whole(_ shape: [Int], _ layout: TokenLayout) throws -> [Float] {
    guard case .whole(let features) = try PooledFeatures(Tensor(values, shape: shape), layout: layout) else {
      return []
    }
    return try features.values()
  }

  @Test func aConvolutionsOutputIsAveragedOverPlaces() throws {
    let wanted = (0..<6).map { row in Self.mean((0..<20).map { row * 20 + $0 }) }
    #expect(try largestDifference(Self.whole([2, 3, 4, 5], .channelsFirst), wanted) < 1e-6)
  }

  @Test func aSwinsAndAnEmbeddingsOutputIsAveragedOverTokens() throws {
    let wanted = (0..<10).map { row in Self.mean((0..<12).map { row / 5 * 60 + $0 * 5 + row % 5 }) }
    #expect(try largestDifference(Self.whole([2, 3, 4, 5], .channelsLast), wanted) < 1e-6)
    #expect(try largestDifference(Self.whole([2, 12, 5], .tokens), wanted) < 1e-6)
  }

  @Test func logitsStayAsTheyAre() throws { #expect(try Self.whole([6, 20], .vector) == Self.values) }

  @Test func aClassTokenIsKeptApart() throws {
    let output = try Tensor(Self.values, shape: [2, 12, 5])
    let features = try PooledFeatures(output, layout: .classTokenFirst)
    #expect(features.parts == [.cls, .patches, .all])
    guard case .tokens(let cls, let patches) = features else {
      Issue.record("no class token")
      return
    }
    #expect(try cls.values() == Array(Self.values[0..<5] + Self.values[60..<65]))
    let wanted = (0..<10).map { row in Self.mean((1..<12).map { row / 5 * 60 + $0 * 5 + row % 5 }) }
    #expect(try largestDifference(patches.values(), wanted) < 1e-6)
  }

  @Test(arguments: [([120], TokenLayout.vector), ([2, 12, 5], .channelsFirst), ([24, 1, 5], .classTokenFirst)])
  func refusesAnotherShape(_ shape: [Int], _ layout: TokenLayout) {
    #expect(throws: EngineError.specification("a layer's output of shape \(shape) is not laid out as \(layout)")) {
      try PooledFeatures(Tensor(Self.values, shape: shape), layout: layout)
    }
  }
}
