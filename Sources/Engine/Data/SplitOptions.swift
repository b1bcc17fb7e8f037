import Foundation

/// How a data set is divided where it does not say so itself.
public struct SplitOptions: Sendable, Hashable {
  /// Shares of the images; each above 0, together 1.
  public var train: Double
  public var validation: Double
  public var test: Double
  public var seed: UInt64
  /// Whether every class is divided by these shares, rather than all images together.
  public var stratified: Bool
  /// Whether images of one group stay together.
  public var keepsGroups: Bool

  public init(
    train: Double = 0.7, validation: Double = 0.15, test: Double = 0.15, seed: UInt64 = 42, stratified: Bool = true,
    keepsGroups: Bool = true
  ) {
    self.keepsGroups = keepsGroups
    self.train = train
    self.validation = validation
    self.test = test
    self.seed = seed
    self.stratified = stratified
  }

  func share(_ split: Split) -> Double {
    switch split {
    case .train: train
    case .validation: validation
    case .test: test
    }
  }
}

extension ImageListing {
  /// The split of every item, in order.
  ///
  /// Splits that the data set gives are kept. Those that it does not give are taken out of its training images, in the
  /// proportion that their share has to that of training. Images of one group stay together. The draw is of the stream
  /// `split` of the options' seed, so depends on nothing but the items and these options.
  ///
  /// - Throws: `DataFault`; in particular where a class would be without an image in a split.
  public func splits(_ options: SplitOptions) throws -> [Split] {
    let shares = Split.allCases.map(options.share)
    guard shares.allSatisfy({ $0.isFinite && $0 > 0 }), abs(shares.reduce(0, +) - 1) < 1e-6 else {
      throw DataFault.badShares(train: options.train, validation: options.validation, test: options.test)
    }
    let given = Set(items.compactMap(\.split))
    let wanted =
      given.isEmpty ? Split.allCases : [.train] + Split.allCases.filter { $0 != .train && !given.contains($0) }
    guard given.isEmpty || given.contains(.train) else { throw DataFault.noTrainingSplit(place: root) }

    var result = items.map { $0.split ?? .train }
    if wanted.count > 1 {
      let divided = items.indices.filter { result[$0] == .train }
      let grouped = options.keepsGroups && divided.contains { items[$0].group != nil }
      let draw = SplitDraw(listing: self, options: options, wanted: wanted, positions: divided)
      let balanced = grouped || showsSeveralClasses
      for (position, split) in zip(divided, balanced ? draw.byGroup() : try draw.byImage()) { result[position] = split }
    }
    try checkCoverage(result)
    return result
  }

  /// Throws unless every class has an image in every split, and where images may show several, one without it too. Every
  /// such class is named.
  func checkCoverage(_ splits: [Split]) throws {
    let none = Split.allCases.map { _ in Array(repeating: 0, count: classes.count) }
    var present = none
    var absent = none
    for (item, split) in zip(items, splits) {
      let place = Split.allCases.firstIndex(of: split) ?? 0
      switch item.label {
      case .one(let label): present[place][label] += 1
      case .each(let presences):
        for (label, presence) in presences.enumerated() {
          if presence == .present { present[place][label] += 1 }
          if presence == .absent { absent[place][label] += 1 }
        }
      }
    }
    let isGrouped = items.contains { $0.group != nil }
    let several = showsSeveralClasses
    var faults = DataFaults()
    for (place, split) in Split.allCases.enumerated() {
      for (label, name) in classes.enumerated() {
        if present[place][label] == 0 {
          faults.add(.classMissingFromSplit(className: name, split: split, grouped: isGrouped))
        } else if several, absent[place][label] == 0 {
          faults.add(.classEverywhereInSplit(className: name, split: split))
        }
      }
    }
    try faults.check()
  }

