internal import CTorch

/// The operations that layers are made of. Each records what its gradient needs while recording is on.
extension Tensor {
  /// [n, c, h, w] with weight [out, c, k, l] to [n, out, h', w'].
  package func convolution(
    _ weight: Tensor, bias: Tensor? = nil, stride: Int, padding: (rows: Int, columns: Int)
  ) throws -> Tensor {
    try Native.made {
      graft_conv2d(
        handle, weight.handle, bias?.handle, Int64(stride), Int64(padding.rows), Int64(padding.columns), &$0)
    }
  }

  /// Batch normalisation, then the residual added, then the rectifier, each of the latter two where asked for.
  package func batchNorm(
    scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor, training: Bool, momentum: Double, epsilon: Double,
    residual: Tensor? = nil, rectified: Bool = false
  ) throws -> Tensor {
    try Native.made {
      graft_batch_norm(
        handle, residual?.handle, scale.handle, shift.handle, mean.handle, variance.handle, training ? 1 : 0, momentum,
        epsilon, rectified ? 1 : 0, &$0)
    }
  }

  package func maxPool(size: Int, stride: Int, padding: Int) throws -> Tensor {
    try Native.made { graft_max_pool(handle, Int64(size), Int64(stride), Int64(padding), &$0) }
  }

  /// Means over squares, the padding's zeros counted as values.
  package func averagePool(size: Int, stride: Int, padding: Int) throws -> Tensor {
    try Native.made { graft_average_pool2d(handle, Int64(size), Int64(stride), Int64(padding), &$0) }
  }

  /// Images [n, c, h, w] of one size to one image of all their channels, in order.
  package static func concatenated(_ parts: [Tensor]) throws -> Tensor {
    let handles = parts.map { OpaquePointer?($0.handle) }
    return try Native.made { graft_concatenate(handles, Int64(handles.count), &$0) }
  }

  /// [n, c, h, w] to the means [n, c].
  package func averagePool() throws -> Tensor { try Native.made { graft_average_pool(handle, &$0) } }

  /// x weight^T + bias over the last axis, weight [out, in].
  package func linear(_ weight: Tensor, bias: Tensor?) throws -> Tensor {
    try Native.made { graft_linear(handle, weight.handle, bias?.handle, &$0) }
  }

  /// gelu(x w1^T + b1) w2^T + b2 over the last axis: gelu(h) = h Phi(h), exact, by the error function; w1 [n, k], w2 [out, n].
  package func perceptron(_ w1: Tensor, _ b1: Tensor, _ w2: Tensor, _ b2: Tensor) throws -> Tensor {
    try Native.made { graft_perceptron(handle, w1.handle, b1.handle, w2.handle, b2.handle, &$0) }
  }

  package func layerNorm(scale: Tensor, shift: Tensor, epsilon: Double) throws -> Tensor {
    try Native.made { graft_layer_norm(handle, scale.handle, shift.handle, epsilon, &$0) }
  }

  /// Self-attention of a projection [n, tokens, 3 heads d], to [n, tokens, heads d].
  package func attention(heads: Int) throws -> Tensor { try Native.made { graft_attention(handle, Int64(heads), &$0) } }

  /// Self-attention within square windows of an image of tokens [n, h, w, 3 heads d], to [n, h, w, heads d].
  ///
  /// - Parameters:
  ///   - table: The bias by relative position, [(2 side - 1)^2, heads].
  ///   - side: Tokens of a window's side; h and w are multiples of it.
  ///   - roll: By how much the windows lie shifted down and right, cyclically.
  ///   - maskShift: The shift that is masked: what it joins over the image's edges does not see each other.
  package func windowAttention(table: Tensor, side: Int, roll: Int, maskShift: Int) throws -> Tensor {
    try Native.made {
      graft_window_attention(handle, table.handle, Int64(side), Int64(roll), Int64(maskShift), &$0)
    }
  }

  /// Two by two tokens joined into one, column by column: [n, h, w, c] to [n, h/2, w/2, 4c].
  package func patchesMerged() throws -> Tensor { try Native.made { graft_merge_patches(handle, &$0) } }

  /// [n, h, w, c] moved cyclically.
  package func rolled(down: Int, right: Int) throws -> Tensor {
    try Native.made { graft_roll(handle, Int64(down), Int64(right), &$0) }
  }

  /// [n, h, w, c] with zeros added, or rows and columns cut off, at the lower and right edges.
  package func canvas(height: Int, width: Int) throws -> Tensor {
    try Native.made { graft_resize_canvas(handle, Int64(height), Int64(width), &$0) }
  }

  package func reshaped(_ shape: [Int]) throws -> Tensor {
    try Native.made { graft_reshape(handle, shape.map(Int64.init), Int32(shape.count), &$0) }
  }

  /// [n, ..., d] to the means [n, d] of the tokens from the first given on.
  package func meanOfTokens(from first: Int = 0) throws -> Tensor {
    try Native.made { graft_mean_tokens(handle, Int64(first), &$0) }
  }

  /// [n, c, h, w] cut into squares, to [n, squares, c size size].
  package func patches(size: Int) throws -> Tensor { try Native.made { graft_patches(handle, Int64(size), &$0) } }

  /// Tokens [n, t, d] with the class token [1, 1, d] before them and the positions [1, t + 1, d] added.
  package func embedded(classToken: Tensor, positions: Tensor) throws -> Tensor {
    try Native.made { graft_embed(handle, classToken.handle, positions.handle, &$0) }
  }

  /// [n, t, d] to [n, d].
  package func token(_ index: Int) throws -> Tensor {
    try Native.made { graft_select_token(handle, Int64(index), &$0) }
  }

  package func adding(_ other: Tensor) throws -> Tensor { try Native.made { graft_add(handle, other.handle, &$0) } }

  /// self + other scale, with a scale for each of the first axis: scales [n].
  package func adding(_ other: Tensor, scales: Tensor) throws -> Tensor {
    try Native.made { graft_add_scaled(handle, other.handle, scales.handle, &$0) }
  }

  package func multiplied(by other: Tensor) throws -> Tensor {
    try Native.made { graft_multiply(handle, other.handle, &$0) }
  }

  /// The mean cross-entropy of logits [n, classes] and labels [n], each row counting its class's weight of [classes].
  package func crossEntropy(_ labels: Tensor, weights: Tensor? = nil) throws -> Tensor {
    try Native.made { graft_cross_entropy(handle, labels.handle, weights?.handle, &$0) }
  }

  /// The mean cross-entropy of sigmoid(logits) with targets of 0 or 1, both [n, classes]; each entry counts its weight of
  /// [n, classes], and all of them make the number that the sum is divided by.
  package func binaryCrossEntropy(_ targets: Tensor, weights: Tensor? = nil) throws -> Tensor {
    try Native.made { graft_binary_cross_entropy(handle, targets.handle, weights?.handle, &$0) }
  }
}
