/// Residual networks: He, Zhang, Ren & Sun, *Deep Residual Learning for Image Recognition*, CVPR 2016 (arXiv 1512.03385),
/// with the parameter names and shapes of torchvision, whose bottlenecks halve the image in their 3 x 3 convolution.
public final class ResNet: Network {
  /// What sets one residual network apart from another.
  private struct Form {
    /// The first convolution's size, all of stride 2.
    var stemSize = 7
    var stemWidth = 64
    /// Whether a 3 x 3 maximum of stride 2 follows it.
    var pooled = true
    var isBottleneck = false
    /// Channels (within a bottleneck) and blocks of each stage; every stage but the first halves the image.
    var stages: [(width: Int, blocks: Int)]
  }

  static let backbones = [
    backbone("resnet18", Form(stages: [(64, 2), (128, 2), (256, 2), (512, 2)])),
    backbone("resnet34", Form(stages: [(64, 3), (128, 4), (256, 6), (512, 3)])),
    backbone("resnet50", Form(isBottleneck: true, stages: [(64, 3), (128, 4), (256, 6), (512, 3)])),
    backbone("resnet101", Form(isBottleneck: true, stages: [(64, 3), (128, 4), (256, 23), (512, 3)])),
    backbone("resnet152", Form(isBottleneck: true, stages: [(64, 3), (128, 8), (256, 36), (512, 3)])),
    // For images of 32 pixels and thereabouts, cheap enough for a study of minutes on a CPU.
    backbone(
      "resnet_micro", imageSize: 32,
      Form(stemSize: 3, stemWidth: 16, pooled: false, stages: [(16, 1), (32, 1), (64, 1)])),
  ]

  private static func backbone(_ name: String, imageSize: Int = 224, _ form: Form) -> Backbone {
    Backbone(name, imageSize: imageSize) { try ResNet(form, $0) }
  }

  public let tensors: [NetworkTensor]
  public let segments: [Segment]
  public let family = NetworkFamily.residual

  private init(_ form: Form, _ shape: NetworkShape) throws {
    guard shape.imageSize >= 8 else {
      throw EngineError.specification("images of \(shape.imageSize) pixels are too small for a ResNet: use 8 or more")
    }
    var list = TensorList(device: shape.device)
    let stem = try Convolution("conv1", shape.channels, form.stemWidth, size: form.stemSize, stride: 2, in: &list)
    list.depth = 0
    let stemNorm = try BatchNorm("bn1", form.stemWidth, in: &list)
    var inner: [Segment] = []
    var width = form.stemWidth
    for (stage, plan) in form.stages.enumerated() {
      list.depth = stage + 1
      for index in 0..<plan.blocks {
        let name = "layer\(stage + 1).\(index)"
        let stride = stage > 0 && index == 0 ? 2 : 1
        let block = try ResidualBlock(
          name, width, plan.width, isBottleneck: form.isBottleneck, stride: stride, in: &list)
        inner.append(
          Segment(name: name) { x, state, observe in
            let output = try block(x, training: state.pass.isTraining)
            try observe?(name, output)
            return output
          })
        width = block.width
      }
    }
    let head = try Linear("fc", width, shape.classes, isHead: true, in: &list)
    tensors = list.all
    let beginning = Segment(name: "conv1") { images, state, observe in
      let x = try stem(images.channelsLast())
      try observe?("conv1", x)
      let normed = try stemNorm(x, training: state.pass.isTraining, rectified: true)
      return form.pooled ? try normed.maxPool(size: 3, stride: 2, padding: 1) : normed
    }
    let end = Segment(name: "fc") { x, _, observe in
      let logits = try head(x.averagePool())
      try observe?("fc", logits)
      return logits
    }
    segments = [beginning] + inner + [end]
  }
}

/// Convolutions and the way around them: two of 3 x 3, or a bottleneck of 1 x 1, 3 x 3 and 1 x 1 (figures 2 and 5 of the
/// paper; projection shortcuts, option B).
struct ResidualBlock {
  /// Channels of the output.
  let width: Int
  private let layers: [(convolution: Convolution, norm: BatchNorm)]
  private let shortcut: (convolution: Convolution, norm: BatchNorm)?

  init(
    _ name: String, _ input: Int, _ inner: Int, isBottleneck: Bool, stride: Int, in list: inout TensorList
  ) throws {
    width = isBottleneck ? 4 * inner : inner
    let sizes =
      isBottleneck
      ? [(input, inner, 1, 1), (inner, inner, 3, stride), (inner, width, 1, 1)]
      : [(input, inner, 3, stride), (inner, inner, 3, 1)]
    var layers: [(convolution: Convolution, norm: BatchNorm)] = []
    for (index, size) in sizes.enumerated() {
      let convolution = try Convolution(
        "\(name).conv\(index + 1)", size.0, size.1, size: size.2, stride: size.3, in: &list)
      layers.append((convolution, try BatchNorm("\(name).bn\(index + 1)", size.1, in: &list)))
    }
    self.layers = layers
    if stride != 1 || input != width {
      let convolution = try Convolution("\(name).downsample.0", input, width, size: 1, stride: stride, in: &list)
      shortcut = (convolution, try BatchNorm("\(name).downsample.1", width, in: &list))
    } else {
      shortcut = nil
    }
  }

  func callAsFunction(_ x: Tensor, training: Bool) throws -> Tensor {
    var inner = x
    for layer in layers.dropLast() {
      inner = try layer.norm(layer.convolution(inner), training: training, rectified: true)
    }
    let around = try shortcut.map { try $0.norm($0.convolution(x), training: training, rectified: false) } ?? x
    let last = layers[layers.count - 1]
    return try last.norm(last.convolution(inner), training: training, residual: around, rectified: true)
  }
}
