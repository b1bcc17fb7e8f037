/// A convolution without bias, as in every residual network here: weight [out, in, k, k].
struct Convolution {
  let weight: Tensor
  let stride: Int
  let padding: Int

  init(_ name: String, _ input: Int, _ output: Int, size: Int, stride: Int = 1, in list: inout TensorList) throws {
    weight = try list.make("\(name).weight", .convolutionWeight, [output, input, size, size])
    self.stride = stride
    padding = size / 2
  }

  func callAsFunction(_ x: Tensor) throws -> Tensor { try x.convolution(weight, stride: stride, padding: padding) }
}

/// Batch normalisation of [n, c, h, w] over all but c; running statistics with momentum 0.1, epsilon 1e-5, as torch's.
struct BatchNorm {
  let scale: Tensor
  let shift: Tensor
  let mean: Tensor
  let variance: Tensor

  init(_ name: String, _ channels: Int, in list: inout TensorList) throws {
    scale = try list.make("\(name).weight", .normScale, [channels], fill: 1)
    shift = try list.make("\(name).bias", .normShift, [channels])
    mean = try list.make("\(name).running_mean", .runningMean, [channels])
    variance = try list.make("\(name).running_var", .runningVariance, [channels], fill: 1)
  }

  /// relu(norm(x) + residual), with what is asked for.
  func callAsFunction(_ x: Tensor, training: Bool, residual: Tensor? = nil, rectified: Bool) throws -> Tensor {
    try x.batchNorm(
      scale: scale, shift: shift, mean: mean, variance: variance, training: training, momentum: 0.1, epsilon: 1e-5,
      residual: residual, rectified: rectified)
  }
}

/// An affine map of the last axis: weight [out, in], bias [out].
struct Linear {
  let weight: Tensor
  let bias: Tensor
  private let headInput: HeadInput?

  init(_ name: String, _ input: Int, _ output: Int, isHead: Bool = false, in list: inout TensorList) throws {
    headInput = isHead ? HeadInput() : nil
    weight = try list.make(
      "\(name).weight", .linearWeight, [output, input], fanIn: input, isHead: isHead, headInput: headInput)
    bias = try list.make("\(name).bias", .linearBias, [output], fanIn: input, isHead: isHead)
  }

  func callAsFunction(_ x: Tensor) throws -> Tensor {
    if let headInput, headInput.isWatched { headInput.tensor = x }
    return try x.linear(weight, bias: bias)
  }
}

/// Layer normalisation of the last axis, epsilon 1e-6 as timm's transformers have it.
struct LayerNorm {
  let scale: Tensor
  let shift: Tensor

  init(_ name: String, _ width: Int, in list: inout TensorList) throws {
    scale = try list.make("\(name).weight", .normScale, [width], fill: 1)
    shift = try list.make("\(name).bias", .normShift, [width])
  }

  func callAsFunction(_ x: Tensor) throws -> Tensor { try x.layerNorm(scale: scale, shift: shift, epsilon: 1e-6) }
}
