/// Vision transformers: Dosovitskiy et al., *An Image is Worth 16x16 Words*, ICLR 2021 (arXiv 2010.11929), in the sizes of
/// Touvron et al., *Training data-efficient image transformers*, ICML 2021 (arXiv 2012.12877), undistilled, with the
/// parameter names and shapes of timm.
public final class VisionTransformer: Network {
  /// What sets one transformer apart from another.
  struct Form {
    var patch = 16
    var width: Int
    var depth = 12
    var heads: Int

    static let deitTiny = Form(width: 192, heads: 3)
    static let deitSmall = Form(width: 384, heads: 6)
    static let deitBase = Form(width: 768, heads: 12)
    static let deitSmall5b = Form(width: 384, depth: 5, heads: 6)
    static let micro = Form(patch: 8, width: 48, depth: 4, heads: 3)
  }

  public let tensors: [NetworkTensor]
  public let probes: [String]
  public let family: NetworkFamily

  private let embedding: PatchEmbedding
  private let classToken: Tensor
  private let positions: Tensor
  private let blocks: [TransformerBlock]
  private let norm: LayerNorm
  private let head: Linear

  init(_ form: Form, _ shape: NetworkShape) throws {
    let patch = shape.patchSize ?? form.patch
    guard patch > 0, shape.imageSize >= patch, shape.imageSize % patch == 0 else {
      throw EngineError.specification(
        "images of \(shape.imageSize) pixels do not divide into patches of \(patch): use a multiple of \(patch)")
    }
    family = form.width < 128 ? .narrowTransformer : .transformer
    var list = TensorList(device: shape.device)
    let side = shape.imageSize / patch
    classToken = try list.make("cls_token", .embedding, [1, 1, form.width])
    positions = try list.make("pos_embed", .embedding, [1, side * side + 1, form.width])
    embedding = try PatchEmbedding(
      "patch_embed.proj", channels: shape.channels, form.width, size: patch, in: &list)
    let drops = StochasticDepth.probabilities(upTo: shape.dropPath ?? 0, blocks: form.depth)
    var blocks: [TransformerBlock] = []
    for index in 0..<form.depth {
      list.depth = index
      blocks.append(
        try TransformerBlock("blocks.\(index)", form.width, heads: form.heads, drop: drops[index], in: &list))
    }
    self.blocks = blocks
    list.depth = form.depth
    norm = try LayerNorm("norm", form.width, epsilon: 1e-6, in: &list)
    head = try Linear("head", form.width, shape.classes, isHead: true, in: &list)
    tensors = list.all
    probes = ["patch_embed"] + blocks.flatMap { ["\($0.name).attn", "\($0.name).mlp"] } + ["head"]
  }

  public func callAsFunction(_ images: Tensor, pass: Pass, observe: Observer?) throws -> Tensor {
    let tokens = try embedding(images)
    try observe?("patch_embed", tokens)
    var x = try tokens.embedded(classToken: classToken, positions: positions)
    var depth = StochasticDepth(pass.draws, images: images.shape[0])
    for block in blocks { x = try block(x, depth: &depth, observe: observe) }
    let logits = try head(norm(x.token(0)))
    try observe?("head", logits)
    return logits
  }
}

/// Attention and a perceptron of two layers, each behind a norm and beside an identity.
struct TransformerBlock {
  let name: String
  private let heads: Int
  private let drop: Double
  private let attentionNorm: LayerNorm
  private let projection: Linear
  private let attentionOutput: Linear
  private let perceptronNorm: LayerNorm
  private let perceptron: Perceptron

  init(_ name: String, _ width: Int, heads: Int, drop: Double, in list: inout TensorList) throws {
    self.name = name
    self.heads = heads
    self.drop = drop
    attentionNorm = try LayerNorm("\(name).norm1", width, epsilon: 1e-6, in: &list)
    projection = try Linear("\(name).attn.qkv", width, 3 * width, in: &list)
    attentionOutput = try Linear("\(name).attn.proj", width, width, in: &list)
    perceptronNorm = try LayerNorm("\(name).norm2", width, epsilon: 1e-6, in: &list)
    perceptron = try Perceptron("\(name).mlp", width, in: &list)
  }

  func callAsFunction(_ x: Tensor, depth: inout StochasticDepth, observe: Observer?) throws -> Tensor {
    let attended = try attentionOutput(projection(attentionNorm(x)).attention(heads: heads))
    try observe?("\(name).attn", attended)
    let between = try depth.add(attended, to: x, probability: drop)
    let perceived = try perceptron(perceptronNorm(between))
    try observe?("\(name).mlp", perceived)
    return try depth.add(perceived, to: between, probability: drop)
  }
}
