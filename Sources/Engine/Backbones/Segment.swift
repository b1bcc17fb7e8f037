/// A stretch of a network: what lies between two points at which all that the network knows of an image is one tensor. A
/// network is its segments one after the other.
public struct Segment {
  /// The module that it runs, with what joins it to the one before: the name of a probe, and of the module's tensors up to
  /// a dot.
  public let name: String
  let run: (_ input: Tensor, _ state: inout PassState, _ observe: Observer?) throws -> Tensor
}

extension Segment {
  /// A branch beside an identity: the observer is shown the branch, what goes on is the sum.
  ///
  /// - Parameters:
  ///   - drop: The branch's probability of stochastic depth.
  ///   - entering: What is done to the input before both; nil for nothing.
  static func branch(
    _ name: String, drop: Double, after entering: ((Tensor) throws -> Tensor)? = nil,
    _ branch: @escaping (Tensor) throws -> Tensor
  ) -> Segment {
    Segment(name: name) { input, state, observe in
      let x = try entering?(input) ?? input
      let output = try branch(x)
      try observe?(name, output)
      return try state.depth.add(output, to: x, probability: drop)
    }
  }
}

/// What a pass carries from segment to segment beside the tensor.
struct PassState {
  let pass: Pass
  var depth: StochasticDepth

  /// - Parameter images: How many go through.
  init(_ pass: Pass, images: Int) {
    self.pass = pass
    depth = StochasticDepth(pass.draws, images: images)
  }
}

/// Where a network is looked at.
public enum Probe: String, Sendable, Codable, Hashable, CaseIterable {
  /// The module's own output: in a transformer that of attention or perceptron before it is added, as in the study's
  /// released code.
  case branch
  /// All that goes on to the next module: in a transformer the sum. In networks without such branches the same.
  case residual
}

extension Network {
  public var probes: [String] { segments.map(\.name) }

  /// Logits [n, classes] of images [n, channels, h, w].
  ///
  /// - Parameters:
  ///   - pass: Whether it is a training's step.
  ///   - observe: Called with each probe's name and output as it is computed.
  public func callAsFunction(_ images: Tensor, pass: Pass, observe: Observer?) throws -> Tensor {
    try run(images, through: segments[...], pass: pass, observe: observe)
  }

  /// What comes out of consecutive segments.
  ///
  /// - Parameters:
  ///   - input: Images for the first segment, else what came out of the one before.
  ///   - probe: What the observer is shown.
  public func run(
    _ input: Tensor, through segments: ArraySlice<Segment>, pass: Pass, probe: Probe = .branch, observe: Observer? = nil
  ) throws -> Tensor {
    var state = PassState(pass, images: input.shape[0])
    let seesSums = probe == .residual && hasBranches
    var x = input
    for segment in segments {
      x = try segment.run(x, &state, seesSums ? nil : observe)
      if seesSums { try observe?(segment.name, x) }
    }
    return x
  }

  /// Whether modules are branches beside an identity.
  private var hasBranches: Bool {
    switch family {
    case .transformer, .narrowTransformer, .swin: true
    case .residual, .inception: false
    }
  }
}
