import Engine
import Foundation
import Testing

/// What torch made of fixed inputs; `Fixtures/make-training-fixtures.py` writes it.
enum TrainingFixture {
  static func load<Content: Decodable>(_ name: String, as type: Content.Type = Content.self) throws -> Content {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
    return try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: "\(name).json")))
  }

  static func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
    try Tensor(Fixture.formula(name, count: shape.reduce(1, *)).map { Float($0) }, shape: shape)
  }
}

@Suite struct OptimizerTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    let rule: UpdateRule
    let rate: Double
    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "sgd", rule: .sgd(momentum: 0), rate: 0.1),
    Case(name: "sgd momentum", rule: .sgd(), rate: 0.1),
    Case(name: "sgd nesterov", rule: .sgd(momentum: 0.8, nesterov: true), rate: 0.1),
    Case(name: "adam", rule: .adam(beta1: 0.8, beta2: 0.99, epsilon: 1e-6), rate: 1e-2),
    Case(name: "adamw", rule: .adamw(), rate: 1e-2),
    Case(name: "lars", rule: .lars(trust: 0.01), rate: 0.5),
  ]
  static let shapes = ["weight": [7, 5], "bias": [13]]

  struct Expected: Decodable {
    let weight: [Double]
    let bias: [Double]
  }

  /// Twenty steps on fixed gradients; those are multiplied by the scale, and the optimizer is told so.
  private func moved(_ test: Case, lossScale: Double = 1) throws -> [String: [Double]] {
    let parameters = try Self.shapes.sorted { $0.key < $1.key }.map { name, shape in
      (name: name, tensor: try TrainingFixture.tensor("parameter \(name)", shape))
    }
    for parameter in parameters { try parameter.tensor.requireGradient() }
    let optimizer = try Optimizer(parameters, rule: test.rule, weightDecay: 0.05)
    var rate = test.rate
    for step in 0..<20 {
      for (name, tensor) in parameters {
        let slope = try TrainingFixture.tensor("gradient \(step) \(name)", tensor.shape).values()
        try tensor.backward(seed: Tensor(slope.map { $0 * Float(lossScale) }, shape: tensor.shape))
      }
      let outcome = try optimizer.move(
        after: optimizer.outcome(of: Tensor([Float(step)], shape: [])), rate: rate, clip: 2, lossScale: lossScale)
      #expect(outcome.loss == Double(step) && outcome.gradientNorm > 2)
      rate *= 0.9
    }
    #expect(optimizer.step == 20)
    return try Dictionary(
      uniqueKeysWithValues: parameters.map { ($0.name, try $0.tensor.values().map(Double.init)) })
  }

  /// Torch's numbers in float64; 1e-6 is what twenty steps in float32 leave.
  @Test(arguments: cases, [true, false]) func equalsTorch(_ test: Case, kernels: Bool) throws {
    struct All: Decodable {
      let optimizers: [String: Expected]
      init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        var all: [String: Expected] = [:]
        for key in container.allKeys where key.stringValue != "torch" {
          all[key.stringValue] = try container.decode(Expected.self, forKey: key)
        }
        optimizers = all
      }
    }
    try Runtime.setThreads(1)
    Runtime.useKernels(kernels)
    defer { Runtime.useKernels(true) }
    let expected = try #require(try TrainingFixture.load("optimizers", as: All.self).optimizers[test.name])
    let values = try moved(test)
    #expect(relativeError(try #require(values["weight"]), expected.weight) < 1e-6)
    #expect(relativeError(try #require(values["bias"]), expected.bias) < 1e-6)
  }

  @Test(arguments: cases) func takesTheLossScaleOut(_ test: Case) throws {
    let plain = try moved(test)
    // A power of two changes no digit.
    #expect(try moved(test, lossScale: 1024) == plain)
  }

  @Test(arguments: [true, false]) func movesNothingWhereAGradientIsNotFinite(kernels: Bool) throws {
    Runtime.useKernels(kernels)
    defer { Runtime.useKernels(true) }
    let weight = try TrainingFixture.tensor("parameter weight", [7, 5])
    let before = try weight.values()
    try weight.requireGradient()
    let optimizer = try Optimizer([(name: "weight", tensor: weight)], rule: .adamw(), weightDecay: 0.1)
    try weight.backward(seed: Tensor([Float](repeating: .infinity, count: 35), shape: [7, 5]))
    let outcome = try optimizer.move(after: optimizer.outcome(of: Tensor([1], shape: [])), rate: 1, clip: 1)
    #expect(!outcome.gradientNorm.isFinite)
    #expect(try weight.values() == before)
    #expect(optimizer.step == 0)
  }

  private struct Name: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

@Suite struct LossScaleTests {
  @Test func halvesAtAnOverflowAndDoublesAfterAWhile() {
    var scale = LossScale()
    let first = scale.value
    var isSound = true
    for _ in 1..<LossScale.growthInterval { isSound = scale.observe(overflow: false) && isSound }
    #expect(scale.value == first)
    isSound = scale.observe(overflow: false) && isSound
    #expect(scale.value == 2 * first)
    isSound = scale.observe(overflow: true) && isSound
    #expect(scale.value == first)
    #expect(isSound)
  }

  @Test func givesUpWhereNoScaleIsSmallEnough() {
    var scale = LossScale()
    var overflows = 0
    while scale.observe(overflow: true) { overflows += 1 }
    #expect(overflows == 16)
    #expect(scale.value == 1)
  }
}
