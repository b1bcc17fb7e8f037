/// How a data set lies on the disk.
public enum DatasetFormat: String, Sendable, Hashable, CaseIterable {
  /// A folder a class.
  case folder
  /// A table of file names and classes.
  case csv
  /// Images that Graft makes itself.
  case phantom
}

extension DatasetFormat {
  /// The options of the format besides `format`, in the order in which they are listed.
  public var declarations: [OptionDeclaration] {
    switch self {
    case .folder:
      [
        Self.root, Self.task, Self.metric, Self.channels, Self.store, Self.unreadable, Self.classes,
        OptionDeclaration("split", .variant(Self.folderSplit), .value(Self.randomSplit), Self.splitMeaning),
      ]
    case .csv:
      [
        Self.root,
        OptionDeclaration("labels", .text, .required, "The table, a CSV file below `root`."),
        OptionDeclaration("image", .text, .required, "The column of the image's path."),
        OptionDeclaration("target", .text, .required, "The column of the class."),
        OptionDeclaration("images", .text, .derived("`root`"), "A folder below `root` that the paths start from."),
        OptionDeclaration("extension", .text, .derived("none"), "What is put after each path: `.png`."),
        Self.task, Self.metric, Self.channels, Self.store, Self.unreadable, Self.classes,
        OptionDeclaration("split", .variant(Self.tableSplit), .value(Self.randomSplit), Self.splitMeaning),
      ]
    case .phantom:
      [
        OptionDeclaration(
          "domain", .choice(PhantomDomain.allCases.map(\.rawValue)), .required,
          "source: 10 classes; grading: 4 ordered classes; screening: 2 classes."),
        OptionDeclaration(
          "images",
          .members(
            ["train", "val", "test"].map {
              OptionDeclaration($0, .integer(1...10_000_000), .required, "How many images.")
            }),
          .required, "How many images each split has."),
        OptionDeclaration("size", .integer(8...1024), .value(40), "Height and width of the images, in pixels."),
        OptionDeclaration("seed", .integer(from: 0), .value(0), "What the images are drawn from."),
        OptionDeclaration("difficulty", .number(.from(0, to: 1)), .value(0.5), "0: clear; 1: hardly told apart."),
        Self.metric, Self.channels,
        OptionDeclaration(
          "store", Self.store.shape, .derived("as drawn: `size`, exact"),
          "The resolution at which decoded images are kept."),
        Self.unreadable,
      ]
    }
  }

  private static let root = OptionDeclaration("root", .text, .required, "The folder, relative to the study's `data`.")
  private static let task = OptionDeclaration(
    "task", .choice(ClassificationTask.allCases.map(\.rawValue)), .value("multiclass"), "What is to be told apart.")
  private static let metric = OptionDeclaration(
    "metric", .choice(Metric.allCases.map(\.rawValue)), .derived("roc_auc for a binary task, else accuracy"),
    "What the data set is judged by.")
  private static let channels = OptionDeclaration(
    "channels", .choice(["1", "3"]), .value(3), "Colours of the network's input: 1 grey, 3 red, green and blue.")
  private static let store = OptionDeclaration(
    "store",
    .members([
      OptionDeclaration("size", .integer(8...4096), .value(256), "Pixels."),
      OptionDeclaration(
        "mode", .choice(StoreSpec.Mode.allCases.map(\.rawValue)), .value("short_side"),
        "short_side: the shorter side has `size` pixels; exact: both have."),
    ]),
    .value(["size": 256, "mode": "short_side"]), "The resolution at which decoded images are kept.")
  private static let unreadable = OptionDeclaration(
    "unreadable", .choice(UnreadablePolicy.allCases.map(\.rawValue)), .value("fail"),
    "What an image that cannot be read does: fail the data set, or be left out and counted.")
  private static let classes = OptionDeclaration(
    "classes", .list(.text, count: 2...100_000), .derived("as found, sorted"), "The classes in their order.")

  private static let splitMeaning = "Which images train, validate and test."
  private static let share = ValueShape.number(
    NumberRange(low: 0, includesLow: false, high: 1, includesHigh: false))
  private static let seed = OptionDeclaration(
    "seed", .integer(from: 0), .value(42), "What a random split is drawn from.")
  private static let valShare = OptionDeclaration(
    "val_fraction", share, .value(0.15), "Share of the training images that validates, where no split is given for it.")
  private static let randomMembers = [
    OptionDeclaration("train", share, .value(0.7), "Share of the images that trains."),
    OptionDeclaration("val", share, .value(0.15), "Share of the images that validates."),
    OptionDeclaration("test", share, .value(0.15), "Share of the images that tests."),
    seed,
    OptionDeclaration("stratify", .flag, .value(true), "Whether each split has the classes in the same shares."),
  ]
  private static let randomSplit: JSONValue = [
    "kind": "random", "train": 0.7, "val": 0.15, "test": 0.15, "seed": 42, "stratify": true,
  ]

  private static let folderSplit = VariantShape(
    noun: "split", tag: "kind",
    forms: [
      VariantForm("random", members: randomMembers, meaning: "Drawn at random."),
      VariantForm(
        "given", members: [valShare, seed], meaning: "As the folders `train`, `val` and `test` below the root say."),
    ], fallback: "random")

  private static let tableSplit = VariantShape(
    noun: "split", tag: "kind",
    forms: [
      VariantForm(
        "random",
        members: randomMembers + [
          OptionDeclaration("group", .text, .derived("none"), "A column whose equal values stay in one split.")
        ], meaning: "Drawn at random."),
      VariantForm(
        "column", tellingMember: "column",
        members: [
          OptionDeclaration("column", .text, .required, "The column that says train, val or test."), valShare, seed,
        ], meaning: "As a column of the table says."),
    ], fallback: "random")
}

/// What is to be told apart.
public enum ClassificationTask: String, Sendable, Hashable, CaseIterable {
  case multiclass
  case binary
}

/// A measure of a model on a test set; larger is better.
public enum Metric: String, Sendable, Hashable, CaseIterable {
  case accuracy
  /// The mean of the classes' recalls.
  case macroRecall = "macro_recall"
  /// Cohen's kappa with quadratic weights.
  case quadraticKappa = "quadratic_kappa"
  /// The area under the ROC curve; for two classes.
  case rocAUC = "roc_auc"

  /// Those that can be measured in a task.
  public static func applicable(to task: ClassificationTask) -> [Metric] {
    allCases.filter { $0 != .rocAUC || task == .binary }
  }
}

/// The kinds of images that Graft makes itself.
public enum PhantomDomain: String, Sendable, Hashable, CaseIterable {
  /// 10 classes, to learn from.
  case source
  /// 4 ordered classes.
  case grading
  /// 2 classes.
  case screening

  public var task: ClassificationTask { self == .screening ? .binary : .multiclass }

  public var metric: Metric {
    switch self {
    case .source: .accuracy
    case .grading: .quadraticKappa
    case .screening: .rocAUC
    }
  }
}

/// What an image that cannot be read does.
public enum UnreadablePolicy: String, Sendable, Hashable, CaseIterable {
  case fail
  case skip
}
