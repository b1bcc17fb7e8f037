import Engine
import Foundation
import Testing

/// Losses and the metric of several classes an image, against torch and scikit-learn.
@Suite struct LossTests {
  struct Expected: Decodable {
    struct Loss: Decodable {
      let value: Double
      let gradient: [Double]
    }
    struct MultiLabel: Decodable {
      let scores: [Float]
      let targets: [Float]
      let auc: Double
    }
    let cross_entropy: Loss
    let binary_cross_entropy: Loss
    let targets: [Float]
    let multi_label: MultiLabel
  }

  private func check(_ expected: Expected.Loss, _ loss: (Tensor) throws -> Tensor) throws {
    let logits = try Tensor(Fixture.formula("logits", count: 24).map { Float($0) * 3 }, shape: [6, 4])
    try logits.requireGradient()
    let value = try loss(logits)
    try value.backward()
    #expect(relativeError([Double(try value.values()[0])], [expected.value]) < 1e-6)
    #expect(relativeError(try logits.gradient().values().map(Double.init), expected.gradient) < 1e-6)
  }

  /// Two images, three classes, three answers each: the mean of six cross-entropies, and probabilities without the third answer.
  @Test func threeAnswersAClassAreLearnt() throws {
    let logits = Fixture.formula("answers", count: 18).map { Float($0) * 3 }
    let targets: [Float] = [0, 1, -1, 1, 0, 0]
    let answers = [0, 1, 2, 1, 0, 0]
    let losses = answers.enumerated().map { entry, answer in
      let scores = logits[(3 * entry)..<(3 * entry + 3)].map { exp(Double($0)) }
      return -log(scores[answer] / scores.reduce(0, +))
    }
    let evaluation = Evaluation(answers: logits, targets: targets, classes: 3)
    #expect(abs(evaluation.loss - losses.reduce(0, +) / 6) < 1e-9)
    for entry in 0..<6 {
      let (absent, present) = (exp(Double(logits[3 * entry])), exp(Double(logits[3 * entry + 1])))
      #expect(abs(Double(evaluation.probabilities[entry]) - present / (absent + present)) < 1e-6)
    }
    let tensor = try Tensor(logits, shape: [6, 3])
    #expect(abs(Double(try tensor.crossEntropy(Tensor(labels: answers)).values()[0]) - evaluation.loss) < 1e-6)
  }

  @Test func lossesEqualTorchs() throws {
    let expected = try TrainingFixture.load("losses", as: Expected.self)
    try check(expected.cross_entropy) {
      try $0.crossEntropy(Tensor(labels: [0, 1, 2, 3, 2, 2]), weights: Tensor([0.5, 2, 1, 0.25], shape: [4]))
    }
    try check(expected.binary_cross_entropy) {
      try $0.binaryCrossEntropy(Tensor(expected.targets, shape: [6, 4]))
    }
  }

  @Test func theAreaOfSeveralClassesEqualsScikitLearns() throws {
    let expected = try TrainingFixture.load("losses", as: Expected.self).multi_label
    let value = MultiLabelAUC.value(scores: expected.scores, targets: expected.targets, classes: 4)
    #expect((value - expected.auc).magnitude < 1e-9)
  }

  @Test func anAreaThatNothingCanBeSaidOfIsNoNumber() {
    #expect(MultiLabelAUC.value(scores: [0.1, 0.2], targets: [1, 1], classes: 1).isNaN)
    #expect(MultiLabelAUC.value(scores: [], targets: [], classes: 3).isNaN)
    #expect(MultiLabelAUC.value(scores: [.nan, 0.2], targets: [1, 0], classes: 1).isNaN)
  }

  /// Images that show a class or not, each class for itself.
  struct SeveralClasses: ImageSource {
    let images: SyntheticSource
    let classes = 2
    var count: Int { images.count }
    var shape: ImageShape { images.shape }
    var labels: [Int] { [] }
    /// Of the four patterns, 0 shows nothing, 1 and 2 a class each, 3 both.
    var targets: [Float]? { images.labels.flatMap { [Float($0 & 1), Float($0 >> 1)] } }

    func batch(_ positions: [Int], draws: RandomStream?) throws -> ImageBatch {
      var batch = try images.batch(positions, draws: draws)
      batch.labels = []
      batch.targets = positions.flatMap { [Float(images.labels[$0] & 1), Float(images.labels[$0] >> 1)] }
      return batch
    }
  }

  @Test func learnsImagesOfSeveralClasses() throws {
    try Runtime.setThreads(1)
    let network = try Backbone.make(name: "vit_micro", classes: 2, options: NetworkOptions(imageSize: 16))
    try Initialisation.random.apply(to: network, seed: 1)
    let validation = SeveralClasses(images: SyntheticSource(count: 24, side: 16, classes: 4, seed: 2))
    let targets = try #require(validation.targets)
    let options = TrainingOptions(
      epochs: 30, batchSize: 8, optimizer: OptimizerOptions(rate: 1e-3), loss: .binaryCrossEntropy(), validateEvery: 5,
      seed: 5)
    let result = try Trainer(options: options).run(
      network, training: SeveralClasses(images: SyntheticSource(count: 40, side: 16, classes: 4)),
      validation: validation, metric: { scores, _ in MultiLabelAUC.value(scores: scores, targets: targets, classes: 2) }
    )
    #expect(result.end == .finished)
    let best = try #require(result.best)
    #expect(best.validationMetric > 0.95)
    #expect(best.validationLoss < 0.5)
    let evaluation = try Evaluation.of(network, on: validation)
    #expect(evaluation.loss == best.validationLoss)
    #expect(evaluation.probabilities.allSatisfy { (0...1).contains($0) })
  }

  @Test(arguments: [[1.0, 2], [0, 0, 0], [1, -1, 1]]) func refusesWeightsThatCannotBe(_ weights: [Double]) throws {
    var options = TrainerTests.options()
    options.loss = .crossEntropy(weights: .given(weights))
    let error = #expect(throws: EngineError.self) { try TrainerTests.train("vit_micro", options: options) }
    #expect(error?.message.contains("class_weights") == true)
  }
}
