import Planner
import Testing

/// Typed parameters decode what they encode, and what a plan's stages carry.
@Suite struct ParameterTests {
  @Test func aPlansParametersAreThoseOfTheTypes() throws {
    let stages = try Array(PlanOrderTests.quickstart().stages) + Array(KeyTests.plan(KeyTests.base).stages)
    for stage in stages {
      let again: JSONValue =
        switch stage.kind {
        case .dataset: try DatasetParameters(stage.parameters).canonical
        case .weights: try WeightsParameters(stage.parameters).canonical
        case .pretrain: try PretrainParameters(stage.parameters).canonical
        case .train, .lrSearch: try TrainParameters(stage.parameters).canonical
        case .test: try TestParameters(stage.parameters).canonical
        case .noop: try NoopParameters(stage.parameters).canonical
        default: stage.parameters
        }
      #expect(again == stage.parameters, "\(stage.label)")
    }
  }

  @Test func theDefaultsAreThePapers() throws {
    let backbone = try #require(BackboneCatalogue.named("resnet18"))
    let options = try TrainingOptions(canonical: TrainingOptions.canonical(changes: [:], backbone: backbone))
    #expect(options.imageSize == 224)
    #expect(
      options.trainingTransforms == [
        .resize(size: 256), .randomResizedCrop(size: 224, scale: 0.8...1.2, ratio: 0.75...(4.0 / 3)),
        .verticalFlip(p: 0.5), .horizontalFlip(p: 0.5),
        .colorJitter(brightness: 0.2, contrast: 0.2, saturation: 0.1, hue: 0.1, p: 0.2), .randomGrayscale(p: 0.2),
      ])
    #expect(options.evaluationTransforms == [.resize(size: 256), .centerCrop(size: 224)])
    #expect(options.schedule == [.linearWarmup(iterations: 1000), .plateau(factor: 0.1, patience: 3, minimum: 1e-6)])
    #expect(options.normalise == .dataset)
    #expect(options.gradientClipping == 1)
  }

  @Test func sizesFollowTheImageSize() throws {
    let backbone = try #require(BackboneCatalogue.named("resnet_micro"))
    let options = try TrainingOptions(
      canonical: TrainingOptions.canonical(changes: ["image_size": 56], backbone: backbone))
    #expect(options.evaluationTransforms == [.resize(size: 64), .centerCrop(size: 56)])
  }

  @Test(
    "damaged parameters are named",
    arguments: [
      (#"{}"#, "the parameter `train.backbone` is not a text"),
      (#"{"backbone":"x","initialisation":"RI","fraction":"1"}"#, "the parameter `train.fraction` is not a number"),
      (
        #"{"backbone":"x","initialisation":"RI","fraction":1,"seed":0.5}"#,
        "the parameter `train.seed` is not a whole number"
      ),
      (
        #"{"backbone":"x","initialisation":"RI","fraction":1,"seed":0,"metric":"f1"}"#,
        "the parameter `train.metric` is not known: `f1`"
      ),
    ])
  func damaged(_ text: String, expected: String) throws {
    let json = try JSONDecoding.value(text)
    let fault = #expect(throws: ParameterFault.self) { try TrainParameters(json) }
    #expect(fault?.description == expected)
  }
}
