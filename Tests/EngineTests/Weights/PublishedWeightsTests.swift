import Engine
import Foundation
import Testing

/// Published weights on real images, where a folder of both is named by GRAFT_SHARED.
@Suite struct PublishedWeightsTests {
  static let shared = ProcessInfo.processInfo.environment["GRAFT_SHARED"].flatMap { $0.isEmpty ? nil : $0 }

  private struct Published: Decodable {
    let images: [String]
    let logits: [String: [[Double]]]
  }

  /// timm and torchvision computed in float64 on Pillow's pixels.
  @Test(
    .enabled(if: shared != nil, "set GRAFT_SHARED to a folder with data/ and weights/"),
    arguments: [("resnet18", "resnet18"), ("deit_tiny", "deit_tiny_patch16_224")])
  func classifiesAsItsLibraryDoes(_ backbone: String, _ file: String) throws {
    let shared = try #require(Self.shared)
    let published = FixtureFile.decode("published.json", as: Published.self)
    let path = "\(shared)/weights/\(file).safetensors"
    let network = try Backbone.make(name: backbone, classes: 1000)
    let source = try SourceWeights.read(path, for: network)
    #expect(source.tensors.names == network.tensors.filter { !$0.isHead }.map(\.name))
    // The head too, for once.
    let whole = try Safetensors.read(path).tensors
    var weights = StateDict()
    for tensor in network.tensors {
      let entry = try #require(source.tensors[tensor.name] ?? whole[tensor.name])
      try weights.append(tensor.name, shape: entry.shape, values: entry.values)
    }
    try network.load(weights)
    try Runtime.setThreads(2)
    for (index, image) in published.images.enumerated() {
      let picture = try Picture(
        decoding: Array(try Data(contentsOf: URL(filePath: "\(shared)/data/\(image)"))), channels: 3)
      try #require(picture.width == 224 && picture.height == 224)
      let pixels = picture.pixels.enumerated().map { place, sample in
        let channel = place / (224 * 224)
        return (Float(sample) / 255 - ImagePipeline.imageNetMean[channel])
          / ImagePipeline.imageNetStandardDeviation[channel]
      }
      let logits = try network(Tensor(pixels, shape: [1, 3, 224, 224]), pass: .evaluation).values().map(Double.init)
      let expected = try #require(published.logits[file]?[index])
      #expect(relativeError(logits, expected) < 1e-3, "\(image)")
      #expect(logits.indices.max { logits[$0] < logits[$1] } == expected.indices.max { expected[$0] < expected[$1] })
    }
  }
}
