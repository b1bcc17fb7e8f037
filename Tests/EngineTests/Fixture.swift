import Engine
import Foundation

/// Numbers of torchvision's and timm's own networks, and the formula for weights and images that both sides compute
/// (`Fixtures/regenerate.py` is the other one).
struct Fixture: Decodable {
  struct Pass: Decodable {
    let logits: [Double]
    let loss: Double
    let probes: [String: Probe]
    let gradients: [String: Double]
  }
  struct Probe: Decodable {
    let norm: Double
    let first: [Double]
  }

  let parameters: Int
  /// The images' side.
  let size: Int
  let evaluation: Pass
  let training: Pass

  static let labels = [3, 8]
  static let classes = 10

  static func load(_ name: String) throws -> Fixture {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/Backbones")
    return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: folder.appending(path: "\(name).json")))
  }

  /// Numbers in [-1, 1): SplitMix64 of the FNV-1a hash of the name plus the index.
  static func formula(_ name: String, count: Int) -> [Double] {
    var seed: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { seed = (seed ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return (0..<UInt64(count)).map { index in
      var z = (index &+ seed) &* 0x9e37_79b9_7f4a_7c15
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      z = z ^ (z >> 31)
      return Double(z >> 40) * 0x1p-23 - 1
    }
  }

  /// Two images: waves of their own direction and length in each channel, under noise.
  static func images(size: Int = 224) throws -> Tensor {
    let plane = size * size
    var values = formula("images", count: 2 * 3 * plane).map { $0 / 2 }
    for place in values.indices {
      let (column, row) = (place % size, place / size % size)
      let (channel, image) = (place / plane % 3, place / (3 * plane))
      values[place] += sin(Double(row * (1 + 2 * image) + column * (3 - 2 * image + channel)) * 0.05)
    }
    return try Tensor(values.map { Float($0) }, shape: [2, 3, size, size])
  }

  static func weight(_ name: String, shape: [Int]) -> [Float] {
    let values = formula(name, count: shape.reduce(1, *))
    if name.hasSuffix("running_var") {
      // Without the shortcuts of a residual network, an Inception's signal would die out in evaluation.
      return values.map { Float((1 + $0 / 2) / (name.contains(".bn.") ? 3 : 1)) }
    }
    if name.hasSuffix("running_mean") { return values.map { Float($0 / 8) } }
    if name == "cls_token" || name == "pos_embed" || name.hasSuffix("relative_position_bias_table") {
      return values.map { Float($0 / 2) }
    }
    if shape.count > 1 {
      // A small head keeps the softmax from saturating.
      let isHead = ["fc.weight", "head.weight", "head.fc.weight"].contains(name)
      let scale = (6 / Double(shape.dropFirst().reduce(1, *))).squareRoot() / (isHead ? 8 : 1)
      return values.map { Float($0 * scale) }
    }
    let parts = name.split(separator: ".")
    let isBatchNorm = parts.dropLast().last?.hasPrefix("bn") ?? false || name.contains(".downsample.1.")
    if name.hasSuffix("weight") { return values.map { Float((1 + $0 / 4) * (isBatchNorm ? 0.5 : 1)) } }
    // Batch norms lift most of their outputs above zero: where many lie near it, rounding alone decides which the rectifier
    // lets through, and torch's own float32 disagrees with its float64 by a thousandth and more.
    let shift = isBatchNorm ? (name.contains(".bn.") ? 1.5 : 1) : 0
    return values.map { Float($0 / 8 + shift) }
  }

  /// A state dict of the network's names and shapes by the formula.
  static func weights(for network: any Network) throws -> StateDict {
    var state = StateDict()
    for entry in network.tensors {
      try state.append(entry.name, shape: entry.shape, values: weight(entry.name, shape: entry.shape))
    }
    return state
  }
}

/// max |a - b| / max |b|.
func relativeError(_ values: [Double], _ reference: [Double]) -> Double {
  guard values.count == reference.count, let scale = reference.map(\.magnitude).max(), scale > 0 else {
    return .infinity
  }
  return zip(values, reference).map { ($0 - $1).magnitude }.max().map { $0 / scale } ?? .infinity
}

func relativeError(_ values: [Float], _ reference: [Float]) -> Double {
  relativeError(values.map(Double.init), reference.map(Double.init))
}

func norm(_ values: [Float]) -> Double { values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
