/// Swin transformers: Liu et al., *Swin Transformer: Hierarchical Vision Transformer using Shifted Windows*, ICCV 2021
/// (arXiv 2103.14030), with the parameter names and shapes of timm, where the merging of patches begins a stage.
///
/// Tokens are held as images, [n, h, w, channels], throughout.
public final class SwinTransformer: Network {
  /// What sets one Swin apart from another.
  private struct Form {
    var width: Int
    var blocks: [Int]
    var heads: [Int]
  }

  static let backbones = [
    backbone("swin_tiny", Form(width: 96, blocks: [2, 2, 6, 2], heads: [3, 6, 12, 24])),
    backbone("swin_small", Form(width: 96, blocks: [2, 2, 18, 2], heads: [3, 6, 12, 24])),
    backbone("swin_base", Form(width: 128, blocks: [2, 2, 18, 2], heads: [4, 8, 16, 32])),
  ]

  private static func backbone(_ name: String, _ form: Form) -> Backbone {
    Backbone(name, hasDroppedPaths: true) { try SwinTransformer(form, $0) }
  }

  /// Pixels of a patch's side, and tokens of a window's.
  private static let patch = 4
  private static let window = 7
  /// As the study has it for all sizes.
  private static let dropPath = 0.2

  public let tensors: [NetworkTensor]
  public let segments: [Segment]
  public let family = NetworkFamily.swin

  private init(_ form: Form, _ shape: NetworkShape) throws {
    let least = Self.patch << (form.blocks.count - 1)
    guard shape.imageSize >= least, shape.imageSize % least == 0 else {
      throw EngineError.specification(
        "images of \(shape.imageSize) pixels do not halve \(form.blocks.count - 1) times in patches of \(Self.patch): "
          + "use a multiple of \(least)")
    }
    var list = TensorList(device: shape.device)
    let embedding = try PatchEmbedding(
      "patch_embed.proj", channels: shape.channels, form.width, size: Self.patch, in: &list)
    let embeddingNorm = try LayerNorm("patch_embed.norm", form.width, epsilon: 1e-5, in: &list)
    let drops = RandomDrop.depths(
      upTo: shape.dropPath ?? Self.dropPath, blocks: form.blocks.reduce(0, +))
    var inner: [Segment] = []
    var number = 0
    var width = form.width
    var side = shape.imageSize / Self.patch
    for (stage, count) in form.blocks.enumerated() {
      // A merging counts with the block that follows it, and runs in that block's first segment.
      list.depth = number
      var merging: PatchMerging?
      if stage > 0 {
        let name = "layers.\(stage).downsample"
        merging = PatchMerging(
          norm: try LayerNorm("\(name).norm", 4 * width, epsilon: 1e-5, in: &list),
          reduction: try Linear("\(name).reduction", 4 * width, 2 * width, biased: false, in: &list))
        width *= 2
        side /= 2
      }
      for index in 0..<count {
        list.depth = number
        let windows = SwinWindows(tokens: side, window: Self.window, isShifted: index % 2 == 1)
        let block = try SwinBlock(
          "layers.\(stage).blocks.\(index)", width, heads: form.heads[stage], windows: windows, drop: drops[number],
          in: &list)
        inner += block.segments(after: index == 0 ? merging : nil)
        number += 1
      }
    }
    list.depth = number
    let norm = try LayerNorm("norm", width, epsilon: 1e-5, in: &list)
    let head = try Linear("head.fc", width, shape.classes, isHead: true, in: &list)
    tensors = list.all
    let beginning = Segment(name: "patch_embed") { images, _, observe in
      let size = images.shape
      let tokens = try embedding(images).reshaped([size[0], size[2] / Self.patch, size[3] / Self.patch, -1])
      let x = try embeddingNorm(tokens)
      try observe?("patch_embed", x)
      return x
    }
    let end = Segment(name: "head") { x, _, observe in
      let logits = try head(norm(x).meanOfTokens())
      try observe?("head", logits)
      return logits
    }
    segments = [beginning] + inner + [end]
  }
}

/// How a stage's tokens come from those of the stage before.
struct PatchMerging {
  let norm: LayerNorm
  let reduction: Linear

  func callAsFunction(_ x: Tensor) throws -> Tensor { try reduction(norm(x.patchesMerged())) }
}

/// How a block's tokens are cut into windows.
struct SwinWindows {
  /// Tokens of the image's side, and of a window's.
  let tokens: Int
  let side: Int
  /// By how much the windows lie shifted; 0 in every other block, and where one window holds all tokens.
  let shift: Int
  /// The image's side rounded up to whole windows.
  let padded: Int

  init(tokens: Int, window: Int, isShifted: Bool) {
    self.tokens = tokens
    side = min(tokens, window)
    shift = isShifted && tokens > window ? window / 2 : 0
    padded = (tokens + side - 1) / side * side
  }
}

/// Attention within windows and a perceptron, each behind a norm and beside an identity.
struct SwinBlock {
  let name: String
  private let windows: SwinWindows
  private let drop: Double
  private let attentionNorm: LayerNorm
  private let table: Tensor
  private let projection: Linear
  private let attentionOutput: Linear
  private let perceptronNorm: LayerNorm
  private let perceptron: Perceptron

  init(
    _ name: String, _ width: Int, heads: Int, windows: SwinWindows, drop: Double, in list: inout TensorList
  ) throws {
    self.name = name
    self.windows = windows
    self.drop = drop
    attentionNorm = try LayerNorm("\(name).norm1", width, epsilon: 1e-5, in: &list)
    let positions = 2 * windows.side - 1
    table = try list.make("\(name).attn.relative_position_bias_table", .biasTable, [positions * positions, heads])
    projection = try Linear("\(name).attn.qkv", width, 3 * width, in: &list)
    attentionOutput = try Linear("\(name).attn.proj", width, width, in: &list)
    perceptronNorm = try LayerNorm("\(name).norm2", width, epsilon: 1e-5, in: &list)
    perceptron = try Perceptron("\(name).mlp", width, in: &list)
  }

  func segments(after merging: PatchMerging?) -> [Segment] {
    [
      .branch("\(name).attn", drop: drop, after: merging?.callAsFunction) { x in
        try attentionOutput(attention(attentionNorm(x)))
      },
      .branch("\(name).mlp", drop: drop) { x in try perceptron(perceptronNorm(x)) },
    ]
  }

  private func attention(_ x: Tensor) throws -> Tensor {
    let (side, shift, tokens, padded) = (windows.side, windows.shift, windows.tokens, windows.padded)
    if padded == tokens {
      return try projection(x).windowAttention(table: table, side: side, roll: shift, maskShift: shift)
    }
    // Where windows do not divide the image it is moved first, then filled up with zeros, which the projection's bias makes
    // tokens of their own: as the library has it.
    let moved = shift > 0 ? try x.rolled(down: -shift, right: -shift) : x
    let attended = try projection(moved.canvas(height: padded, width: padded))
      .windowAttention(table: table, side: side, roll: 0, maskShift: shift)
      .canvas(height: tokens, width: tokens)
    return shift > 0 ? try attended.rolled(down: shift, right: shift) : attended
  }
}
