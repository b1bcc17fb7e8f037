import Engine
import Planner
import WorkerProtocol

/// A network with its first weights: source weights are brought to its image size and its channels on the way.
struct SourceTransfer {
  let backbone: String
  let initialisation: Initialisation
  let classes: Int
  let options: NetworkOptions
  let stem: Stem
  let device: Device

  /// What was done.
  struct Record {
    let tensors: [TensorInitialisation]
    /// Source tensors that were made for another size.
    let resized: [TensorResizing]
    /// How a stem of three channels became one of one; nil where it did not.
    let stem: Stem?
  }

  /// Makes the network.
  ///
  /// A stem of one channel is taken from the initialised stem of three, as the study's released code does: so statistics
  /// transfer draws with the statistics of all three channels' filters.
  func network(seed: UInt64) throws -> (network: any Network, record: Record) {
    let network = try make(options, on: device)
    guard let source = initialisation.source else {
      return (network, Record(tensors: try initialisation.apply(to: network, seed: seed), resized: [], stem: nil))
    }
    // Source weights of one channel, from a pretraining with the same stem, are there as they must be.
    let isGrey = network.tensors.contains { tensor in
      tensor.shape.count == 4 && tensor.shape[1] == 1 && source[tensor.name]?.shape.dropFirst().first == 3
    }
    var inColour = options
    inColour.channels = 3
    let donor = options.channels == 1 && isGrey ? try make(inColour, on: .cpu) : network
    let (fitted, resized) = try source.fitted(to: donor)
    let tensors = try initialisation.with(fitted).apply(to: donor, seed: seed)
    if donor !== network { try network.load(donor.stateDict().withStem(stem, for: network)) }
    return (network, Record(tensors: tensors, resized: resized, stem: donor === network ? nil : stem))
  }

  private func make(_ options: NetworkOptions, on device: Device) throws -> any Network {
    try Backbone.make(name: backbone, classes: classes, options: options, device: device)
  }
}

extension Initialisation {
  /// The weights that it reads; nil for random ones.
  fileprivate var source: StateDict? {
    switch self {
    case .random: nil
    case .transfer(let weights, _, _): weights
    }
  }

  /// The same from other weights.
  fileprivate func with(_ source: StateDict) -> Initialisation {
    switch self {
    case .random: .random
    case .transfer(_, let depth, let positional): .transfer(source, upTo: depth, positional: positional)
    }
  }
}

extension SourceTransfer.Record {
  /// A line a thing for the log.
  var lines: [String] {
    resized.map { "source weights resized: \($0.text)" }
      + (stem.map { ["one-channel images: the stem is the source's, \($0.meaning)"] } ?? [])
  }

  /// What reports show; empty where source weights were taken as they are.
  var facts: [String: JSONValue] {
    var facts: [String: JSONValue] = [:]
    if !resized.isEmpty { facts["resized"] = .array(resized.map { .string($0.text) }) }
    if let stem { facts["stem"] = .string(stem.rawValue) }
    return facts
  }
}

extension Stem {
  fileprivate var meaning: String {
    switch self {
    case .three: "its three channels"
    case .first: "the filters of its first channel"
    case .sum: "its filters summed over the channels"
    case .mean: "its filters averaged over the channels"
    }
  }
}

extension StemSpec {
  /// The engine's of the same meaning.
  var engine: Stem {
    switch self {
    case .three: .three
    case .first: .first
    case .sum: .sum
    case .mean: .mean
    }
  }
}
