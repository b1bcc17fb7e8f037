// Transforms as parameters hold them.

extension TransformSpec {
  public init(canonical json: JSONValue) throws(ParameterFault) {
    let fields = ParameterFields(json, of: "transform")
    switch try fields.text("name") {
    case "resize":
      self = .resize(
        size: try fields.integer("size"),
        keepsAspect: fields.optional("keep_aspect") == nil ? false : try fields.flag("keep_aspect"))
    case "center_crop": self = .centerCrop(size: try fields.integer("size"))
    case "random_crop":
      self = .randomCrop(
        size: try fields.integer("size"), padding: try fields.integer("padding"), fill: try fields.integer("fill"))
    case "random_resized_crop":
      self = .randomResizedCrop(
        size: try fields.integer("size"), scale: try fields.range("scale"), ratio: try fields.range("ratio"))
    case "horizontal_flip": self = .horizontalFlip(p: try fields.number("p"))
    case "vertical_flip": self = .verticalFlip(p: try fields.number("p"))
    case "random_rotation":
      self = .randomRotation(
        degrees: try fields.range("degrees"), fill: try fields.integer("fill"), p: try fields.number("p"))
    case "random_affine":
      self = .randomAffine(
        degrees: try fields.range("degrees"), translate: try fields.numbers("translate"),
        scale: try fields.range("scale"), shear: try fields.range("shear"), shearY: try fields.range("shear_y"),
        fill: try fields.integer("fill"), p: try fields.number("p"))
    case "random_perspective":
      self = .randomPerspective(
        distortion: try fields.number("distortion_scale"), fill: try fields.integer("fill"), p: try fields.number("p"))
    case "color_jitter":
      self = .colorJitter(
        brightness: try fields.number("brightness"), contrast: try fields.number("contrast"),
        saturation: try fields.number("saturation"), hue: try fields.number("hue"), p: try fields.number("p"))
    case "random_grayscale": self = .randomGrayscale(p: try fields.number("p"))
    case "gaussian_blur":
      self = .gaussianBlur(
        kernelSize: try fields.integer("kernel_size"), sigma: try fields.range("sigma"), p: try fields.number("p"))
    case "solarize": self = .solarize(threshold: try fields.number("threshold"), p: try fields.number("p"))
    case "random_erasing":
      self = .randomErasing(
        scale: try fields.range("scale"), ratio: try fields.range("ratio"),
        value: try fields.value("value") == "mean" ? .mean : .level(try fields.integer("value")),
        p: try fields.number("p"))
    case "multi_crop":
      self = .multiCrop(
        count: try fields.integer("count"), size: try fields.integer("size"), scale: try fields.range("scale"),
        ratio: try fields.range("ratio"))
    case let name: throw fields.unknown("name", name)
    }
  }

  /// The name that a study calls it by.
  public var name: String { canonical["name"]?.stringValue ?? "" }

  public var canonical: JSONValue {
    switch self {
    case .resize(let size, false): ["name": "resize", "size": .integer(size)]
    case .resize(let size, true): ["name": "resize", "size": .integer(size), "keep_aspect": true]
    case .centerCrop(let size): ["name": "center_crop", "size": .integer(size)]
    case .randomCrop(let size, let padding, let fill):
      ["name": "random_crop", "size": .integer(size), "padding": .integer(padding), "fill": .integer(fill)]
    case .randomResizedCrop(let size, let scale, let ratio):
      [
        "name": "random_resized_crop", "size": .integer(size), "scale": .range(scale), "ratio": .range(ratio),
      ]
    case .horizontalFlip(let p): ["name": "horizontal_flip", "p": .number(p)]
    case .verticalFlip(let p): ["name": "vertical_flip", "p": .number(p)]
    case .randomRotation(let degrees, let fill, let p):
      ["name": "random_rotation", "degrees": .range(degrees), "fill": .integer(fill), "p": .number(p)]
    case .randomAffine(let degrees, let translate, let scale, let shear, let shearY, let fill, let p):
      [
        "name": "random_affine", "degrees": .range(degrees), "translate": .array(translate.map { .number($0) }),
        "scale": .range(scale), "shear": .range(shear), "shear_y": .range(shearY), "fill": .integer(fill),
        "p": .number(p),
      ]
    case .randomPerspective(let distortion, let fill, let p):
      [
        "name": "random_perspective", "distortion_scale": .number(distortion), "fill": .integer(fill), "p": .number(p),
      ]
    case .colorJitter(let brightness, let contrast, let saturation, let hue, let p):
      [
        "name": "color_jitter", "brightness": .number(brightness), "contrast": .number(contrast),
        "saturation": .number(saturation), "hue": .number(hue), "p": .number(p),
      ]
    case .randomGrayscale(let p): ["name": "random_grayscale", "p": .number(p)]
    case .gaussianBlur(let kernelSize, let sigma, let p):
      ["name": "gaussian_blur", "kernel_size": .integer(kernelSize), "sigma": .range(sigma), "p": .number(p)]
    case .solarize(let threshold, let p): ["name": "solarize", "threshold": .number(threshold), "p": .number(p)]
    case .randomErasing(let scale, let ratio, let value, let p):
      [
        "name": "random_erasing", "scale": .range(scale), "ratio": .range(ratio), "value": value.canonical,
        "p": .number(p),
      ]
    case .multiCrop(let count, let size, let scale, let ratio):
      [
        "name": "multi_crop", "count": .integer(count), "size": .integer(size), "scale": .range(scale),
        "ratio": .range(ratio),
      ]
    }
  }

  /// A step as read, made complete: its size filled in where the study left it to the network's input size, its kernel where it
  /// left it to the blur, and angles to either side written as two. What came after the first version and is at its default
  /// goes unwritten, so that keys from before stay as they are.
  static func completed(_ step: JSONValue, imageSize: Int) -> JSONValue {
    guard case .object(var members) = step else { return step }
    let name = members["name"]?.stringValue
    if members["size"] == nil {
      switch name {
      case "resize": members["size"] = .integer(Int((Double(imageSize) * 256 / 224).rounded()))
      case "center_crop", "random_crop", "random_resized_crop", "multi_crop": members["size"] = .integer(imageSize)
      default: break
      }
    }
    if name == "resize", members["keep_aspect"] == false { members["keep_aspect"] = nil }
    if name == "gaussian_blur", members["kernel_size"] == nil,
      let most = members["sigma"]?.arrayValue?.last?.doubleValue
    {
      members["kernel_size"] = .integer(2 * Int((3 * most).rounded(.up)) + 1)
    }
    for angle in ["degrees", "shear", "shear_y"] {
      if let most = members[angle]?.doubleValue { members[angle] = .range(0 - most...most) }
    }
    return .object(members)
  }
}

extension TransformSpec.ErasedValue {
  fileprivate var canonical: JSONValue {
    switch self {
    case .mean: "mean"
    case .level(let level): .integer(level)
    }
  }
}
