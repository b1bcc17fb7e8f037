extension DatasetFormat {
  /// The options of the format besides `format`, in the order in which they are listed.
  public var declarations: [OptionDeclaration] {
    switch self {
    case .folder:
      [
        Self.root, Self.task([.multiclass, .binary]), Self.metric, Self.channels, Self.store, Self.unreadable,
        Self.classes,
        OptionDeclaration("split", .variant(Self.folderSplit), .value(Self.randomSplit), Self.splitMeaning),
      ]
    case .csv:
      [
        Self.root,
        OptionDeclaration("labels", .text, .required, "The table, a CSV file below `root`."),
        OptionDeclaration("image", .text, .required, "The column of the image's path."),
        OptionDeclaration(
          "target", .either(.text, .list(.text, count: 1...10_000)), .required,
          "The column of the class; a list: a column a class, with 1, 0, or -1 where nobody can say."),
        OptionDeclaration(
          "separator", .text, .derived("none"), "What stands between the classes where `target` names several: `|`."),
        OptionDeclaration(
          "blank", .choice(BlankPolicy.allCases.map(\.rawValue)), .value("fail"),
          "What an empty field means where images may show several classes."),
        OptionDeclaration(
          "delimiter", .choice(TableDelimiter.allCases.map(\.rawValue)), .value("auto"),
          "What stands between the table's fields; auto: whichever the header has most of."),
        OptionDeclaration("images", .text, .derived("`root`"), "A folder below `root` that the paths start from."),
        OptionDeclaration("extension", .text, .derived("none"), "What is put after each path: `.png`."),
        OptionDeclaration(
          "task", Self.task(ClassificationTask.allCases).shape,
          .derived("multilabel for several `target` columns or a `separator`, else multiclass"),
          "What is to be told apart."),
        Self.metric, Self.channels, Self.store, Self.unreadable, Self.missing, Self.classes,
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
    case .hdf5:
      [
        Self.root,
        OptionDeclaration(
          "images", .text, .required,
          "The file of the images below `root`, maybe with `{split}`; or it with .gz behind."),
        OptionDeclaration(
          "image_array", .text, .value("images"), "The array of the images, n x height x width (x channels)."),
        OptionDeclaration("labels", .text, .derived("`images`"), "The file of the labels below `root`, likewise."),
        OptionDeclaration(
          "label_array", .text, .value("labels"), "The array of the labels: a class's number, or 0 or 1 for each class."
        ),
      ] + Self.arrays
    case .npz:
      [
        Self.root,
        OptionDeclaration("images", .text, .required, "The archive below `root`, maybe with `{split}`."),
        OptionDeclaration(
          "image_array", .text, .value("{split}_images"), "The array of the images, n x height x width (x channels)."),
        OptionDeclaration("labels", .text, .derived("`images`"), "The archive of the labels below `root`, likewise."),
        OptionDeclaration(
          "label_array", .text, .value("{split}_labels"),
          "The array of the labels: a class's number, or 0 or 1 for each class."),
      ] + Self.arrays
    case .published(let dataset): Self.declarations(dataset)
    }
  }

  /// Behind the places of arrays.
  private static var arrays: [OptionDeclaration] {
    [
      OptionDeclaration(
        "split_names", .list(.text, count: 3...3), .value(["train", "val", "test"]),
        "What stands for `{split}` in names of files and arrays: of training, validation and testing."),
      OptionDeclaration(
        "task", task(ClassificationTask.allCases).shape, .value("multiclass"), "What is to be told apart."),
      metric, channels,
      OptionDeclaration("store", store.shape, .value(["mode": "original"]), store.meaning), unreadable,
      OptionDeclaration(
        "classes", .list(.text, count: 2...100_000), .derived("their numbers"),
        "The classes in the order of their numbers."),
      OptionDeclaration(
        "split",
        .variant(
          VariantShape(
            noun: "split", tag: "kind",
            forms: [
              VariantForm("random", members: randomMembers, meaning: "Drawn at random."),
              VariantForm("given", members: [valShare, seed], meaning: "As the names with `{split}` say."),
            ], fallback: "random")),
        .derived("given where a name has `{split}`, else random"), splitMeaning),
    ]
  }

  private static func declarations(_ published: PublishedDataset) -> [OptionDeclaration] {
    let facts = published.facts
    var declarations = [
      OptionDeclaration("root", .text, .derived("`\(facts.folder)`"), "The folder, relative to the study's `data`."),
      OptionDeclaration(
        "metric", metric.shape, .derived(facts.metric.rawValue), "What the data set is judged by."),
      OptionDeclaration("channels", channels.shape, .value(.integer(facts.channels)), channels.meaning),
      published == .camelyon
        ? OptionDeclaration("store", store.shape, .value(["mode": "original"]), store.meaning) : store,
      unreadable, missing,
      OptionDeclaration(
        "split",
        .variant(
          VariantShape(
            noun: "split", tag: "kind", forms: facts.splits.map { form($0, published) },
            fallback: facts.splits[0].rawValue)),
        .value(facts.splits[0].standard), splitMeaning),
    ]
    if published == .chexpert {
      declarations.append(
        OptionDeclaration(
          "uncertain", .choice(UncertainPolicy.allCases.map(\.rawValue)), .value("zeros"),
          "What an uncertain label is taken for: not shown, shown, unknown, which losses and metrics pass over, or a third "
            + "answer of its own to be learnt."))
    }
    if published == .cbisDDSM {
      declarations.append(
        OptionDeclaration(
          "view", .choice(MammogramView.allCases.map(\.rawValue)), .value("full"),
          "Whole mammograms, or a cut-out a finding."))
    }
    return declarations
  }

  private static func form(_ kind: PublishedSplit, _ published: PublishedDataset) -> VariantForm {
    switch kind {
    case .released: VariantForm("released", meaning: "As the study's released code divides it.")
    case .releasedOverlapping:
      VariantForm("released_overlapping", meaning: "The same with the images that the code has on both sides of a cut.")
    case .given: VariantForm("given", members: [valShare, seed], meaning: "As the data set's own files divide it.")
    case .patient:
      VariantForm(
        "patient", members: Array(randomMembers.prefix(4)),
        meaning:
          "Drawn at random, classes in the same shares, no \(published == .isic2019 ? "lesion" : "patient") in two.")
    case .random: VariantForm("random", members: randomMembers, meaning: "Drawn at random, image by image.")
    }
  }

  private static let root = OptionDeclaration("root", .text, .required, "The folder, relative to the study's `data`.")
  private static func task(_ tasks: [ClassificationTask]) -> OptionDeclaration {
    OptionDeclaration("task", .choice(tasks.map(\.rawValue)), .value("multiclass"), "What is to be told apart.")
  }
  private static let metric = OptionDeclaration(
    "metric", .choice(Metric.allCases.map(\.rawValue)), .derived("accuracy for a multiclass task, else roc_auc"),
    "What the data set is judged by.")
  private static let channels = OptionDeclaration(
    "channels", .choice(["1", "3"]), .value(3), "Colours of the network's input: 1 grey, 3 red, green and blue.")
  private static let store = OptionDeclaration(
    "store",
    .members([
      OptionDeclaration("size", .integer(8...4096), .value(256), "Pixels."),
      OptionDeclaration(
        "mode", .choice(StoreSpec.Mode.allCases.map(\.rawValue)), .value("short_side"),
        "short_side: the shorter side has `size` pixels; exact: both have; original: images keep their own size."),
    ]),
    .value(["size": 256, "mode": "short_side"]), "The resolution at which decoded images are kept.")
  private static let unreadable = OptionDeclaration(
    "unreadable", .choice(UnreadablePolicy.allCases.map(\.rawValue)), .value("fail"),
    "What an image that cannot be read does: fail the data set, or be left out and counted.")
  private static let missing = OptionDeclaration(
    "missing", .choice(MissingPolicy.allCases.map(\.rawValue)), .value("fail"),
    "What an image that the labels name and that is not there does: fail the data set, or be left out and counted.")
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
          OptionDeclaration("group", .text, .derived("none"), "A column whose equal values should be in one split."),
          OptionDeclaration(
            "shared_groups", .choice(SharedGroupsPolicy.allCases.map(\.rawValue)), .value("fail"),
            "What a group in several splits does: fail the data set, or be counted."),
        ], meaning: "As a column of the table says."),
    ], fallback: "random")
}