  /// The groups that have images in more than one split.
  public func sharedGroups(_ splits: [Split]) -> [SharedGroup] {
    var places: [String: Set<Split>] = [:]
    for (item, split) in zip(items, splits) {
      if let group = item.group { places[group, default: []].insert(split) }
    }
    return places.filter { $0.value.count > 1 }
      .map { found in SharedGroup(name: found.key, splits: Split.allCases.filter(found.value.contains)) }
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }
}

/// A patient, lesion or other group with images in several splits.
public struct SharedGroup: Sendable, Hashable {
  public let name: String
  public let splits: [Split]

  public init(name: String, splits: [Split]) {
    self.name = name
    self.splits = splits
  }
}

/// Divides some of a listing's items at random.
private struct SplitDraw {
  let listing: ImageListing
  let options: SplitOptions
  let wanted: [Split]
  /// The items to divide, in order.
  let positions: [Int]

  private var shares: [Double] {
    let all = wanted.map(options.share)
    let total = all.reduce(0, +)
    return all.map { $0 / total }
  }

  private var stream: RandomStream { RandomStream(seed: options.seed, purpose: "split") }

  private func stratum(_ position: Int) -> Int { options.stratified ? listing.items[position].label.index ?? 0 : 0 }

  /// What an image counts for: its class; where it may show several, each that it shows, and one that all images share.
  private func strata(_ position: Int) -> [Int] {
    guard options.stratified else { return [0] }
    switch listing.items[position].label {
    case .one(let label): return [label]
    case .each: return listing.items[position].label.shown + [listing.classes.count]
    }
  }

  func byImage() throws -> [Split] {
    var result = Array(repeating: Split.train, count: positions.count)
    let strata = Dictionary(grouping: positions.indices) { stratum(positions[$0]) }
    for (stratum, members) in strata.sorted(by: { $0.key < $1.key }) {
      guard members.count >= wanted.count else {
        throw DataFault.tooFewImages(
          className: options.stratified ? listing.classes[stratum] : "(all)", count: members.count, splits: wanted)
      }
      var draws = stream.child(UInt64(stratum))
      let order = draws.permutation(members.count)
      var next = 0
      for (split, share) in zip(wanted, shares) where split != .train {
        // At least one here, and at least one left for each that follows and for training.
        let most = members.count - next - (wanted.count - 1)
        let count = max(1, min(most, Int((share * Double(members.count)).rounded())))
        for place in order[next..<next + count] { result[members[place]] = split }
        next += count
      }
    }
    return result
  }

  /// Groups, largest first and otherwise in random order, each to the split that still lacks most of what the group holds.
  /// An image without a group is one by itself.
  func byGroup() -> [Split] {
    var groups: [String: [Int]] = [:]
    for index in positions.indices {
      let item = listing.items[positions[index]]
      let group = options.keepsGroups ? item.group : nil
      groups[group.map { "group " + $0 } ?? "image " + item.path, default: []].append(index)
    }
    let names = groups.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var draws = stream
    let order = draws.permutation(names.count).map { names[$0] }
    let members = order.map { groups[$0] ?? [] }
    let largestFirst = members.indices.sorted { (-members[$0].count, $0) < (-members[$1].count, $1) }

    let strata = options.stratified ? listing.classes.count + 1 : 1
    var totals = Array(repeating: 0, count: strata)
    for position in positions { for stratum in self.strata(position) { totals[stratum] += 1 } }
    let desired = shares.map { share in totals.map { max(share * Double($0), 1e-9) } }
    var have = shares.map { _ in Array(repeating: 0.0, count: strata) }
    var result = Array(repeating: Split.train, count: positions.count)
    for group in largestFirst {
      let strataHere = members[group].flatMap { self.strata(positions[$0]) }
      var best = 0
      var bestLack = -Double.infinity
      for split in wanted.indices {
        let lack = strataHere.reduce(0.0) { $0 + (desired[split][$1] - have[split][$1]) / desired[split][$1] }
        if lack > bestLack { (best, bestLack) = (split, lack) }
      }
      for index in members[group] { result[index] = wanted[best] }
      for stratum in strataHere { have[best][stratum] += 1 }
    }
    return result
  }
}
