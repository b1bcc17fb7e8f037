/// A network from images to logits.
public protocol Network: AnyObject {
  /// Every tensor, in the order of the state dict.
  var tensors: [NetworkTensor] { get }
  /// From input to output; their names are those of the modules that analyses look at.
  var segments: [Segment] { get }
  /// How the fresh head and the other tensors are drawn for random initialisation.
  var family: NetworkFamily { get }
}

/// What a pass over a network is for.
public enum Pass {
  /// Batch norms at their running statistics; nothing is dropped.
  case evaluation
  /// Batch norms use and move their statistics by the batch; what the backbone drops at random counts the network's
  /// `dropFactors`, in one row, and all is kept where there are none.
  case training(drops: Tensor?)

  var isTraining: Bool { if case .training = self { true } else { false } }

  var drops: Tensor? { if case .training(let drops) = self { drops } else { nil } }
}

/// What watches a network's inner outputs.
public typealias Observer = (_ probe: String, _ output: Tensor) throws -> Void

/// The libraries' conventions that a family's random initialisation follows.
public enum NetworkFamily: String, Sendable, Codable, Hashable {
  /// As torchvision draws a ResNet.
  case residual
  /// As torchvision draws an Inception.
  case inception
  /// As timm draws a vision transformer.
  case transformer
  /// As timm draws a Swin transformer.
  case swin
  /// As timm draws it, but for the deviation of linear weights, 1 / sqrt(fan in): the usual 0.02 suits widths of hundreds,
  /// and leaves a network of width 48 all but silent.
  case narrowTransformer
}

extension Network {
  /// Logits [n, classes] of images [n, channels, h, w].
  public func callAsFunction(_ images: Tensor, pass: Pass) throws -> Tensor {
    try self(images, pass: pass, observe: nil)
  }

  /// What training moves, in the order of the state dict.
  public var parameters: [NetworkTensor] { tensors.filter(\.isParameter) }

  /// How many logits an image has.
  var outputs: Int { tensors.first(where: \.isHead)?.shape.first ?? 0 }

  /// The number of trained numbers.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.shape.reduce(1, *) } }

  /// The values of every tensor.
  public func stateDict() throws -> StateDict {
    var state = StateDict()
    for entry in tensors { try state.append(entry.name, shape: entry.shape, values: entry.tensor.values()) }
    return state
  }

  /// Puts values from a state dict of exactly this network's names and shapes into its tensors.
  public func load(_ state: StateDict) throws {
    try StrictLoading.check(state, against: tensors, what: "the saved network")
    for entry in tensors {
      if let values = state[entry.name]?.values { try entry.tensor.write(values) }
    }
  }
}
