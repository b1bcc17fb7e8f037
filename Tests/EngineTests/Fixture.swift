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
  let evaluation: Pass
  let training: Pass

  static let labels = [3, 8]
  static let classes = 10

  static func load(_ name: String) throws -> Fixture {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
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

  /// Two images of 224 pixels: waves of their own direction and length in each channel, under noise.
  static func images() throws -> Tensor {
    var values = formula("images", count: 2 * 3 * 224 * 224).map { $0 / 2 }
    for place in values.indices {
      let (column, row) = (place % 224, place / 224 % 224)
      let (channel, image) = (place / (224 * 224) % 3, place / (3 * 224 * 224))
      values[place] += sin(Double(row * (1 + 2 * image) + column * (3 - 2 * image + channel)) * 0.05)
    }
    return try Tensor(values.map { Float($0) }, shape: [2, 3, 224, 224])
  }

  static func weight(_ name: String, shape: [Int]) -> [Float] {
    let values = formula(name, count: shape.reduce(1, *))
    if name.hasSuffix("running_var") { return values.map { Float(1 + $0 / 2) } }
    if name.hasSuffix("running_mean") { return values.map { Float($0 / 8) } }
    if name == "cls_token" || name == "pos_embed" { return values.map { Float($0 / 2) } }
    if shape.count > 1 {
      // A small head keeps the softmax from saturating.
      let isHead = name == "fc.weight" || name == "head.weight"
      let scale = (6 / Double(shape.dropFirst().reduce(1, *))).squareRoot() / (isHead ? 8 : 1)
      return values.map { Float($0 * scale) }
    }
    return name.hasSuffix("weight") ? values.map { Float(1 + $0 / 4) } : values.map { Float($0 / 8) }
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
