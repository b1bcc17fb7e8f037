/// A convolution without bias, as in every convolutional network here: weight [out, in, rows, columns], its input padded by
/// half its size unless said otherwise.
struct Convolution {
  let weight: Tensor
  let stride: Int
  let padding: (rows: Int, columns: Int)

  init(
    _ name: String, _ input: Int, _ output: Int, size: (rows: Int, columns: Int), stride: Int = 1,
    padding: (rows: Int, columns: Int)? = nil, in list: inout TensorList
  ) throws {
    weight = try list.make(
      "\(name).weight", .convolutionWeight, [output, input, size.rows, size.columns],
      fanIn: input * size.rows * size.columns)
    self.stride = stride
    self.padding = padding ?? (size.rows / 2, size.columns / 2)
  }

  init(_ name: String, _ input: Int, _ output: Int, size: Int, stride: Int = 1, in list: inout TensorList) throws {
    try self.init(name, input, output, size: (size, size), stride: stride, in: &list)
  }

  func callAsFunction(_ x: Tensor) throws -> Tensor { try x.convolution(weight, stride: stride, padding: padding) }
}

/// Batch normalisation of [n, c, h, w] over all but c; running statistics with momentum 0.1 as torch's.
struct BatchNorm {
  let scale: Tensor
  let shift: Tensor
  let mean: Tensor
  let variance: Tensor
  let epsilon: Double

  init(_ name: String, _ channels: Int, epsilon: Double = 1e-5, in list: inout TensorList) throws {
    scale = try list.make("\(name).weight", .normScale, [channels], fill: 1)
    shift = try list.make("\(name).bias", .normShift, [channels])
    mean = try list.make("\(name).running_mean", .runningMean, [channels])
    variance = try list.make("\(name).running_var", .runningVariance, [channels], fill: 1)
    self.epsilon = epsilon
  }

  /// relu(norm(x) + residual), with what is asked for.
  func callAsFunction(_ x: Tensor, training: Bool, residual: Tensor? = nil, rectified: Bool) throws -> Tensor {
    try x.batchNorm(
      scale: scale, shift: shift, mean: mean, variance: variance, training: training, momentum: 0.1, epsilon: epsilon,
      residual: residual, rectified: rectified)
  }
}

/// An affine map of the last axis: weight [out, in], bias [out].
struct Linear {
  let weight: Tensor
  let bias: Tensor?
  private let headInput: HeadInput?

  init(
    _ name: String, _ input: Int, _ output: Int, biased: Bool = true, isHead: Bool = false, in list: inout TensorList
  ) throws {
    headInput = isHead ? HeadInput() : nil
    weight = try list.make(
      "\(name).weight", .linearWeight, [output, input], fanIn: input, isHead: isHead, headInput: headInput)
    bias = biased ? try list.make("\(name).bias", .linearBias, [output], fanIn: input, isHead: isHead) : nil
  }

  func callAsFunction(_ x: Tensor) throws -> Tensor {
    if let headInput, headInput.isWatched { headInput.tensor = x }
    return try x.linear(weight, bias: bias)
  }
}

/// Layer normalisation of the last axis.
struct LayerNorm {
  let scale: Tensor
  let shift: Tensor
  let epsilon: Double

  init(_ name: String, _ width: Int, epsilon: Double, in list: inout TensorList) throws {
    scale = try list.make("\(name).weight", .normScale, [width], fill: 1)
    shift = try list.make("\(name).bias", .normShift, [width])
    self.epsilon = epsilon
  }

  func callAsFunction(_ x: Tensor) throws -> Tensor { try x.layerNorm(scale: scale, shift: shift, epsilon: epsilon) }
}

/// A convolution of squares that do not overlap: a product over patches, its weight in a convolution's name and shape.
struct PatchEmbedding {
  let size: Int
  private let weight: Tensor
  private let bias: Tensor

  init(_ name: String, channels: Int, _ width: Int, size: Int, in list: inout TensorList) throws {
    self.size = size
    let fanIn = channels * size * size
    weight = try list.make("\(name).weight", .patchWeight, [width, channels, size, size], fanIn: fanIn)
    bias = try list.make("\(name).bias", .patchBias, [width], fanIn: fanIn)
  }

  /// [n, c, h, w] to [n, patches, width], row by row.
  func callAsFunction(_ images: Tensor) throws -> Tensor {
    try images.patches(size: size).linear(weight, bias: bias)
  }
}

/// The perceptron of a transformer's block: to `ratio` times the width, GELU, and back.
struct Perceptron {
  private let expansion: (weight: Tensor, bias: Tensor)
  private let contraction: (weight: Tensor, bias: Tensor)

  init(_ name: String, _ width: Int, ratio: Int = 4, in list: inout TensorList) throws {
    expansion = try Self.layer("\(name).fc1", width, ratio * width, in: &list)
    contraction = try Self.layer("\(name).fc2", ratio * width, width, in: &list)
  }

  private static func layer(
    _ name: String, _ input: Int, _ output: Int, in list: inout TensorList
  ) throws -> (weight: Tensor, bias: Tensor) {
    (
      try list.make("\(name).weight", .linearWeight, [output, input], fanIn: input),
      try list.make("\(name).bias", .linearBias, [output], fanIn: input)
    )
  }

  func callAsFunction(_ x: Tensor) throws -> Tensor {
    try x.perceptron(expansion.weight, expansion.bias, contraction.weight, contraction.bias)
  }
}
