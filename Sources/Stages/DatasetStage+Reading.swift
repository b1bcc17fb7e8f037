import Engine
import Planner
import WorkerProtocol

extension DatasetStage {
  /// The images, by the reader of the format.
  func listing(_ context: StageContext) throws -> ImageListing {
    switch parameters.options.source {
    case .phantom(let phantom): try makePhantom(phantom, context)
    case .folder(let folder): try FolderReader(root: try root, classes: folder.classes).listing()
    case .csv(let table): try listing(of: table)
    case .arrays(let arrays): try listing(of: arrays, context)
    case .published(let published): try placed(published.dataset.facts) { try listing(of: published, context) }
    }
  }

  /// Where a published data set is not there, the failure says where it is to be had.
  private func placed(_ facts: PublishedFacts, _ read: () throws -> ImageListing) throws -> ImageListing {
    do {
      return try read()
    } catch DataFault.missingFolder(let path) {
      throw StageFailure(
        .data, "there is no folder \(path) with \(facts.title)",
        remedy: "get it from \(facts.home) and put it there, or name its folder with `root:`")
    } catch DataFault.missingLabelFile(let path) {
      throw StageFailure(
        .data, "\(facts.title) has its labels in \(path), which is not there",
        remedy: "get it from \(facts.home), or name another folder with `root:`")
    }
  }

  private func listing(of table: TableSource) throws -> ImageListing {
    let root = try root
    var group: String?
    var split: String?
    switch table.split {
    case .random(_, _, _, _, _, let column): group = column
    case .column(let column, _, _, let groups, _): (split, group) = (column, groups)
    case .given, .released, .patient: break
    }
    var reader = LabelFileReader(
      root: table.imageFolder.map { "\(root)/\($0)" } ?? root, labels: "\(root)/\(table.labels)",
      image: table.imageColumn, target: table.target.engine, group: group, split: split, classes: table.classes,
      suffix: table.pathExtension ?? "", delimiter: table.delimiter.engine)
    reader.blank =
      switch table.blank {
      case .fail: .fault
      case .absent: .absent
      case .unknown: .unknown
      }
    reader.absent = absent
    return try reader.listing()
  }

  private func listing(of arrays: ArraySource, _ context: StageContext) throws -> ImageListing {
    var reader = ArrayReader(
      root: try root, container: arrays.container == .hdf5 ? .hdf5 : .npz,
      images: .init(file: arrays.imageFile, array: arrays.imageArray),
      labels: .init(file: arrays.labelFile, array: arrays.labelArray), splitNames: arrays.splitNames,
      classes: arrays.classes, showsSeveralClasses: parameters.options.task == .multilabel,
      scratch: request.checkpointFolder)
    reader.looksAtLabelsAlone = looksAtLabelsAlone
    return try reader.listing(progress: decompression(context))
  }

  /// Reports what is decompressed.
  private func decompression(_ context: StageContext) -> (Double) -> Bool {
    { share in
      context.report(StageProgress(fraction: 0.1 * share, position: "decompressing \(Int(100 * share)) %"))
      return !context.shouldStop
    }
  }

  private func listing(of published: PublishedSource, _ context: StageContext) throws -> ImageListing {
    let given: PublishedReader.GivenSplit =
      switch published.split {
      case .released(let isOverlapping): isOverlapping ? .releasedOverlapping : .released
      case .given, .column: .released
      case .patient, .random: .none
      }
    let reader = PublishedReader(root: try root, split: given, absent: absent)
    switch published.dataset {
    case .aptos2019: return try reader.aptos2019()
    case .isic2019:
      let needsLesions = if case .patient = published.split { true } else { false }
      return try reader.isic2019(needsLesions: needsLesions)
    case .chexpert: return try reader.cheXpert(uncertain: published.uncertain.engine)
    case .ddsm: return try reader.ddsm()
    case .cbisDDSM: return try reader.cbisDDSM(published.view == .full ? .full : .cropped)
    case .camelyon:
      return try reader.patchCamelyon(scratch: request.checkpointFolder, progress: decompression(context))
    }
  }

