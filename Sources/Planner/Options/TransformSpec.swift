/// One step of an image pipeline, its arguments complete. Sizes are pixels, `p` is the probability of being applied.
public enum TransformSpec: Sendable, Hashable {
  /// Both sides to `size`, whatever the shape.
  case resize(size: Int)
  case centerCrop(size: Int)
  /// A random part of `scale` times the area and of `ratio` width over height, brought to `size`.
  case randomResizedCrop(size: Int, scale: ClosedRange<Double>, ratio: ClosedRange<Double>)
  case horizontalFlip(p: Double)
  case verticalFlip(p: Double)
  case colorJitter(brightness: Double, contrast: Double, saturation: Double, hue: Double, p: Double)
  case randomGrayscale(p: Double)

  static let shape = VariantShape(
    noun: "transform", tag: "name",
    forms: [
      VariantForm(
        "resize", members: [size("256/224 of `image_size`")], meaning: "Brings both sides to `size` pixels."),
      VariantForm("center_crop", members: [size("`image_size`")], meaning: "Cuts the middle `size` x `size` pixels."),
      VariantForm(
        "random_resized_crop",
        members: [
          size("`image_size`"),
          OptionDeclaration(
            "scale", .span(.above(0, to: 10)), .value([0.8, 1.2]),
            "Least and greatest share of the image's area."),
          OptionDeclaration(
            "ratio", .span(.above(0, to: 10)), .value([0.75, .number(4.0 / 3)]),
            "Least and greatest width over height."),
        ], meaning: "Cuts a random part and brings it to `size` x `size` pixels."),
      VariantForm("horizontal_flip", members: [probability(0.5)], meaning: "Exchanges left and right."),
      VariantForm("vertical_flip", members: [probability(0.5)], meaning: "Exchanges top and bottom."),
      VariantForm(
        "color_jitter",
        members: [
          strength("brightness", 0.2), strength("contrast", 0.2), strength("saturation", 0.1),
          OptionDeclaration("hue", .number(.from(0, to: 0.5)), .value(0.1), "Greatest turn of the hue, in turns."),
          probability(0.2),
        ], meaning: "Changes brightness, contrast, saturation and hue by random factors."),
      VariantForm("random_grayscale", members: [probability(0.2)], meaning: "Takes the colour away."),
    ])

  private static func size(_ standard: String) -> OptionDeclaration {
    OptionDeclaration("size", .integer(1...8192), .derived(standard), "Pixels a side.")
  }

  private static func probability(_ standard: Double) -> OptionDeclaration {
    OptionDeclaration("p", .number(.from(0, to: 1)), .value(.number(standard)), "How often it is applied.")
  }

  private static func strength(_ name: String, _ standard: Double) -> OptionDeclaration {
    OptionDeclaration(
      name, .number(.from(0, to: 10)), .value(.number(standard)), "Factors are drawn from 1 - \(name) to 1 + \(name).")
  }
}

extension TransformSpec {
  public init(canonical json: JSONValue) throws(ParameterFault) {
    let fields = ParameterFields(json, of: "transform")
    switch try fields.text("name") {
    case "resize": self = .resize(size: try fields.integer("size"))
    case "center_crop": self = .centerCrop(size: try fields.integer("size"))
    case "random_resized_crop":
      self = .randomResizedCrop(
        size: try fields.integer("size"), scale: try fields.range("scale"), ratio: try fields.range("ratio"))
    case "horizontal_flip": self = .horizontalFlip(p: try fields.number("p"))
    case "vertical_flip": self = .verticalFlip(p: try fields.number("p"))
    case "color_jitter":
      self = .colorJitter(
        brightness: try fields.number("brightness"), contrast: try fields.number("contrast"),
        saturation: try fields.number("saturation"), hue: try fields.number("hue"), p: try fields.number("p"))
    case "random_grayscale": self = .randomGrayscale(p: try fields.number("p"))
    case let name: throw fields.unknown("name", name)
    }
  }

  public var canonical: JSONValue {
    switch self {
    case .resize(let size): ["name": "resize", "size": .integer(size)]
    case .centerCrop(let size): ["name": "center_crop", "size": .integer(size)]
    case .randomResizedCrop(let size, let scale, let ratio):
      [
        "name": "random_resized_crop", "size": .integer(size), "scale": .range(scale), "ratio": .range(ratio),
      ]
    case .horizontalFlip(let p): ["name": "horizontal_flip", "p": .number(p)]
    case .verticalFlip(let p): ["name": "vertical_flip", "p": .number(p)]
    case .colorJitter(let brightness, let contrast, let saturation, let hue, let p):
      [
        "name": "color_jitter", "brightness": .number(brightness), "contrast": .number(contrast),
        "saturation": .number(saturation), "hue": .number(hue), "p": .number(p),
      ]
    case .randomGrayscale(let p): ["name": "random_grayscale", "p": .number(p)]
    }
  }

  /// A step as read, its size filled in where the study left it to the network's input size.
  static func sized(_ step: JSONValue, imageSize: Int) -> JSONValue {
    guard case .object(var members) = step, members["size"] == nil else { return step }
    switch members["name"]?.stringValue {
    case "resize": members["size"] = .integer(Int((Double(imageSize) * 256 / 224).rounded()))
    case "center_crop", "random_resized_crop": members["size"] = .integer(imageSize)
    default: break
    }
    return .object(members)
  }

  /// The side of the square that it leaves; nil where it keeps the size.
  var outputSize: Int? {
    switch self {
    case .resize(let size), .centerCrop(let size), .randomResizedCrop(let size, _, _): size
    case .horizontalFlip, .verticalFlip, .colorJitter, .randomGrayscale: nil
    }
  }
}
