/// How a layer's output is laid out. Its shape alone does not say: [n, c, h, w] and [n, h, w, c] look alike.
package enum TokenLayout: Sendable, Hashable {
  /// [n, c, h, w]: a convolutional network's.
  case channelsFirst
  /// [n, h, w, c]: a Swin transformer's.
  case channelsLast
  /// [n, tokens, d], the class token before those of the patches: a vision transformer's.
  case classTokenFirst
  /// [n, tokens, d] without a class token: a patch embedding's.
  case tokens
  /// [n, d]: logits.
  case vector

  fileprivate var rank: Int {
    switch self {
    case .channelsFirst, .channelsLast: 4
    case .classTokenFirst, .tokens: 3
    case .vector: 2
    }
  }
}

/// Which of a layer's features neighbours are searched by.
package enum FeaturePart: String, Sendable, Hashable, CaseIterable {
  /// The class token.
  case cls
  /// The mean of the patches' tokens.
  case patches
  /// All that there is: `cls` and `patches` one after the other where a layer has both.
  case all
}

/// What nearest neighbours see of a layer's output, as the study's released code pools it: means over places, but for a
/// class token, which is kept apart. On the output's device.
package enum PooledFeatures {
  /// [n, width].
  case whole(Tensor)
  /// Both [n, d].
  case tokens(cls: Tensor, patches: Tensor)

  /// - Throws: `EngineError.specification` for an output of another rank than the layout's, or a class token alone.
  package init(_ output: Tensor, layout: TokenLayout) throws {
    let shape = output.shape
    guard shape.count == layout.rank, shape.allSatisfy({ $0 > 0 }), layout != .classTokenFirst || shape[1] > 1 else {
      throw EngineError.specification("a layer's output of shape \(shape) is not laid out as \(layout)")
    }
    self = try Native.recording(false) {
      switch layout {
      case .channelsFirst: .whole(try output.averagePool())
      case .channelsLast, .tokens: .whole(try output.meanOfTokens())
      case .classTokenFirst: .tokens(cls: try output.token(0), patches: try output.meanOfTokens(from: 1))
      case .vector: .whole(output)
      }
    }
  }

  /// The parts that can be searched by.
  package var parts: [FeaturePart] { components.count == 1 ? [.all] : FeaturePart.allCases }

  var components: [Tensor] {
    switch self {
    case .whole(let features): [features]
    case .tokens(let cls, let patches): [cls, patches]
    }
  }

  /// Of all components together.
  package var width: Int { components.reduce(0) { $0 + ($1.shape.last ?? 0) } }
}
