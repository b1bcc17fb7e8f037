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
    case .arrays(let arrays): arrays.container == .hdf5 ? .hdf5 : .npz
    case .published(let published): .published(published.dataset)
    }
  }

  /// How images are divided; nil where they are made so.
  public var split: SplitSpec? {
    switch source {
    case .folder(let folder): folder.split
    case .csv(let table): table.split
    case .phantom: nil
    case .arrays(let arrays): arrays.split
    case .published(let published): published.split
    }
  }
}

/// The resolution at which decoded images are kept.
public struct StoreSpec: Sendable, Hashable {
  /// Pixels; nil where images keep their own size.
  public var size: Int?
  public var mode: Mode

  public enum Mode: String, Sendable, Hashable, CaseIterable {
    /// The shorter side has `size` pixels.
    case shortSide = "short_side"
    /// Both sides have.
    case exact
    /// Images keep their own size.
    case original
  }

  init(_ fields: ParameterFields) throws(ParameterFault) {
    mode = try fields.choice("mode")
    size = mode == .original ? nil : try fields.integer("size")
  }

  var canonical: JSONValue {
    guard let size else { return ["mode": .string(mode.rawValue)] }
    return ["size": .integer(size), "mode": .string(mode.rawValue)]
  }
}

/// Where a data set's images come from.
public enum DatasetSource: Sendable, Hashable {
  case folder(FolderSource)
  case csv(TableSource)
  case phantom(PhantomSource)
  case arrays(ArraySource)
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

/// Arrays of images and of labels.
public struct ArraySource: Sendable, Hashable {
  public var container: Container
  /// Files below the root and arrays in them; `{split}` stands for a split's own name.
  public var imageFile: String
  public var imageArray: String
  public var labelFile: String
  public var labelArray: String
  /// What stands for `{split}`: of training, validation and testing.
  public var splitNames: [String]
  /// The classes in the order of their numbers; nil: the numbers.
  public var classes: [String]?
  public var split: SplitSpec

  public enum Container: Sendable, Hashable {
    case hdf5
    case npz
  }

  /// Every file that is read.
  public var files: [String] {
    let names = [imageFile, labelFile].flatMap { file in
      file.contains("{split}")
        ? splitNames.map { file.split(separator: "{split}", omittingEmptySubsequences: false).joined(separator: $0) }
        : [file]
    }
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }
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
    store = try StoreSpec(try fields.object("store"))
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
    case .hdf5, .npz:
      source = .arrays(
        ArraySource(
          container: format == .hdf5 ? .hdf5 : .npz, imageFile: try fields.text("images"),
          imageArray: try fields.text("image_array"), labelFile: try fields.text("labels"),
          labelArray: try fields.text("label_array"), splitNames: try fields.texts("split_names"), classes: classes,
          split: try SplitSpec(try fields.object("split"))))
    case .published(let dataset):
      source = .published(
        PublishedSource(
          dataset: dataset, split: try SplitSpec(try fields.object("split")),
          uncertain: try fields.choice("uncertain", else: .zeros), view: try fields.choice("view", else: .full)))
    }
  }

  /// The whole as JSON: an object with every option of the first version, null for what is left to be found, and each later
  /// option that is not at its default.
  public var canonical: JSONValue {
    var members: [String: JSONValue] = [
      "format": .string(format.rawValue), "task": .string(task.rawValue), "metric": .string(metric.rawValue),
      "channels": .integer(channels), "store": store.canonical,
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
    case .arrays(let arrays):
      members["images"] = .string(arrays.imageFile)
      members["image_array"] = .string(arrays.imageArray)
      members["labels"] = .string(arrays.labelFile)
      members["label_array"] = .string(arrays.labelArray)
      members["split_names"] = .texts(arrays.splitNames)
      members["classes"] = arrays.classes.map(JSONValue.texts) ?? .null
      members["split"] = arrays.split.canonical
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
