import Engine
import Testing

/// Our own kernels against libtorch's operators, values and gradients, on shapes that fill whole vectors and ones that do not.
@Suite struct KernelTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    /// Of the inputs; the first is x.
    let shapes: [[Int]]
    let compute: @Sendable ([Tensor]) throws -> Tensor
    var testDescription: String { "\(name) \(shapes[0])" }
  }

  static let layerNorms = [[3, 5, 7], [2, 197, 192], [130, 64]].map { shape in
    Case(name: "layer norm", shapes: [shape, [shape[shape.count - 1]], [shape[shape.count - 1]]]) {
      try $0[0].layerNorm(scale: $0[1], shift: $0[2], epsilon: 1e-6)
    }
  }
  static let perceptrons = [([1, 3], 5, 2), ([5, 4], 8, 4), ([2, 197, 48], 192, 48), ([1100, 16], 33, 7)].map {
    shape, inner, out in
    Case(name: "perceptron", shapes: [shape, [inner, shape[shape.count - 1]], [inner], [out, inner], [out]]) {
      try $0[0].perceptron($0[1], $0[2], $0[3], $0[4])
    }
  }
  static let linears = [([1, 3], 2), ([7, 5], 3), ([2, 197, 192], 576), ([1100, 64], 10)].map { shape, out in
    Case(name: "linear", shapes: [shape, [out, shape[shape.count - 1]], [out]]) { try $0[0].linear($0[1], bias: $0[2]) }
  }
  static let attentions = [(2, 17, 4, 16), (1, 5, 1, 3), (2, 197, 3, 64), (3, 8, 2, 8)].map { n, tokens, heads, width in
    Case(name: "attention of \(heads) heads", shapes: [[n, tokens, 3 * heads * width]]) {
      try $0[0].attention(heads: heads)
    }
  }
  /// n, height, width, heads, columns of each, side, roll, masked shift.
  static let windowAttentions = [
    (2, 7, 7, 3, 32, 7, 0, 0), (1, 14, 14, 2, 32, 7, 3, 3), (2, 14, 21, 1, 8, 7, 3, 3), (1, 6, 6, 2, 24, 3, 0, 1),
    (3, 8, 4, 4, 16, 4, 2, 2),
  ].map { n, height, width, heads, columns, side, roll, mask in
    Case(
      name: "windows of \(side), roll \(roll), mask \(mask)",
      shapes: [[n, height, width, 3 * heads * columns], [(2 * side - 1) * (2 * side - 1), heads]]
    ) { try $0[0].windowAttention(table: $0[1], side: side, roll: roll, maskShift: mask) }
  }
  static let batchNorms = [(2, 3, 5), (4, 16, 8), (3, 20, 9), (2, 64, 28)].flatMap { n, c, side in
    [
      (true, true, true), (true, false, true), (true, true, false), (true, false, false), (false, true, true),
      (false, false, false),
    ].map {
      training, residual, rectified in
      Case(
        name: "batch norm\(training ? "" : " evaluated")\(residual ? " + residual" : "")\(rectified ? " + relu" : "")",
        shapes: [[n, c, side, side], [c], [c], [n, c, side, side]]
      ) {
        let mean = try Tensor(Fixture.formula("mean", count: c).map { Float($0) }, shape: [c])
        let variance = try Tensor(Fixture.formula("variance", count: c).map { Float($0 + 1.5) }, shape: [c])
        return try $0[0].batchNorm(
          scale: $0[1], shift: $0[2], mean: mean, variance: variance, training: training, momentum: 0.1, epsilon: 1e-5,
          residual: residual ? $0[3] : nil, rectified: rectified)
      }
    }
  }

  static let convolutions = [
    (2, 16, 16, 8, 1), (1, 32, 16, 7, 1), (3, 16, 48, 5, 1), (2, 64, 64, 28, 1), (5, 16, 32, 1, 1), (2, 16, 32, 9, 0),
    (1, 80, 16, 3, 0), (2, 16, 16, 6, 2),
  ].map { n, input, output, side, padding in
    Case(
      name: "convolution to \(output), padding \(padding)",
      shapes: [[n, input, side, side], [output, input, 3, 3]]
    ) { try $0[0].convolution($0[1], stride: 1, padding: (padding, padding)) }
  }

  /// Height and width of the images, then of the taps; padded so that the size stays, or not at all.
  static let longConvolutions = [
    (2, 16, 16, 12, 12, 1, 7, true), (3, 32, 16, 12, 12, 7, 1, true), (1, 48, 16, 9, 15, 7, 1, true),
    (2, 16, 48, 15, 8, 1, 7, true), (2, 16, 16, 14, 14, 1, 7, false), (1, 16, 16, 14, 5, 7, 1, false),
    (2, 48, 64, 25, 25, 5, 5, true), (1, 16, 16, 6, 8, 5, 5, false), (2, 16, 16, 12, 3, 1, 7, true),
  ].map { n, input, output, height, width, rows, columns, isPadded in
    Case(
      name: "convolution of \(rows) x \(columns) to \(output)",
      shapes: [[n, input, height, width], [output, input, rows, columns]]
    ) {
      try $0[0].convolution($0[1], stride: 1, padding: isPadded ? (rows / 2, columns / 2) : (0, 0))
    }
  }

  static let pools = [(2, 5, 7, 4), (1, 8, 1, 1), (3, 16, 12, 12), (1, 3, 1, 6)].map { n, channels, height, width in
    Case(name: "mean of 3 x 3", shapes: [[n, channels, height, width]]) {
      try $0[0].averagePool(size: 3, stride: 1, padding: 1)
    }
  }

  /// Norms whose outputs are joined, so that their gradients lie within a larger one.
  static let joined = [(2, 8, 24, 5), (1, 3, 5, 1)].map { n, first, second, side in
    Case(
      name: "joined norms",
      shapes: [[n, first, side, side], [first], [first], [n, second, side, side], [second], [second]]
    ) { inputs in
      try Tensor.concatenated(
        [0, 3].map { place in
          let c = inputs[place].shape[1]
          let mean = try Tensor([Float](repeating: 0, count: c), shape: [c])
          let variance = try Tensor([Float](repeating: 1, count: c), shape: [c])
          return try inputs[place].batchNorm(
            scale: inputs[place + 1], shift: inputs[place + 2], mean: mean, variance: variance, training: side > 1,
            momentum: 0.1, epsilon: 1e-3, rectified: true)
        })
    }
  }

  /// The output and the gradient of every input for a loss that weighs all outputs differently.
  private func run(_ test: Case) throws -> [[Float]] {
    let inputs = try test.shapes.enumerated().map { index, shape in
      let values = Fixture.formula("\(test.name) \(index)", count: shape.reduce(1, *)).map { Float($0 * 2) }
      let tensor = try Tensor(values, shape: shape)
      try tensor.requireGradient()
      return tensor
    }
    let output = try test.compute(inputs)
    let weights = Fixture.formula("weights", count: output.count).map { Float($0) }
    try output.backward(seed: Tensor(weights, shape: output.shape))
    return try [output.values()] + inputs.map { try $0.gradient().values() }
  }

  @Test(
    arguments: layerNorms + perceptrons + linears + attentions + windowAttentions + batchNorms + convolutions
      + longConvolutions + pools + joined)
  func agreesWithLibtorch(_ test: Case) throws {
    try Runtime.setThreads(2)
    Runtime.useKernels(false)
    let reference = try run(test)
    Runtime.useKernels(true)
    let ours = try run(test)
    for (index, (ours, reference)) in zip(ours, reference).enumerated() {
      guard reference.contains(where: { $0 != 0 }) else {
        #expect(ours.allSatisfy { $0 == 0 })
        continue
      }
      // A gradient that cancels to nearly nothing (a batch norm's shift before another norm) has no meaningful scale.
      #expect(relativeError(ours, reference) < 2e-5, "\(index == 0 ? "output" : "gradient of input \(index - 1)")")
    }
  }

  @Test(arguments: perceptrons.prefix(2) + layerNorms.prefix(1) + attentions[1...1])
  func agreesWithFiniteDifferences(_ test: Case) throws {
    Runtime.useKernels(true)
    let shape = test.shapes[0]
    let values = Fixture.formula("x", count: shape.reduce(1, *)).map { Float($0 * 2) }
    let rest = try test.shapes.dropFirst().map {
      try Tensor(Fixture.formula("rest", count: $0.reduce(1, *)).map { Float($0) }, shape: $0)
    }
    func loss(_ values: [Float]) throws -> (Double, [Float]) {
      let x = try Tensor(values, shape: shape)
      try x.requireGradient()
      let output = try test.compute([x] + rest)
      let weights = Fixture.formula("weights", count: output.count)
      try output.backward(seed: Tensor(weights.map { Float($0) }, shape: output.shape))
      let total = zip(try output.values(), weights).reduce(0.0) { $0 + Double($1.0) * $1.1 }
      return (total, try x.gradient().values())
    }
    let gradient = try loss(values).1
    let differences = try values.indices.map { index in
      var up = values
      var down = values
      up[index] += 1e-2
      down[index] -= 1e-2
      return (try loss(up).0 - loss(down).0) / Double(up[index] - down[index])
    }
    // A central difference of step 1e-2 in float32 is good to some 1e-3.
    #expect(relativeError(gradient.map(Double.init), differences) < 5e-3)
  }

  @Test func runsOnThisMachine() { #expect(Runtime.hasKernels || Runtime.blasPath.isEmpty) }
}
