/// A tensor of a network with its name in the network's state dict and what it is, which says how each initialisation
/// treats it.
public struct NetworkTensor {
  public enum Role: String, Sendable, Codable, Hashable {
    case linearWeight, linearBias, convolutionWeight, convolutionBias
    /// A patch embedding: a convolution in its name and shape.
    case patchWeight, patchBias
    case normScale, normShift
    case runningMean, runningVariance
    /// A class token or position embedding.
    case embedding
    /// A bias of attention by relative position.
    case biasTable
  }

  public let name: String
  public let role: Role
  public let shape: [Int]
  public let tensor: Tensor
  /// How many inputs each output of its layer sums over; 0 where that has no meaning.
  public let fanIn: Int
  /// Whether it belongs to the classification head, which every training begins with fresh.
  public let isHead: Bool
  /// Where it stands from input to output, as the study's released code counts: WT-ST-n takes it from the source weights
  /// where `depth` is at most n. The first layer has depth -1; a head's has no meaning.
  public let depth: Int
  /// Where the head's input can be seen; nil for any tensor but the head's.
  let headInput: HeadInput?

  /// Whether training moves it by gradients; running statistics move by themselves.
  public var isParameter: Bool { role != .runningMean && role != .runningVariance }
}

/// The input of a head, kept while someone watches.
final class HeadInput {
  var isWatched = false
  /// The last input: [n, width].
  var tensor: Tensor?
}

/// Makes and lists a network's tensors in the order of its state dict.
struct TensorList {
  private(set) var all: [NetworkTensor] = []
  let device: Device
  /// The depth of the tensors made next.
  var depth = -1

  init(device: Device) { self.device = device }

  /// A new tensor of the fill value.
  mutating func make(
    _ name: String, _ role: NetworkTensor.Role, _ shape: [Int], fill: Float = 0, fanIn: Int = 0, isHead: Bool = false,
    headInput: HeadInput? = nil
  ) throws -> Tensor {
    var tensor = try Tensor([Float](repeating: fill, count: shape.reduce(1, *)), shape: shape, device: device)
    if role == .convolutionWeight { tensor = try tensor.channelsLast() }
    let entry = NetworkTensor(
      name: name, role: role, shape: shape, tensor: tensor, fanIn: fanIn, isHead: isHead, depth: depth,
      headInput: headInput)
    if entry.isParameter { try tensor.requireGradient() }
    all.append(entry)
    return tensor
  }
}
