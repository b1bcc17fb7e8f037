/// Residual networks: He, Zhang, Ren & Sun, *Deep Residual Learning for Image Recognition*, CVPR 2016 (arXiv 1512.03385),
/// with the parameter names and shapes of torchvision.
public final class ResNet: Network {
  /// What sets one residual network apart from another.
  struct Form {
    /// The first convolution's size, all of stride 2.
    var stemSize: Int
    var stemWidth: Int
    /// Whether a 3 x 3 maximum of stride 2 follows it.
    var pooled: Bool
    /// Channels and blocks of each stage; every stage but the first halves the image.
    var stages: [(width: Int, blocks: Int)]

    static let resnet18 = Form(
      stemSize: 7, stemWidth: 64, pooled: true, stages: [(64, 2), (128, 2), (256, 2), (512, 2)])
    static let micro = Form(stemSize: 3, stemWidth: 16, pooled: false, stages: [(16, 1), (32, 1), (64, 1)])
  }

  public let tensors: [NetworkTensor]
  public let probes: [String]
  public let family = NetworkFamily.residual

  private let stem: Convolution
  private let stemNorm: BatchNorm
  private let pooled: Bool
  private let blocks: [(name: String, block: BasicBlock)]
  private let head: Linear

  init(_ form: Form, classes: Int, imageSize: Int, channels: Int = 3, device: Device) throws {
    guard imageSize >= 8 else {
      throw EngineError.specification("images of \(imageSize) pixels are too small for a ResNet: use 8 or more")
    }
    var list = TensorList(device: device)
    stem = try Convolution("conv1", channels, form.stemWidth, size: form.stemSize, stride: 2, in: &list)
    stemNorm = try BatchNorm("bn1", form.stemWidth, in: &list)
    pooled = form.pooled
    var blocks: [(name: String, block: BasicBlock)] = []
    var width = form.stemWidth
    for (stage, shape) in form.stages.enumerated() {
      for index in 0..<shape.blocks {
        let name = "layer\(stage + 1).\(index)"
        let stride = stage > 0 && index == 0 ? 2 : 1
        blocks.append((name, try BasicBlock(name, width, shape.width, stride: stride, in: &list)))
        width = shape.width
      }
    }
    self.blocks = blocks
    head = try Linear("fc", width, classes, isHead: true, in: &list)
    tensors = list.all
    probes = ["conv1"] + blocks.map(\.name) + ["fc"]
  }

  public func callAsFunction(_ images: Tensor, training: Bool, observe: Observer?) throws -> Tensor {
    var x = try stem(images.channelsLast())
    try observe?("conv1", x)
    x = try stemNorm(x, training: training, rectified: true)
    if pooled { x = try x.maxPool(size: 3, stride: 2, padding: 1) }
    for (name, block) in blocks {
      x = try block(x, training: training)
      try observe?(name, x)
    }
    let logits = try head(x.averagePool())
    try observe?("fc", logits)
    return logits
  }
}

/// Two 3 x 3 convolutions and the way around them (figure 2 of the paper; projection shortcuts, option B).
struct BasicBlock {
  private let first: Convolution
  private let firstNorm: BatchNorm
  private let second: Convolution
  private let secondNorm: BatchNorm
  private let shortcut: (convolution: Convolution, norm: BatchNorm)?

  init(_ name: String, _ input: Int, _ output: Int, stride: Int, in list: inout TensorList) throws {
    first = try Convolution("\(name).conv1", input, output, size: 3, stride: stride, in: &list)
    firstNorm = try BatchNorm("\(name).bn1", output, in: &list)
    second = try Convolution("\(name).conv2", output, output, size: 3, in: &list)
    secondNorm = try BatchNorm("\(name).bn2", output, in: &list)
    if stride != 1 || input != output {
      let convolution = try Convolution("\(name).downsample.0", input, output, size: 1, stride: stride, in: &list)
      shortcut = (convolution, try BatchNorm("\(name).downsample.1", output, in: &list))
    } else {
      shortcut = nil
    }
  }

  func callAsFunction(_ x: Tensor, training: Bool) throws -> Tensor {
    let inner = try firstNorm(first(x), training: training, rectified: true)
    let around = try shortcut.map { try $0.norm($0.convolution(x), training: training, rectified: false) } ?? x
    return try secondNorm(second(inner), training: training, residual: around, rectified: true)
  }
}