  private var absent: AbsentImages {
    if looksAtLabelsAlone { return .listed }
    return parameters.options.missing == .skip ? .leftOut : .fault
  }

  /// Whether unknown labels are a third answer to be learnt.
  var learnsUnknown: Bool {
    if case .published(let published) = parameters.options.source { published.uncertain == .ownClass } else { false }
  }

  /// What the study's released code normalises a published data set by.
  var publishedStatistics: ImageStoreFacts.PublishedStatistics? {
    guard case .published(let published) = parameters.options.source, let mean = published.dataset.facts.mean,
      let deviation = published.dataset.facts.standardDeviation
    else { return nil }
    return ImageStoreFacts.PublishedStatistics(mean: mean, standardDeviation: deviation)
  }

  private var root: String {
    get throws {
      guard let root = request.locations["root"] else {
        throw StageFailure(.spec, "\(request.label): the request does not say where the data set lies")
      }
      return root
    }
  }

  /// How images are divided where the data set does not say so itself.
  var splitOptions: SplitOptions {
    switch parameters.options.split {
    case .random(let train, let val, let test, let seed, let stratify, let group)?:
      SplitOptions(
        train: train, validation: val, test: test, seed: UInt64(seed), stratified: stratify, keepsGroups: group != nil)
    case .patient(let train, let val, let test, let seed)?:
      SplitOptions(train: train, validation: val, test: test, seed: UInt64(seed))
    case .given(let share, let seed)?, .column(_, let share, let seed, _, _)?:
      // Validation is taken out of training in this share; testing is given.
      SplitOptions(
        train: (1 - share) * 0.5, validation: share * 0.5, test: 0.5, seed: UInt64(seed), stratified: true)
    case .released?, nil: SplitOptions()
    }
  }

  /// Where the study says that splits are given, training and testing must be.
  func checkGivenSplits(_ listing: ImageListing) throws {
    let isGiven =
      switch parameters.options.split {
      case .given?, .column?: true
      case .random?, .patient?, .released?, nil: false
      }
    let given = Set(listing.items.compactMap(\.split))
    for split in [Split.train, .test] where isGiven && !given.contains(split) {
      throw StageFailure(
        .data, "the study says that \(listing.root) gives its own splits, but no image is in `\(split.rawValue)`",
        remedy: "add a folder or rows for `\(split.rawValue)`, or let Graft divide the images: `split: {kind: random}`")
    }
  }

  /// How many groups have images in several splits: an error where the study gave the column of splits and did not allow it,
  /// else a warning that names them all.
  func sharedGroups(_ listing: ImageListing, _ splits: [Split], _ context: StageContext) throws -> Int {
    let shared = listing.sharedGroups(splits)
    guard !shared.isEmpty else { return 0 }
    if case .column(_, _, _, _, .fail)? = parameters.options.split {
      throw DataFault.groupsInSeveralSplits(groups: shared, place: listing.root)
    }
    context.log("warning: \(shared.count) groups (patients or lesions) have images in several splits:")
    for group in shared { context.log("  \(group.name): \(group.splits.map(\.rawValue).joined(separator: ", "))") }
    return shared.count
  }
}

extension TargetSpec {
  fileprivate var engine: LabelFileReader.Target {
    switch self {
    case .column(let name): .column(name)
    case .columns(let names): .columns(names)
    case .separated(let name, let separator): .separated(name, by: separator)
    }
  }
}

extension TableDelimiter {
  fileprivate var engine: Delimiter? {
    switch self {
    case .auto: nil
    case .comma: .comma
    case .semicolon: .semicolon
    case .tab: .tab
    }
  }
}

extension UncertainPolicy {
  fileprivate var engine: PublishedReader.Uncertain {
    switch self {
    case .zeros: .zeros
    case .ones: .ones
    case .ignore, .ownClass: .ignore
    }
  }
}
