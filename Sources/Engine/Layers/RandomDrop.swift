/// Something that a training pass leaves out at random: what it keeps counts 1 / (1 - probability), and what it drops 0.
struct RandomDrop: Sendable, Hashable {
  let probability: Double
  /// How many numbers of each image are kept or dropped, each by itself.
  let countPerImage: Int

  /// Stochastic depth: Huang et al., *Deep Networks with Stochastic Depth*, ECCV 2016, in timm's form: a block's branch is left
  /// out of an image as a whole. Nil where nothing is dropped.
  static func branch(_ probability: Double) -> RandomDrop? {
    probability > 0 ? RandomDrop(probability: probability, countPerImage: 1) : nil
  }

  /// The probability of each of so many blocks: from 0 in equal steps to the greatest.
  static func depths(upTo greatest: Double, blocks: Int) -> [Double] {
    (0..<blocks).map { blocks > 1 ? greatest * Double($0) / Double(blocks - 1) : 0 }
  }
}

extension Network {
  /// What each thing that a training pass over so many images may drop counts, in the order in which the pass comes to them; nil
  /// where it drops nothing. One row, on the device.
  func dropFactors(images: Int, draws: RandomStream, device: Device) throws -> Tensor? {
    let drops = segments.compactMap(\.drop)
    guard !drops.isEmpty else { return nil }
    var draws = draws
    var factors: [Float] = []
    for drop in drops {
      let kept = Float(1 / (1 - drop.probability))
      for _ in 0..<images * drop.countPerImage { factors.append(draws.chance(drop.probability) ? 0 : kept) }
    }
    return try Tensor(factors, device: device)
  }
}
