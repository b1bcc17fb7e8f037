/// Vision transformers: Dosovitskiy et al., *An Image is Worth 16x16 Words*, ICLR 2021 (arXiv 2010.11929), in the sizes of
/// Touvron et al., *Training data-efficient image transformers*, ICML 2021 (arXiv 2012.12877), undistilled, with the
/// parameter names and shapes of timm.
public final class VisionTransformer: Network {
  /// What sets one transformer apart from another.
  private struct Form {
    var patch = 16
    var width: Int
    var depth = 12
    var heads: Int
  }

  static let backbones = [
    backbone("deit_tiny", Form(width: 192, heads: 3)),
    backbone("deit_small", Form(width: 384, heads: 6)),
    backbone("deit_base", Form(width: 768, heads: 12)),
    // DeiT-S cut to its first five blocks.
    backbone("deit_small5b", Form(width: 384, depth: 5, heads: 6)),
    // For images of 32 pixels and thereabouts.
    backbone("vit_micro", imageSize: 32, Form(patch: 8, width: 48, depth: 4, heads: 3)),
  ]

  private static func backbone(_ name: String, imageSize: Int = 224, _ form: Form) -> Backbone {
    Backbone(name, imageSize: imageSize, hasPatchSizes: true, hasDroppedPaths: true) {
      try VisionTransformer(form, $0)
    }
  }

  public let tensors: [NetworkTensor]
  public let segments: [Segment]
  public let family: NetworkFamily

  private init(_ form: Form, _ shape: NetworkShape) throws {
    let patch = shape.patchSize ?? form.patch
    guard patch > 0, shape.imageSize >= patch, shape.imageSize % patch == 0 else {
      throw EngineError.specification(
        "images of \(shape.imageSize) pixels do not divide into patches of \(patch): use a multiple of \(patch)")
    }
    family = form.width < 128 ? .narrowTransformer : .transformer
    var list = TensorList(device: shape.device)
    let side = shape.imageSize / patch
    let classToken = try list.make("cls_token", .embedding, [1, 1, form.width])
    let positions = try list.make("pos_embed", .embedding, [1, side * side + 1, form.width])
    let embedding = try PatchEmbedding(
      "patch_embed.proj", channels: shape.channels, form.width, size: patch, in: &list)
    let drops = RandomDrop.depths(upTo: shape.dropPath ?? 0, blocks: form.depth)
    var blocks: [TransformerBlock] = []
    for index in 0..<form.depth {
      list.depth = index
      blocks.append(
        try TransformerBlock("blocks.\(index)", form.width, heads: form.heads, drop: drops[index], in: &list))
    }
    list.depth = form.depth
    let norm = try LayerNorm("norm", form.width, epsilon: 1e-6, in: &list)
    let head = try Linear("head", form.width, shape.classes, isHead: true, in: &list)
    tensors = list.all
    let beginning = Segment(name: "patch_embed") { images, _, observe in
      let tokens = try embedding(images)
      try observe?("patch_embed", tokens)
      return try tokens.embedded(classToken: classToken, positions: positions)
    }
    let end = Segment(name: "head") { x, _, observe in
      let logits = try head(norm(x.token(0)))
      try observe?("head", logits)
      return logits
    }
    segments = [beginning] + blocks.flatMap(\.segments) + [end]
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

  var segments: [Segment] {
    [
      .branch("\(name).attn", drop: drop) { x in
        try attentionOutput(projection(attentionNorm(x)).attention(heads: heads))
      },
      .branch("\(name).mlp", drop: drop) { x in try perceptron(perceptronNorm(x)) },
    ]
  }
}
