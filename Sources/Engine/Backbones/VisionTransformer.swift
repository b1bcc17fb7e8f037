/// Vision transformers: Dosovitskiy et al., *An Image is Worth 16x16 Words*, ICLR 2021 (arXiv 2010.11929), in the sizes of
/// Touvron et al., *Training data-efficient image transformers*, ICML 2021 (arXiv 2012.12877), undistilled, with the
/// parameter names and shapes of timm.
public final class VisionTransformer: Network {
  /// What sets one transformer apart from another.
  struct Form {
    var patch: Int
    var width: Int
    var depth: Int
    var heads: Int

    static let deitTiny = Form(patch: 16, width: 192, depth: 12, heads: 3)
    static let micro = Form(patch: 8, width: 48, depth: 4, heads: 3)
  }

  public let tensors: [NetworkTensor]
  public let probes: [String]
  public let family: NetworkFamily

  private let patch: Int
  private let patchWeight: Tensor
  private let patchBias: Tensor
  private let classToken: Tensor
  private let positions: Tensor
  private let blocks: [TransformerBlock]
  private let norm: LayerNorm
  private let head: Linear

  init(_ form: Form, classes: Int, imageSize: Int, channels: Int = 3, device: Device) throws {
    guard imageSize >= form.patch, imageSize % form.patch == 0 else {
      throw EngineError.specification(
        "images of \(imageSize) pixels do not divide into patches of \(form.patch): use a multiple of \(form.patch)")
    }
    family = form.width < 128 ? .narrowTransformer : .transformer
    var list = TensorList(device: device)
    let side = imageSize / form.patch
    patch = form.patch
    classToken = try list.make("cls_token", .embedding, [1, 1, form.width])
    positions = try list.make("pos_embed", .embedding, [1, side * side + 1, form.width])
    let patchSize = channels * form.patch * form.patch
    patchWeight = try list.make(
      "patch_embed.proj.weight", .patchWeight, [form.width, channels, form.patch, form.patch], fanIn: patchSize)
    patchBias = try list.make("patch_embed.proj.bias", .patchBias, [form.width], fanIn: patchSize)
    var blocks: [TransformerBlock] = []
    for index in 0..<form.depth {
      blocks.append(try TransformerBlock("blocks.\(index)", form.width, heads: form.heads, in: &list))
    }
    self.blocks = blocks
    norm = try LayerNorm("norm", form.width, in: &list)
    head = try Linear("head", form.width, classes, isHead: true, in: &list)
    tensors = list.all
    probes = ["patch_embed"] + blocks.flatMap { ["\($0.name).attn", "\($0.name).mlp"] } + ["head"]
  }

  public func callAsFunction(_ images: Tensor, training: Bool, observe: Observer?) throws -> Tensor {
    // A convolution whose stride is its size is a product over patches.
    let tokens = try images.patches(size: patch).linear(patchWeight, bias: patchBias)
    try observe?("patch_embed", tokens)
    var x = try tokens.embedded(classToken: classToken, positions: positions)
    for block in blocks { x = try block(x, observe: observe) }
    let logits = try head(norm(x.token(0)))
    try observe?("head", logits)
    return logits
  }
}

/// Attention and a perceptron of two layers, each behind a norm and beside an identity.
struct TransformerBlock {
  let name: String
  private let heads: Int
  private let attentionNorm: LayerNorm
  private let projection: Linear
  private let attentionOutput: Linear
  private let perceptronNorm: LayerNorm
  private let expansion: Linear
  private let contraction: Linear

  init(_ name: String, _ width: Int, heads: Int, in list: inout TensorList) throws {
    self.name = name
    self.heads = heads
    attentionNorm = try LayerNorm("\(name).norm1", width, in: &list)
    projection = try Linear("\(name).attn.qkv", width, 3 * width, in: &list)
    attentionOutput = try Linear("\(name).attn.proj", width, width, in: &list)
    perceptronNorm = try LayerNorm("\(name).norm2", width, in: &list)
    expansion = try Linear("\(name).mlp.fc1", width, 4 * width, in: &list)
    contraction = try Linear("\(name).mlp.fc2", 4 * width, width, in: &list)
  }

  func callAsFunction(_ x: Tensor, observe: Observer?) throws -> Tensor {
    let attended = try attentionOutput(projection(attentionNorm(x)).attention(heads: heads))
    try observe?("\(name).attn", attended)
    let between = try x.adding(attended)
    let perceived = try contraction(expansion(perceptronNorm(between)).gelu())
    try observe?("\(name).mlp", perceived)
    return try between.adding(perceived)
  }
}
