/// Stochastic depth: Huang et al., *Deep Networks with Stochastic Depth*, ECCV 2016, in timm's form: in training a block's
/// branch is left out for an image with the block's probability, and counts 1 / (1 - probability) where it is kept.
struct StochasticDepth {
  /// What is drawn in one pass over a network; nil where nothing is dropped.
  private var draws: RandomStream?
  private let images: Int

  /// - Parameter draws: Nil in evaluation, and for networks that drop nothing.
  init(_ draws: RandomStream?, images: Int) {
    self.draws = draws
    self.images = images
  }

  /// x + branch, the branch dropped with the probability.
  mutating func add(_ branch: Tensor, to x: Tensor, probability: Double) throws -> Tensor {
    guard probability > 0, draws != nil else { return try x.adding(branch) }
    return try x.adding(branch, scales: scales(probability))
  }

  private mutating func scales(_ probability: Double) -> [Float] {
    let kept = Float(1 / (1 - probability))
    return (0..<images).map { _ in draws?.chance(probability) ?? false ? 0 : kept }
  }

  /// The probability of each of so many blocks: from 0 in equal steps to the greatest.
  static func probabilities(upTo greatest: Double, blocks: Int) -> [Double] {
    (0..<blocks).map { blocks > 1 ? greatest * Double($0) / Double(blocks - 1) : 0 }
  }
}
