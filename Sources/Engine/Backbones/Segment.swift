/// A stretch of a network: what lies between two points at which all that the network knows of an image is one tensor. A
/// network is its segments one after the other.
public struct Segment {
  /// The module that it runs, with what joins it to the one before: the name of a probe, and of the module's tensors up to
  /// a dot.
  public let name: String
  /// What it drops at random in training.
  let drop: RandomDrop?
  let run: (_ input: Tensor, _ state: inout PassState, _ observe: Observer?) throws -> Tensor

  init(
    name: String, drop: RandomDrop? = nil,
    run: @escaping (_ input: Tensor, _ state: inout PassState, _ observe: Observer?) throws -> Tensor
  ) {
    self.name = name
    self.drop = drop
    self.run = run
  }
}

extension Segment {
  /// A branch beside an identity: the observer is shown the branch, what goes on is the sum.
  ///
  /// - Parameters:
  ///   - drop: The branch's probability of being dropped.
  ///   - entering: What is done to the input before both; nil for nothing.
  static func branch(
    _ name: String, drop: Double, after entering: ((Tensor) throws -> Tensor)? = nil,
    _ branch: @escaping (Tensor) throws -> Tensor
  ) -> Segment {
    Segment(name: name, drop: .branch(drop)) { input, state, observe in
      let x = try entering?(input) ?? input
      let output = try branch(x)
      try observe?(name, output)
      guard let factors = try state.takeFactors(per: []) else { return try x.adding(output) }
      return try x.adding(output, scales: factors)
    }
  }
}

/// What a pass carries from segment to segment beside the tensor.
struct PassState {
  let pass: Pass
  private let images: Int
  /// The segment that is run.
  fileprivate var drop: RandomDrop?
  /// How many of the pass's factors are taken.
  fileprivate var taken: Int

  /// - Parameters:
  ///   - images: How many go through.
  ///   - skipped: What the segments before the first that is run would drop.
  fileprivate init(_ pass: Pass, images: Int, after skipped: [RandomDrop]) {
    self.pass = pass
    self.images = images
    taken = skipped.reduce(0) { $0 + images * $1.countPerImage }
  }

  /// What each thing that the segment may drop counts: [images] and the further axes; nil where all is kept.
  mutating func takeFactors(per axes: [Int]) throws -> Tensor? {
    guard let drop, let all = pass.drops else { return nil }
    defer { taken += images * drop.countPerImage }
    return try all.part(from: taken, count: images * drop.countPerImage, shape: [images] + axes)
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
    let skipped = self.segments[..<segments.startIndex]
    var state = PassState(pass, images: input.shape[0], after: skipped.compactMap(\.drop))
    let seesSums = probe == .residual && hasBranches
    var x = input
    for segment in segments {
      state.drop = segment.drop
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
