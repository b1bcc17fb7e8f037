/// What a data set is: complete, as its stage's parameters hold it and a worker reads it. Paths of this machine are not
/// part of it.
public struct DatasetOptions: Sendable, Hashable {
  public var task: ClassificationTask
  public var metric: Metric
  /// 1 or 3.
  public var channels: Int
  public var store: StoreSpec
  public var unreadable: UnreadablePolicy
  /// Of images that a label file names.
  public var missing: MissingPolicy
  public var source: DatasetSource

  public var format: DatasetFormat {
    switch source {
    case .folder: .folder
    case .csv: .csv
    case .phantom: .phantom
    case .published(let published): DatasetFormat(rawValue: published.dataset.rawValue) ?? .csv
    }
  }

  /// How images are divided; nil where they are made so.
  public var split: SplitSpec? {
    switch source {
    case .folder(let folder): folder.split
    case .csv(let table): table.split
    case .phantom: nil
    case .published(let published): published.split
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
  case published(PublishedSource)
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
  public var target: TargetSpec
  /// The folder that image paths start from, relative to the root; nil: the root.
  public var imageFolder: String?
  /// What is put after each image path.
  public var pathExtension: String?
  /// The classes in their order; nil: the values found, sorted.
  public var classes: [String]?
  public var delimiter: TableDelimiter
  public var blank: BlankPolicy
  public var split: SplitSpec
}

/// Where a table says what an image shows.
public enum TargetSpec: Sendable, Hashable {
  /// The column of its one class.
  case column(String)
  /// A column a class, which is its name.
  case columns([String])
  /// The column of several classes with something between.
  case separated(String, by: String)
}

/// The files of a published data set.
public struct PublishedSource: Sendable, Hashable {
  public var dataset: PublishedDataset
  public var split: SplitSpec
  /// CheXpert's.
  public var uncertain: UncertainPolicy
  /// CBIS-DDSM's.
  public var view: MammogramView
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
    missing = try fields.choice("missing", else: .fail)
    let format: DatasetFormat = try fields.choice("format")
    let classes: [String]? = fields.optional("classes") == nil ? nil : try fields.texts("classes")
    switch format {
    case .folder: source = .folder(FolderSource(classes: classes, split: try SplitSpec(try fields.object("split"))))
    case .csv:
      source = .csv(
        TableSource(
          labels: try fields.text("labels"), imageColumn: try fields.text("image"),
          target: try TargetSpec(fields), imageFolder: try fields.optionalText("images"),
          pathExtension: try fields.optionalText("extension"), classes: classes,
          delimiter: try fields.choice("delimiter", else: .auto), blank: try fields.choice("blank", else: .fail),
          split: try SplitSpec(try fields.object("split"))))
    case .phantom:
      let images = try fields.object("images")
      source = .phantom(
        PhantomSource(
          domain: try fields.choice("domain"), trainingImages: try images.integer("train"),
          validationImages: try images.integer("val"), testImages: try images.integer("test"),
          size: try fields.integer("size"), seed: try fields.integer("seed"),
          difficulty: try fields.number("difficulty")))
    case .aptos2019, .isic2019, .chexpert, .ddsm, .cbisDDSM, .camelyon:
      source = .published(
        PublishedSource(
          dataset: try fields.choice("format"), split: try SplitSpec(try fields.object("split")),
          uncertain: try fields.choice("uncertain", else: .zeros), view: try fields.choice("view", else: .full)))
    }
  }

  /// The whole as JSON: an object with every option of the first version, null for what is left to be found, and each later
  /// option that is not at its default.
  public var canonical: JSONValue {
    var members: [String: JSONValue] = [
      "format": .string(format.rawValue), "task": .string(task.rawValue), "metric": .string(metric.rawValue),
      "channels": .integer(channels), "store": ["size": .integer(store.size), "mode": .string(store.mode.rawValue)],
      "unreadable": .string(unreadable.rawValue),
    ]
    if missing != .fail { members["missing"] = .string(missing.rawValue) }
    switch source {
    case .folder(let folder):
      members["classes"] = folder.classes.map(JSONValue.texts) ?? .null
      members["split"] = folder.split.canonical
    case .csv(let table):
      members["labels"] = .string(table.labels)
      members["image"] = .string(table.imageColumn)
      switch table.target {
      case .column(let name): members["target"] = .string(name)
      case .columns(let names): members["target"] = .texts(names)
      case .separated(let name, let separator):
        members["target"] = .string(name)
        members["separator"] = .string(separator)
      }
      if table.delimiter != .auto { members["delimiter"] = .string(table.delimiter.rawValue) }
      if table.blank != .fail { members["blank"] = .string(table.blank.rawValue) }
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
    case .published(let published):
      members["split"] = published.split.canonical
      if published.uncertain != .zeros { members["uncertain"] = .string(published.uncertain.rawValue) }
      if published.view != .full { members["view"] = .string(published.view.rawValue) }
    }
    return .object(members)
  }
}

extension TargetSpec {
  init(_ fields: ParameterFields) throws(ParameterFault) {
    if case .array? = fields.optional("target") {
      self = .columns(try fields.texts("target"))
    } else if let separator = try fields.optionalText("separator") {
      self = .separated(try fields.text("target"), by: separator)
    } else {
      self = .column(try fields.text("target"))
    }
  }
}
