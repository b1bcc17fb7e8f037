/// What a data set is: complete, as its stage's parameters hold it and a worker reads it. Paths of this machine are not
/// part of it.
public struct DatasetOptions: Sendable, Hashable {
  public var task: ClassificationTask
  public var metric: Metric
  /// 1 or 3.
  public var channels: Int
  public var store: StoreSpec
  public var unreadable: UnreadablePolicy
  public var source: DatasetSource

  public var format: DatasetFormat {
    switch source {
    case .folder: .folder
    case .csv: .csv
    case .phantom: .phantom
    }
  }
}

/// The resolution at which decoded images are kept.
public struct StoreSpec: Sendable, Hashable {
  /// Pixels.
  public var size: Int
  public var mode: Mode

  public enum Mode: String, Sendable, Hashable, CaseIterable {
    /// The shorter side has `size` pixels.
    case shortSide = "short_side"
    /// Both sides have.
    case exact
  }
}

/// Where a data set's images come from.
public enum DatasetSource: Sendable, Hashable {
  case folder(FolderSource)
  case csv(TableSource)
  case phantom(PhantomSource)
}

/// A folder a class.
public struct FolderSource: Sendable, Hashable {
  /// The classes in their order; nil: the folders, sorted.
  public var classes: [String]?
  public var split: SplitSpec
}

/// A table of images and classes.
public struct TableSource: Sendable, Hashable {
  /// The CSV file, relative to the root.
  public var labels: String
  public var imageColumn: String
  public var targetColumn: String
  /// The folder that image paths start from, relative to the root; nil: the root.
  public var imageFolder: String?
  /// What is put after each image path.
  public var pathExtension: String?
  /// The classes in their order; nil: the values found, sorted.
  public var classes: [String]?
  public var split: SplitSpec
}

/// Images that Graft makes itself.
public struct PhantomSource: Sendable, Hashable {
  public var domain: PhantomDomain
  public var trainingImages: Int
  public var validationImages: Int
  public var testImages: Int
  /// Height and width, in pixels.
  public var size: Int
  public var seed: Int
  /// From 0, clear, to 1, hardly told apart.
  public var difficulty: Double
}

/// Which images train, validate and test.
public enum SplitSpec: Sendable, Hashable {
  /// Drawn at random; the shares add up to 1. `group` is a column whose equal values stay in one split.
  case random(train: Double, val: Double, test: Double, seed: Int, stratify: Bool, group: String?)
  /// As the folders `train`, `val` and `test` say; without `val`, that share of `train` is drawn for it.
  case given(valFraction: Double, seed: Int)
  /// As a column says, by the words `train`, `val` and `test`; without `val`, that share of `train` is drawn for it.
  case column(String, valFraction: Double, seed: Int)
}

extension DatasetOptions {
  /// Decodes what `canonical` wrote; other members are let be.
  public init(canonical json: JSONValue) throws(ParameterFault) {
    let fields = ParameterFields(json, of: "dataset")
    task = try fields.choice("task")
    metric = try fields.choice("metric")
    channels = try fields.integer("channels")
    let store = try fields.object("store")
    self.store = StoreSpec(size: try store.integer("size"), mode: try store.choice("mode"))
    unreadable = try fields.choice("unreadable")
    let format: DatasetFormat = try fields.choice("format")
    let classes: [String]? = fields.optional("classes") == nil ? nil : try fields.texts("classes")
    switch format {
    case .folder: source = .folder(FolderSource(classes: classes, split: try SplitSpec(try fields.object("split"))))
    case .csv:
      source = .csv(
        TableSource(
          labels: try fields.text("labels"), imageColumn: try fields.text("image"),
          targetColumn: try fields.text("target"), imageFolder: try fields.optionalText("images"),
          pathExtension: try fields.optionalText("extension"), classes: classes,
          split: try SplitSpec(try fields.object("split"))))
    case .phantom:
      let images = try fields.object("images")
      source = .phantom(
        PhantomSource(
          domain: try fields.choice("domain"), trainingImages: try images.integer("train"),
          validationImages: try images.integer("val"), testImages: try images.integer("test"),
          size: try fields.integer("size"), seed: try fields.integer("seed"),
          difficulty: try fields.number("difficulty")))
    }
  }

  /// The whole as JSON: an object with every option, and null for what is left to be found.
  public var canonical: JSONValue {
    var members: [String: JSONValue] = [
      "format": .string(format.rawValue), "task": .string(task.rawValue), "metric": .string(metric.rawValue),
      "channels": .integer(channels), "store": ["size": .integer(store.size), "mode": .string(store.mode.rawValue)],
      "unreadable": .string(unreadable.rawValue),
    ]
    switch source {
    case .folder(let folder):
      members["classes"] = folder.classes.map(JSONValue.texts) ?? .null
      members["split"] = folder.split.canonical
    case .csv(let table):
      members["labels"] = .string(table.labels)
      members["image"] = .string(table.imageColumn)
      members["target"] = .string(table.targetColumn)
      members["images"] = table.imageFolder.map { .string($0) } ?? .null
      members["extension"] = table.pathExtension.map { .string($0) } ?? .null
      members["classes"] = table.classes.map(JSONValue.texts) ?? .null
      members["split"] = table.split.canonical
    case .phantom(let phantom):
      members["domain"] = .string(phantom.domain.rawValue)
      members["images"] = [
        "train": .integer(phantom.trainingImages), "val": .integer(phantom.validationImages),
        "test": .integer(phantom.testImages),
      ]
      members["size"] = .integer(phantom.size)
      members["seed"] = .integer(phantom.seed)
      members["difficulty"] = .number(phantom.difficulty)
    }
    return .object(members)
  }
}

extension SplitSpec {
  init(_ fields: ParameterFields) throws(ParameterFault) {
    switch try fields.text("kind") {
    case "random":
      self = .random(
        train: try fields.number("train"), val: try fields.number("val"), test: try fields.number("test"),
        seed: try fields.integer("seed"), stratify: try fields.flag("stratify"),
        group: try fields.optionalText("group"))
    case "given": self = .given(valFraction: try fields.number("val_fraction"), seed: try fields.integer("seed"))
    case "column":
      self = .column(
        try fields.text("column"), valFraction: try fields.number("val_fraction"), seed: try fields.integer("seed"))
    case let kind: throw fields.unknown("kind", kind)
    }
  }

  var canonical: JSONValue {
    switch self {
    case .random(let train, let val, let test, let seed, let stratify, let group):
      [
        "kind": "random", "train": .number(train), "val": .number(val), "test": .number(test), "seed": .integer(seed),
        "stratify": .bool(stratify), "group": group.map { .string($0) } ?? .null,
      ]
    case .given(let share, let seed): ["kind": "given", "val_fraction": .number(share), "seed": .integer(seed)]
    case .column(let column, let share, let seed):
      ["kind": "column", "column": .string(column), "val_fraction": .number(share), "seed": .integer(seed)]
    }
  }
}
