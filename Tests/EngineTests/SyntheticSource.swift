import Engine

/// Images of as many classes as asked for, each a pattern of its class under noise; augmentation adds noise of its own.
struct SyntheticSource: ImageSource {
  let count: Int
  let shape: ImageShape
  let classes: Int
  let seed: UInt64
  /// What the noise is multiplied by.
  var noise: Float = 1

  init(count: Int, side: Int = 32, classes: Int = 3, seed: UInt64 = 0, noise: Float = 1) {
    self.count = count
    shape = ImageShape(channels: 3, height: side, width: side)
    self.classes = classes
    self.seed = seed
    self.noise = noise
  }

  var labels: [Int] { (0..<count).map { ($0 * 7 + $0 / 5) % classes } }

  func batch(_ positions: [Int], draws: RandomStream?) throws -> ImageBatch {
    let size = shape.channels * shape.height * shape.width
    let labels = labels
    var pixels: [Float] = []
    pixels.reserveCapacity(positions.count * size)
    for (index, position) in positions.enumerated() {
      var pattern = RandomStream(seed: 99, purpose: "class \(labels[position])")
      var grain = RandomStream(seed: seed, purpose: "image").child(UInt64(position))
      var shake = draws?.child(UInt64(index))
      for _ in 0..<size {
        pixels.append(
          Float(pattern.uniform() - 0.5) + noise * Float(grain.uniform() - 0.5) + Float((shake?.uniform() ?? 0.5) - 0.5)
        )
      }
    }
    return ImageBatch(pixels: pixels, shape: shape, count: positions.count, labels: positions.map { labels[$0] })
  }
}

/// The share of right answers.
func accuracy(_ probabilities: [Float], _ labels: [Int]) -> Double {
  let classes = probabilities.count / labels.count
  let right = labels.enumerated().count { row, label in
    let scores = probabilities[row * classes..<(row + 1) * classes]
    return scores.indices.max { scores[$0] < scores[$1] } == row * classes + label
  }
  return Double(right) / Double(labels.count)
}
