import Engine
import Testing

/// The full backbones against torchvision and timm.
@Suite(.serialized) struct BackboneParityTests {
  struct Case: CustomTestStringConvertible {
    let fixture: String
    let training: Bool
    var testDescription: String { "\(fixture), \(training ? "training" : "evaluation")" }
  }

  /// Parameters with 1,000 classes, as timm counts them.
  static let counts = [
    ("deit_tiny", 5_717_416), ("deit_small", 22_050_664), ("deit_base", 86_567_656), ("deit_small5b", 9_629_416),
    ("swin_tiny", 28_288_354), ("swin_small", 49_606_258), ("swin_base", 87_768_224), ("resnet18", 11_689_512),
    ("resnet34", 21_797_672), ("resnet50", 25_557_032), ("resnet101", 44_549_160), ("resnet152", 60_192_808),
    ("inception_v3", 23_834_568),
  ]
  static let cases = (counts.map(\.0) + ["swin_tiny_256"]).flatMap { name in
    [false, true].map { Case(fixture: name, training: $0) }
  }

  /// 1e-4 is what float32 against float64 leaves after up to some hundred layers, with room.
  @Test(arguments: cases) func agreesWithItsLibrary(_ test: Case) throws {
    let fixture = try Fixture.load(test.fixture)
    let reference = test.training ? fixture.training : fixture.evaluation
    try Runtime.setThreads(2)
    let network = try Backbone.make(
      name: test.fixture.replacing("_256", with: ""), classes: Fixture.classes,
      options: NetworkOptions(imageSize: fixture.size))
    try network.load(Fixture.weights(for: network))
    var probes: [String: [Float]] = [:]
    let pass = test.training ? Pass.training(drops: nil) : .evaluation
    let logits = try network(Fixture.images(size: fixture.size), pass: pass) { probes[$0] = try $1.values() }
    #expect(relativeError(try logits.values().map(Double.init), reference.logits) < 1e-4)

    #expect(Set(probes.keys) == Set(reference.probes.keys))
    #expect(Set(network.probes) == Set(reference.probes.keys))
    for (name, expected) in reference.probes {
      let values = try #require(probes[name])
      #expect(relativeError([norm(values)], [expected.norm]) < 1e-4, "norm at \(name)")
      let scale = expected.norm / Double(values.count).squareRoot()
      for (value, wanted) in zip(values, expected.first) {
        #expect((Double(value) - wanted).magnitude / scale < 1e-4, "first values at \(name)")
      }
    }

    let loss = try logits.crossEntropy(Tensor(labels: Fixture.labels))
    #expect(relativeError([Double(try loss.values()[0])], [reference.loss]) < 1e-4)
    try loss.backward()
    #expect(Set(network.parameters.map(\.name)) == Set(reference.gradients.keys))
    // A gradient that cancels to nearly nothing (that of a shift before another norm) has no scale of its own: what lies
    // below float32's resolution of the whole gradient does not count.
    let total = reference.gradients.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    var misses: [String: Double] = [:]
    for parameter in network.parameters {
      let wanted = try #require(reference.gradients[parameter.name])
      let measured = norm(try parameter.tensor.gradient().values())
      let error = ((measured - wanted).magnitude - 1e-7 * total) / wanted
      if error > 1e-4 { misses[parameter.name] = error }
    }
    #expect(misses.isEmpty, "gradients \(misses)")
  }

  @Test(arguments: counts) func hasThePublishedParameterCount(_ name: String, _ count: Int) throws {
    #expect(try Backbone.make(name: name, classes: 1000).parameterCount == count)
    #expect(try Fixture.load(name).parameters == count)
  }

  @Test func refusesWhatCannotBeMade() {
    #expect(throws: EngineError.self) { try Backbone.make(name: "resnet19", classes: 2) }
    #expect(throws: EngineError.self) { try Backbone.make(name: "resnet18", classes: 0) }
    #expect(throws: EngineError.self) { try Device("cuda:99") }
    #expect(throws: EngineError.self) { try Device("tpu") }
    for (name, options) in [
      ("deit_tiny", NetworkOptions(imageSize: 225)), ("swin_tiny", NetworkOptions(imageSize: 200)),
      ("inception_v3", NetworkOptions(imageSize: 64)), ("resnet18", NetworkOptions(patchSize: 16)),
      ("resnet50", NetworkOptions(dropPath: 0.1)), ("swin_tiny", NetworkOptions(dropPath: 1)),
      ("deit_tiny", NetworkOptions(channels: 2)), ("deit_tiny", NetworkOptions(patchSize: 15)),
    ] {
      #expect(throws: EngineError.self, "\(name) \(options)") {
        try Backbone.make(name: name, classes: 2, options: options)
      }
    }
  }
}
