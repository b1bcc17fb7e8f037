/// One step of an image pipeline, its arguments complete. Sizes are pixels, `p` is the probability of being applied, `fill` the
/// grey level, 0 to 255, of what comes in from beyond the image.
public enum TransformSpec: Sendable, Hashable {
  /// Both sides to `size`, whatever the shape; or the shorter one, and the longer one with it.
  case resize(size: Int, keepsAspect: Bool = false)
  case centerCrop(size: Int)
  /// A square of the image with `padding` pixels around it.
  case randomCrop(size: Int, padding: Int, fill: Int)
  /// A random part of `scale` times the area and of `ratio` width over height, brought to `size`.
  case randomResizedCrop(size: Int, scale: ClosedRange<Double>, ratio: ClosedRange<Double>)
  case horizontalFlip(p: Double)
  case verticalFlip(p: Double)
  /// Against the clock.
  case randomRotation(degrees: ClosedRange<Double>, fill: Int, p: Double)
  /// `translate` in shares of width and height; turns clockwise and shears in degrees.
  case randomAffine(
    degrees: ClosedRange<Double>, translate: [Double], scale: ClosedRange<Double>, shear: ClosedRange<Double>,
    shearY: ClosedRange<Double>, fill: Int, p: Double)
  case randomPerspective(distortion: Double, fill: Int, p: Double)
  case colorJitter(brightness: Double, contrast: Double, saturation: Double, hue: Double, p: Double)
  case randomGrayscale(p: Double)
  case gaussianBlur(kernelSize: Int, sigma: ClosedRange<Double>, p: Double)
  case solarize(threshold: Double, p: Double)
  /// A rectangle of `scale` times the area and of `ratio` height over width.
  case randomErasing(scale: ClosedRange<Double>, ratio: ClosedRange<Double>, value: ErasedValue, p: Double)
  /// `count` images of one, each a random resized crop with draws of its own from there on.
  case multiCrop(count: Int, size: Int, scale: ClosedRange<Double>, ratio: ClosedRange<Double>)

  /// What an erased rectangle shows.
  public enum ErasedValue: Sendable, Hashable {
    /// What normalisation makes 0.
    case mean
    /// A grey level, 0 to 255.
    case level(Int)
  }

