import Planner
import Testing

/// Lists of transforms as a study writes them and as a stage's parameters hold them.
@Suite struct TransformTests {
  /// The `transforms.train` of the base study with these steps.
  private static func read(_ steps: String) throws -> (steps: [TransformSpec], keys: Set<StageKey>) {
    let plan = try KeyTests.plan(
      KeyTests.base, overrides: [("training.image_size", "32"), ("training.transforms.train", "[\(steps)]")])
    let stage = try #require(plan.stages.first { $0.kind == .train })
    let parameters = try TrainParameters(stage.parameters)
    #expect(parameters.canonical == stage.parameters)
    return (parameters.training.trainingTransforms, Set(plan.stages.map(\.key)))
  }

  @Test(arguments: [
    ("resize", TransformSpec.resize(size: 37)),
    ("{name: resize, size: 40, keep_aspect: true}", .resize(size: 40, keepsAspect: true)),
    ("center_crop", .centerCrop(size: 32)),
    ("{name: random_crop, padding: 4}", .randomCrop(size: 32, padding: 4, fill: 0)),
    ("{name: random_crop, size: 30, fill: 7}", .randomCrop(size: 30, padding: 0, fill: 7)),
    ("{name: random_rotation, degrees: 10}", .randomRotation(degrees: -10...10, fill: 0, p: 1)),
    (
      "{name: random_rotation, degrees: [0, 30.5], fill: 255, p: 0.25}",
      .randomRotation(degrees: 0...30.5, fill: 255, p: 0.25)
    ),
    (
      "{name: random_affine, degrees: 0}",
      .randomAffine(degrees: 0...0, translate: [0, 0], scale: 1...1, shear: 0...0, shearY: 0...0, fill: 0, p: 1)
    ),
    (
      "{name: random_affine, degrees: 5, translate: [0.1, 0.2], scale: [0.9, 1.1], shear: [-3, 4], shear_y: 2, p: 0.5}",
      .randomAffine(
        degrees: -5...5, translate: [0.1, 0.2], scale: 0.9...1.1, shear: -3...4, shearY: -2...2, fill: 0, p: 0.5)
    ),
    ("random_perspective", .randomPerspective(distortion: 0.5, fill: 0, p: 0.5)),
    ("gaussian_blur", .gaussianBlur(kernelSize: 13, sigma: 0.1...2, p: 1)),
    ("{name: gaussian_blur, sigma: [0.5, 1.1]}", .gaussianBlur(kernelSize: 9, sigma: 0.5...1.1, p: 1)),
    ("{name: gaussian_blur, kernel_size: 5}", .gaussianBlur(kernelSize: 5, sigma: 0.1...2, p: 1)),
    ("solarize", .solarize(threshold: 128, p: 0.5)),
    ("random_erasing", .randomErasing(scale: 0.02...0.33, ratio: 0.3...3.3, value: .mean, p: 0.5)),
    (
      "{name: random_erasing, value: 128, p: 1}",
      .randomErasing(scale: 0.02...0.33, ratio: 0.3...3.3, value: .level(128), p: 1)
    ),
    (
      "{name: multi_crop, count: 4, scale: [0.5, 1]}",
      .multiCrop(count: 4, size: 32, scale: 0.5...1, ratio: 0.75...(4.0 / 3))
    ),
  ])
  func isReadAndWrittenAgain(_ text: String, _ expected: TransformSpec) throws {
    let steps = try Self.read("{name: resize, size: 64}, \(text), {name: resize, size: 32}").steps
    #expect(steps == [.resize(size: 64), expected, .resize(size: 32)])
    #expect(try TransformSpec(canonical: expected.canonical) == expected)
  }

  /// What is written otherwise and means the same is the same stage; what means another thing is another.
  @Test func keysFollowMeanings() throws {
    let plain = try Self.read("{name: resize, size: 32}").keys
    #expect(try Self.read("{name: resize, size: 32, keep_aspect: false}").keys == plain)
    #expect(try Self.read("{name: resize, keep_aspect: true}, center_crop").keys != plain)
    let turned = try Self.read("{name: random_rotation, degrees: 5}, {name: resize, size: 32}").keys
    #expect(try Self.read("{name: random_rotation, degrees: [-5, 5]}, {name: resize, size: 32}").keys == turned)
    #expect(try Self.read("{name: random_rotation, degrees: [0, 5]}, {name: resize, size: 32}").keys != turned)
  }

  @Test func everyTransformIsListed() {
    let listed = Set(OptionListing().entries.filter { $0.section == "transform" }.map(\.name))
    #expect(
      listed.isSuperset(of: [
        "resize", "center_crop", "random_crop", "random_resized_crop", "multi_crop", "horizontal_flip", "vertical_flip",
        "random_rotation", "random_affine", "random_perspective", "color_jitter", "random_grayscale", "gaussian_blur",
        "solarize", "random_erasing",
      ]))
  }
}
