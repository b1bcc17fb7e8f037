import Engine
import Planner
import WorkerProtocol

/// What neighbours among a bank's images say of test images.
struct Votes {
  /// [test images x classes].
  let shares: [Float]
  /// How many voted on each.
  let neighbours: Int
  /// Classes that no image of the bank shows: nothing votes for them.
  let absentClasses: [String]

  init(_ nearest: Neighbours, of options: NeighbourOptions, bank: StoredImageSource) throws {
    let vote = try NeighbourVote(neighbours: options.k, temperature: options.temperature)
    neighbours = nearest.count
    if let targets = bank.targets {
      shares = try vote.shares(nearest, targets: targets, classes: bank.classes)
      absentClasses = (0..<bank.classes).filter { label in
        !stride(from: label, to: targets.count, by: bank.classes).contains { targets[$0] > 0.5 }
      }.map { bank.classNames[$0] }
    } else {
      shares = try vote.shares(nearest, labels: bank.labels, classes: bank.classes)
      let present = Set(bank.labels)
      absentClasses = (0..<bank.classes).filter { !present.contains($0) }.map { bank.classNames[$0] }
    }
  }

  /// What a log and the facts of a stage say of them.
  func remarks(of options: NeighbourOptions) -> [String] {
    var remarks: [String] = []
    if neighbours < options.k {
      remarks.append("the bank has \(neighbours) images, fewer than k = \(options.k): all vote")
    }
    if !absentClasses.isEmpty {
      remarks.append("no image of the bank shows \(absentClasses.joined(separator: ", ")): nothing votes for it")
    }
    return remarks
  }

  func facts(of options: NeighbourOptions) -> [String: JSONValue] {
    var facts: [String: JSONValue] = ["neighbours": .number(Double(neighbours))]
    let remarks = remarks(of: options)
    if !remarks.isEmpty { facts["remarks"] = .texts(remarks) }
    return facts
  }
}

/// The same at every layer.
struct LayerVotes {
  let results: [LayerSearch.LayerResult<Votes>]
  /// How often the bank's images went through the network.
  let passes: Int
}

/// Neighbours at every layer of one network, in as many passes as its searches have room for.
struct LayerwiseNeighbours {
  let network: any Network
  let layers: [String]
  let test: StoredImageSource
  let bank: StoredImageSource
  let vote: NeighbourOptions
  let probe: Probe
  let device: Device

  /// - Parameter groups: The layers looked at in each pass over test and training images.
  func votes(in groups: [[String]], _ context: StageContext) throws -> LayerVotes {
    let size = PassNeeds.TestPass.standardBatch
    var results: [LayerSearch.LayerResult<Votes>] = []
    for (number, group) in groups.enumerated() {
      let request = ActivationReading.Request(probe: probe, pooled: Set(group))
      func pass(_ source: StoredImageSource, _ what: String, _ body: ([String: PooledFeatures]) throws -> Void) throws {
        try source.forEachBatch(of: size, on: device) { positions, images in
          if context.shouldStop { throw StageStopped() }
          try body(network.read(images, request).pooled)
          context.report(
            StageProgress(
              fraction: (Double(number) + Double(positions.upperBound) / Double(source.count + 1))
                / Double(groups.count),
              position: "\(what) \(positions.upperBound)/\(source.count), pass \(number + 1)/\(groups.count)"))
        }
      }
      var queries: [String: FeatureRows] = [:]
      try pass(test, "test images") { pooled in
        for (layer, features) in pooled { try queries[layer, default: FeatureRows()].append(features) }
      }
      let search = try LayerSearch(layers: group, queries: queries, k: min(vote.k, max(1, bank.count)), device: device)
      queries = [:]
      try pass(bank, "training images") { try search.add($0) }
      results += try search.results { try Votes($0, of: vote, bank: bank) }
    }
    return LayerVotes(results: results, passes: groups.count)
  }

  /// What each layer's features measure: from one image.
  static func sizes(
    _ network: any Network, of source: StoredImageSource, probe: Probe, device: Device
  ) throws -> [(name: String, width: Int, parts: Int)] {
    let image = try source.batch([0], draws: nil, on: device).tensor(on: device)
    let reading = try network.read(image, ActivationReading.Request(probe: probe, pooled: Set(network.probes)))
    return network.probes.compactMap { layer in
      reading.pooled[layer].map { (layer, $0.width, $0.parts.count) }
    }
  }
}