  static let shape = VariantShape(
    noun: "transform", tag: "name",
    forms: [
      VariantForm(
        "resize",
        members: [
          size("256/224 of `image_size`"),
          OptionDeclaration(
            "keep_aspect", .flag, .value(false),
            "Whether only the shorter side gets `size`, and the image keeps its form."),
        ], meaning: "Brings both sides to `size` pixels."),
      VariantForm("center_crop", members: [size("`image_size`")], meaning: "Cuts the middle `size` x `size` pixels."),
      VariantForm(
        "random_crop",
        members: [
          size("`image_size`"),
          OptionDeclaration("padding", .integer(0...4096), .value(0), "Pixels added on every side first."), fill,
        ], meaning: "Cuts `size` x `size` pixels at a random place."),
      VariantForm(
        "random_resized_crop", members: [size("`image_size`"), area([0.8, 1.2], to: 10), form("width over height")],
        meaning: "Cuts a random part and brings it to `size` x `size` pixels."),
      VariantForm("horizontal_flip", members: [probability(0.5)], meaning: "Exchanges left and right."),
      VariantForm("vertical_flip", members: [probability(0.5)], meaning: "Exchanges top and bottom."),
      VariantForm(
        "random_rotation",
        members: [angles("degrees", 360, .required, "turned against the clock"), fill, probability(1)],
        meaning: "Turns about the middle; the size stays."),
      VariantForm(
        "random_affine",
        members: [
          angles("degrees", 360, .required, "turned clockwise"),
          OptionDeclaration(
            "translate", .list(.number(.from(0, to: 1)), count: 2...2), .value([0, 0]),
            "The greatest shift across and down, in shares of width and height."),
          OptionDeclaration(
            "scale", .span(.above(0, to: 100)), .value([1, 1]), "Least and greatest factor of the size."),
          angles("shear", 89, .value(0), "sheared along x"), angles("shear_y", 89, .value(0), "sheared along y"), fill,
          probability(1),
        ], meaning: "Turns, moves, scales and shears about the middle, in one step; the size stays."),
      VariantForm(
        "random_perspective",
        members: [
          OptionDeclaration(
            "distortion_scale", .number(.from(0, to: 1)), .value(0.5),
            "How far inwards a corner may go, in shares of half of width and height."), fill, probability(0.5),
        ], meaning: "Moves the four corners inwards; the size stays."),
      VariantForm(
        "color_jitter",
        members: [
          strength("brightness", 0.2), strength("contrast", 0.2), strength("saturation", 0.1),
          OptionDeclaration("hue", .number(.from(0, to: 0.5)), .value(0.1), "Greatest turn of the hue, in turns."),
          probability(0.2),
        ], meaning: "Changes brightness, contrast, saturation and hue by random factors."),
      VariantForm("random_grayscale", members: [probability(0.2)], meaning: "Takes the colour away."),
      VariantForm(
        "gaussian_blur",
        members: [
          OptionDeclaration(
            "kernel_size", .integer(1...511), .derived("the odd number that reaches 3 of the greatest `sigma`"),
            "Pixels a side of the kernel, an odd number."),
          OptionDeclaration(
            "sigma", .span(.above(0, to: 100)), .value([0.1, 2]),
            "Least and greatest deviation of the kernel, in pixels."),
          probability(1),
        ], meaning: "Blurs by a Gaussian kernel; the image is reflected at its edges."),
      VariantForm(
        "solarize",
        members: [
          OptionDeclaration(
            "threshold", .number(.from(0, to: 255)), .value(128), "The least level, of 0 to 255, that is exchanged."),
          probability(0.5),
        ], meaning: "Makes a level of at least `threshold` 255 less itself."),
      VariantForm(
        "random_erasing",
        members: [
          area([0.02, 0.33], to: 1),
          OptionDeclaration(
            "ratio", .span(.above(0, to: 100)), .value([0.3, 3.3]), "Least and greatest height over width."),
          OptionDeclaration(
            "value", .either(.integer(0...255), .choice(["mean"])), .value("mean"),
            "What the rectangle shows: a grey level, or what normalisation makes 0."), probability(0.5),
        ], meaning: "Makes a random rectangle even."),
      VariantForm(
        "multi_crop",
        members: [
          OptionDeclaration("count", .integer(2...64), .value(2), "Images that are made of one."), size("`image_size`"),
          area([0.4, 1], to: 10), form("width over height"),
        ],
        meaning:
          "Makes several random resized crops of a training image, each counted as an image of its class; steps before it are "
          + "drawn once, steps after it for each."),
    ])

  private static func size(_ standard: String) -> OptionDeclaration {
    OptionDeclaration("size", .integer(1...8192), .derived(standard), "Pixels a side.")
  }

  private static func area(_ standard: JSONValue, to high: Double) -> OptionDeclaration {
    OptionDeclaration(
      "scale", .span(.above(0, to: high)), .value(standard), "Least and greatest share of the image's area.")
  }

  private static func form(_ meaning: String) -> OptionDeclaration {
    OptionDeclaration(
      "ratio", .span(.above(0, to: 10)), .value([0.75, .number(4.0 / 3)]), "Least and greatest \(meaning).")
  }

  private static func angles(
    _ name: String, _ most: Double, _ standard: StandardValue, _ meaning: String
  ) -> OptionDeclaration {
    OptionDeclaration(
      name, .either(.number(.from(0, to: most)), .span(.from(-most, to: most))), standard,
      "Least and greatest angle, in degrees, that it is \(meaning); a number is one to either side.")
  }

  private static let fill = OptionDeclaration(
    "fill", .integer(0...255), .value(0), "The grey level of what comes in from beyond the image.")

  private static func probability(_ standard: Double) -> OptionDeclaration {
    OptionDeclaration("p", .number(.from(0, to: 1)), .value(.number(standard)), "How often it is applied.")
  }

  private static func strength(_ name: String, _ standard: Double) -> OptionDeclaration {
    OptionDeclaration(
      name, .number(.from(0, to: 10)), .value(.number(standard)), "Factors are drawn from 1 - \(name) to 1 + \(name).")
  }
}
