import Engine
import Testing

/// A data set of so many images of each class; group and split as told.
private func listing(
  _ counts: [Int], group: (Int) -> String? = { _ in nil }, split: (Int) -> Split? = { _ in nil }
) -> ImageListing {
  var items: [ImageItem] = []
  for (label, count) in counts.enumerated() {
    for _ in 0..<count {
      let number = items.count
      let digits = String(100_000 + number)
      items.append(ImageItem(path: "\(digits).png", label: label, group: group(number), split: split(number)))
    }
  }
  return ImageListing(root: "/d", items: items, classes: counts.indices.map { "class\($0)" })
}

private func table(_ listing: ImageListing, _ splits: [Split]) -> [Split: [Int]] {
  var counts: [Split: [Int]] = [:]
  for (item, split) in zip(listing.items, splits) {
    counts[split, default: Array(repeating: 0, count: listing.classes.count)][item.label.index ?? 0] += 1
  }
  return counts
}

@Suite struct SplitTests {
  @Test(arguments: [
    ([100, 200], [70, 140], [15, 30], [15, 30]), ([3, 40], [1, 28], [1, 6], [1, 6]),
    ([4, 7], [2, 5], [1, 1], [1, 1]),
  ])
  func dividesEveryClass(counts: [Int], train: [Int], validation: [Int], test: [Int]) throws {
    let listing = listing(counts)
    let found = table(listing, try listing.splits(SplitOptions()))
    #expect(found == [.train: train, .validation: validation, .test: test])
  }

  @Test func dependsOnTheSeedAlone() throws {
    let listing = listing([60, 60])
    let first = try listing.splits(SplitOptions(seed: 1))
    #expect(try listing.splits(SplitOptions(seed: 1)) == first)
    #expect(try listing.splits(SplitOptions(seed: 2)) != first)
  }

  @Test func dividesAllTogetherWhenAsked() throws {
    let listing = listing([500, 500])
    let found = table(
      listing, try listing.splits(SplitOptions(train: 0.5, validation: 0.25, test: 0.25, stratified: false)))
    #expect(found.mapValues { $0.reduce(0, +) } == [.train: 500, .validation: 250, .test: 250])
    #expect(found[.train] != [250, 250])
  }

  @Test func keepsGivenSplitsAndTakesTheRestFromTraining() throws {
    let listing = listing([100, 60]) { _ in
      nil
    } split: {
      $0 % 5 == 0 ? .test : .train
    }
    let splits = try listing.splits(SplitOptions(train: 0.75, validation: 0.25 - 0.05, test: 0.05))
    for (item, split) in zip(listing.items, splits) { #expect((item.split == .test) == (split == .test)) }
    // 0.2 of 0.95 of 80 and of 48.
    #expect(table(listing, splits) == [.train: [63, 38], .validation: [17, 10], .test: [20, 12]])
  }

  @Test func keepsAllThreeWhereGiven() throws {
    let listing = listing([30, 30]) { _ in
      nil
    } split: {
      Split.allCases[$0 % 3]
    }
    #expect(try listing.splits(SplitOptions()) == listing.items.compactMap(\.split))
  }

  @Test(arguments: 0..<5)
  func neverDividesAGroup(seed: UInt64) throws {
    let listing = listing([300, 150]) { "patient \($0 * $0 % 67)" }
    let splits = try listing.splits(SplitOptions(seed: seed))
    var places: [String: Set<Split>] = [:]
    for (item, split) in zip(listing.items, splits) { places[item.group ?? "", default: []].insert(split) }
    #expect(places.values.allSatisfy { $0.count == 1 })
    let found = table(listing, splits)
    for (split, share) in [(Split.train, 0.7), (.validation, 0.15), (.test, 0.15)] {
      let counts = try #require(found[split])
      #expect(abs(Double(counts[0]) - share * 300) < 20)
      #expect(abs(Double(counts[1]) - share * 150) < 14)
    }
  }

  @Test func reportsWhatCannotBeDivided() {
    #expect(
      fault { _ = try listing([2, 50]).splits(SplitOptions()) }
        == .tooFewImages(className: "class0", count: 2, splits: Split.allCases))
    let together = listing([30, 3]) { $0 < 30 ? "\($0)" : "all" }
    #expect(fault { _ = try together.splits(SplitOptions()) } != nil)
    let noTraining = listing([4, 4]) { _ in
      nil
    } split: { _ in
      .test
    }
    #expect(fault { _ = try noTraining.splits(SplitOptions()) } == .noTrainingSplit(place: "/d"))
    let absent = listing([9, 9]) { _ in
      nil
    } split: {
      $0 < 9 ? Split.allCases[$0 % 3] : Split.allCases[$0 % 2]
    }
    #expect(
      fault { _ = try absent.splits(SplitOptions()) }
        == .classMissingFromSplit(className: "class1", split: .test, grouped: false))
  }

  @Test(arguments: [(0.7, 0.3, 0.0), (0.5, 0.2, 0.2), (1.2, -0.1, -0.1), (.nan, 0.5, 0.5)])
  func refusesShares(train: Double, validation: Double, test: Double) {
    let options = SplitOptions(train: train, validation: validation, test: test)
    guard case .badShares = fault({ _ = try listing([20, 20]).splits(options) }) else {
      Issue.record("shares \(options) were taken")
      return
    }
  }
}

@Suite struct SubsetTests {
  private let labels = (0..<500).map { $0 % 7 == 0 ? 2 : $0 % 3 == 0 ? 1 : 0 }

  @Test(arguments: 0..<4)
  func nests(seed: UInt64) {
    var smaller: Set<Int> = []
    for fraction in [0.001, 0.01, 0.1, 0.25, 0.5, 0.99, 1] {
      let chosen = Subset.positions(labels: labels, fraction: fraction, seed: seed)
      #expect(chosen == chosen.sorted() && Set(chosen).count == chosen.count)
      #expect(smaller.isSubset(of: chosen))
      for label in 0..<3 {
        let all = labels.count { $0 == label }
        let expected = max(1, Int((fraction * Double(all)).rounded()))
        #expect(chosen.count { labels[$0] == label } == expected)
      }
      smaller = Set(chosen)
    }
    #expect(smaller.count == labels.count)
  }

  @Test func dependsOnTheSeed() {
    let first = Subset.positions(labels: labels, fraction: 0.2, seed: 0)
    #expect(Subset.positions(labels: labels, fraction: 0.2, seed: 0) == first)
    let second = Subset.positions(labels: labels, fraction: 0.2, seed: 1)
    #expect(second != first)
    #expect(Subset.digest(of: second) != Subset.digest(of: first))
  }

  /// SHA-256 of nothing, and of the two numbers' sixteen bytes (`printf '\1\0\0\0\0\0\0\0\2\1\0\0\0\0\0\0' | sha256sum`).
  @Test func digestsPositions() {
    #expect(Subset.digest(of: []) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(Subset.digest(of: [1, 258]) == "d4b6538234c2adfd24929c81adbc1bbced94c961ef3e778b83c8a0e558fb6198")
  }
}
