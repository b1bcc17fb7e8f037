/// Images that Graft makes itself, so that a study can run where no data set lies.
public struct PhantomOptions: Sendable, Hashable {
  /// What the images show. The domains share edges, blobs, lines and textures; how they are put together differs.
  public enum Domain: String, Sendable, Hashable, Codable, CaseIterable {
    /// Ten classes of shapes and textures in colour, as JPEG: what a backbone is pretrained on.
    case source
    /// Round fields with vessels and lesions that grow in number over four ordered grades, in colour, as JPEG.
    case grading
    /// Grey tissue with a mass that is either smooth or spiculated, as PNG.
    case screening

    /// The classes in the order of their indices.
    public var classes: [String] {
      switch self {
      case .source:
        ["disc", "ring", "square", "triangle", "cross", "star", "stripes", "checker", "dots", "branches"]
      case .grading: ["grade0", "grade1", "grade2", "grade3"]
      case .screening: ["benign", "malignant"]
      }
    }

    var format: Picture.Format {
      switch self {
      case .source, .grading: .jpeg(quality: 92)
      case .screening: .png
      }
    }

    var fileExtension: String { format == .png ? "png" : "jpg" }
  }

  public var domain: Domain
  /// Images in each split, all classes together; classes are equally frequent, to within one image.
  public var trainingImages: Int
  public var validationImages: Int
  public var testImages: Int
  /// Pixels on a side.
  public var size: Int
  public var seed: UInt64
  /// From 0 to 1: the higher, the less contrast and the more noise.
  public var difficulty: Double

  public init(
    domain: Domain, trainingImages: Int, validationImages: Int, testImages: Int, size: Int = 40, seed: UInt64 = 0,
    difficulty: Double = 0.5
  ) {
    self.domain = domain
    self.trainingImages = trainingImages
    self.validationImages = validationImages
    self.testImages = testImages
    self.size = size
    self.seed = seed
    self.difficulty = difficulty
  }

  func count(_ split: Split) -> Int {
    switch split {
    case .train: trainingImages
    case .validation: validationImages
    case .test: testImages
    }
  }

  func validate() throws {
    guard (16...1024).contains(size) else {
      throw DataFault.badPhantom(reason: "the size is \(size) pixels; give 16 to 1024")
    }
    guard (0...1).contains(difficulty) else {
      throw DataFault.badPhantom(reason: "the difficulty is \(difficulty); give 0 to 1")
    }
    for split in Split.allCases where !(domain.classes.count...1_000_000).contains(count(split)) {
      throw DataFault.badPhantom(
        reason: "the \(split.rawValue) split has \(count(split)) images; give \(domain.classes.count)"
          + " (one of each class of \(domain.rawValue)) to 1000000")
    }
  }
}
