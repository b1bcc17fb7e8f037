import Engine
import Testing

@Suite struct AlignmentTests {
  private static let layers = ["first": [[3, 4, 4], [5, 7], [11]], "second": [[2, 6, 6], [48]]]
  private static let batches = [12, 12, 5, 3]

  /// The outputs of `representations.py`.
  private static func activations(_ network: String, batch: Int, layer: Int) throws -> [Float] {
    let shape = try #require(layers[network])[layer]
    var values = Fixture.formula("\(network) \(layer) batch \(batch)", count: batches[batch] * shape.reduce(1, *))
    if network == "second", layer == 1 {
      values = try zip(values, activations("first", batch: batch, layer: 0)).map { 0.5 * $0 + Double($1) }
    }
    return values.map { Float($0 + 2) }
  }

  private static func grams(_ network: String, batch: Int) throws -> [GramVector] {
    try #require(layers[network]).enumerated().map { layer, shape in
      try GramVector(Tensor(activations(network, batch: batch, layer: layer), shape: [batches[batch]] + shape))
    }
  }

  private static func random(_ name: String, _ n: Int, _ p: Int, times factor: Float = 1) throws -> Tensor {
    try Tensor(RepresentationFixture.floats(name, count: n * p).map { $0 * factor }, shape: [n, p])
  }

  /// float64 numpy, HSIC by the formula of the paper and by that of the released code.
  @Test(arguments: ["first", "second"], [true, false]) func equalsNumpy(_ right: String, kernels: Bool) throws {
    Runtime.useKernels(kernels)
    defer { Runtime.useKernels(true) }
    let wanted = try #require(RepresentationFixture.content.alignment[right])
    for (estimator, values) in [(CKAAccumulator.Estimator.unbiased, wanted.unbiased), (.released, wanted.released)] {
      var cka = CKAAccumulator(
        rows: ["a", "b", "c"], columns: right == "first" ? ["a", "b", "c"] : ["d", "e"], estimator: estimator)
      for batch in Self.batches.indices {
        try cka.add(rows: Self.grams("first", batch: batch), columns: Self.grams(right, batch: batch))
      }
      #expect(cka.images == 29 && cka.skippedImages == 3)
      #expect(try largestDifference(cka.matrix().map { Float($0 ?? .nan) }, values) < 1e-5)
    }
  }

  /// Song et al. (2012), eq. 5, term by term, from a Gram matrix of uncentred features.
  @Test(arguments: [4, 5, 17]) func hsicIsWhatItIsDefinedAs(_ n: Int) throws {
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    func gram(_ tensor: Tensor) throws -> [[Double]] {
      let values = try tensor.values().map(Double.init)
      let p = values.count / n
      let rows = (0..<n).map { Array(values[$0 * p..<($0 + 1) * p]) }
      return (0..<n).map { i in (0..<n).map { j -> Double in i == j ? 0 : dot(rows[i], rows[j]) } }
    }
    let (x, y) = (try Self.random("x", n, 7), try Self.random("y", n, 40))
    let (k, l) = (try gram(x), try gram(y))
    let places = 0..<n
    // Both are symmetric.
    let trace = places.reduce(0.0) { $0 + dot(k[$1], l[$1]) }
    let (sumK, sumL) = (k.joined().reduce(0, +), l.joined().reduce(0, +))
    let mixed = places.reduce(0.0) { $0 + k[$1].reduce(0, +) * l[$1].reduce(0, +) }
    let m = Double(n)
    let means = sumK * sumL / ((m - 1) * (m - 2))
    let wanted = (trace + means - 2 / (m - 2) * mixed) / (m * (m - 3))
    let (kVector, lVector) = (try GramVector(x), try GramVector(y))
    let value = try #require(HSIC.unbiased(kVector, lVector))
    let bound = 1e-5 * (1 + wanted.magnitude)
    #expect((value - wanted).magnitude < bound)
    let debiased = HSIC.debiased(kVector, lVector) / (m * (m - 3))
    #expect((debiased - wanted).magnitude < bound)
    #expect(HSIC.unbiased(lVector, kVector) == value)
  }

  @Test func fewerThan4ImagesHaveNoUnbiasedHSIC() throws {
    for n in 1...3 {
      let gram = try GramVector(Self.random("x", n, 7))
      #expect(HSIC.unbiased(gram, gram) == nil)
    }
  }

  /// Dense images in another order of memory are not copied, and images beyond one piece of columns are added up.
  @Test(arguments: [[6, 40, 9, 8], [5, 3001]], [true, false])
  func theGramMatrixIsThatOfCentredRows(_ shape: [Int], kernels: Bool) throws {
    try Runtime.setThreads(2)
    Runtime.useKernels(kernels)
    defer { Runtime.useKernels(true) }
    let n = shape[0]
    let values = RepresentationFixture.floats("activations", count: shape.reduce(1, *)).map { $0 + 3 }
    let p = values.count / n
    let means = (0..<p).map { column in (0..<n).reduce(0.0) { $0 + Double(values[$1 * p + column]) } / Double(n) }
    let rows = (0..<n).map { row in (0..<p).map { Double(values[row * p + $0]) - means[$0] } }
    let wanted = (0..<n * n).map { place in
      zip(rows[place / n], rows[place % n]).reduce(0.0) { $0 + $1.0 * $1.1 }
    }
    let tensor = try Tensor(values, shape: shape)
    #expect(try relativeError(GramMatrix(tensor).values, wanted) < 1e-6)
    guard shape.count == 4 else { return }
    // A convolution by single pixels that passes everything on has its output in the same memory order as its input.
    let weight = (0..<1600).map { Float($0 / 40 == $0 % 40 ? 1 : 0) }
    let last = try tensor.channelsLastCopy(weight: weight)
    #expect(try relativeError(last.values(), values) < 1e-6)
    #expect(try relativeError(GramMatrix(last).values, wanted) < 1e-6)
  }

  private func cka(
    _ left: [Tensor], _ right: [Tensor], _ estimator: CKAAccumulator.Estimator
  ) throws -> [Double?] {
    var cka = CKAAccumulator(
      rows: left.indices.map { "left \($0)" }, columns: right.indices.map { "right \($0)" }, estimator: estimator)
    try cka.add(rows: left.map { try GramVector($0) }, columns: right.map { try GramVector($0) })
    return try cka.matrix()
  }

  @Test(arguments: CKAAccumulator.Estimator.allCases)
  func doesNotSeeRotationAndScale(_ estimator: CKAAccumulator.Estimator) throws {
    let (n, p) = (20, 4)
    let x = try Self.random("x", n, p)
    // A Hadamard matrix by half is a rotation with a reflection.
    let rotation = try Tensor([1, 1, 1, 1, 1, -1, 1, -1, 1, 1, -1, -1, 1, -1, -1, 1].map { $0 / 2 }, shape: [4, 4])
    let turned = try x.linear(rotation, bias: Tensor([5, 4, 3, 2], shape: [4]))
    let scaled = try Self.random("x", n, p, times: 1000)
    for value in try cka([x], [x, turned, scaled], estimator) {
      #expect(try (#require(value) - 1).magnitude < 1e-5)
    }
    // But one feature larger than the others.
    let stretched = try x.multiplied(by: Tensor([9, 1, 1, 1], shape: [1, 4]))
    #expect(try #require(cka([x], [stretched], estimator)[0]) < 0.95)
  }

  @Test(arguments: CKAAccumulator.Estimator.allCases)
  func isSymmetric(_ estimator: CKAAccumulator.Estimator) throws {
    let layers = try (0..<5).map { try Self.random("layer \($0 / 2)", 16, 10 + $0) }
    let values = try cka(layers, layers, estimator).map { $0 ?? .nan }
    for row in 0..<5 {
      #expect((values[row * 6] - 1).magnitude < 1e-12)
      for column in 0..<5 { #expect((values[row * 5 + column] - values[column * 5 + row]).magnitude < 1e-12) }
    }
  }

  /// An estimate with a bias would be far above 0 for as many features as images.
  @Test(arguments: CKAAccumulator.Estimator.allCases)
  func isNear0ForIndependentFeatures(_ estimator: CKAAccumulator.Estimator) throws {
    var cka = CKAAccumulator(rows: ["x"], columns: ["y"], estimator: estimator)
    for batch in 0..<40 {
      try cka.add(
        rows: [GramVector(Self.random("x \(batch)", 32, 64))], columns: [GramVector(Self.random("y \(batch)", 32, 64))])
    }
    #expect(try #require(cka.matrix()[0]).magnitude < 0.03)
  }

  /// One layer that is the same for all images, one that differs by one image alone (and so has an inner product of 0
  /// with all without its diagonal), one that is not finite.
  @Test(arguments: CKAAccumulator.Estimator.allCases, [true, false])
  func aLayerThatDoesNotVaryHasNoValue(_ estimator: CKAAccumulator.Estimator, kernels: Bool) throws {
    Runtime.useKernels(kernels)
    defer { Runtime.useKernels(true) }
    let n = 9
    let x = try Self.random("x", n, 6)
    let constant = try Tensor([Float](repeating: 0.1, count: n * 2000), shape: [n, 2000])
    let single = try Tensor((0..<n * 3).map { $0 < 3 ? 0.3 : 0.7 }, shape: [n, 3])
    let broken = try Tensor((0..<n * 2).map { $0 == 4 ? .nan : Float($0) }, shape: [n, 2])
    let values = try cka([constant, x, single, broken], [x, constant, Self.random("y", n, 6)], estimator)
    let isThere = [false, false, false, true, false, true, false, false, false, false, false, false]
    #expect(values.map { $0 != nil } == isThere)
    #expect(values[3].map { ($0 - 1).magnitude < 1e-12 } == true)
    let alone = try #require(cka([x], [Self.random("y", n, 6)], estimator)[0])
    #expect(values[5].map { ($0 - alone).magnitude < 1e-12 } == true)
  }

  @Test func refusesWhatCannotBeCompared() throws {
    var cka = CKAAccumulator(rows: ["x"], columns: ["y"], estimator: .unbiased)
    let three = try GramVector(Self.random("x", 3, 2))
    try cka.add(rows: [three], columns: [three])
    #expect(
      throws: EngineError.data(
        "CKA needs minibatches of at least 4 images, and there was none (3 images came in smaller ones): give more "
          + "images or a larger batch size")
    ) { try cka.matrix() }
    let four = try GramVector(Self.random("x", 4, 2))
    #expect(throws: EngineError.specification("Gram matrices of [3, 4] images: all must be of one minibatch")) {
      try cka.add(rows: [three], columns: [four])
    }
    #expect(throws: EngineError.specification("Gram matrices of 2 and 1 layers for 1 and 1")) {
      try cka.add(rows: [four, four], columns: [four])
    }
    #expect(throws: EngineError.specification("no Gram matrix of activations of shape [0, 3]")) {
      try GramMatrix(Tensor([], shape: [0, 3]))
    }
  }
}

extension Tensor {
  /// The images convolved with a weight [c, c, 1, 1], which comes out channels last.
  fileprivate func channelsLastCopy(weight: [Float]) throws -> Tensor {
    let c = shape[1]
    return try convolution(Tensor(weight, shape: [c, c, 1, 1]), stride: 1, padding: (0, 0))
  }
}
