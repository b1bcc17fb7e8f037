import Engine
import Files
import Planner
import WorkerProtocol

/// Indexes and validates a data set, and decodes it once into an image store. Of a phantom it makes the files first.
///
/// Leaves `images.store`; for a phantom the files themselves in `images/`; `unreadable.txt` and `missing.txt` where some were
/// skipped.
struct DatasetStage {
  /// The file of the artifact that later stages read.
  static let storeName = "images.store"

  let request: StageRequest
  let parameters: DatasetParameters
  /// Whether images that are not there are listed like the others: for a survey.
  var looksAtLabelsAlone = false

  init(_ request: StageRequest) throws {
    self.request = request
    parameters = try DatasetParameters(request.parameters)
  }

  func run(_ context: StageContext) throws -> StageOutcome {
    let listing = try listing(context)
    try checkGivenSplits(listing)
    let splits = try listing.splits(splitOptions)
    let shared = try sharedGroups(listing, splits, context)
    try reportMissing(listing, context)
    let writer = ImageStoreWriter(listing: listing, splits: splits, options: storeOptions)
    let facts: ImageStoreFacts
    do {
      facts = try writer.write(
        to: request.outputFile(Self.storeName), goingOnIn: isMadeAnew ? nil : request.checkpointFolder
      ) { done, total in
        context.report(
          StageProgress(fraction: Double(done) / Double(max(total, 1)), position: "images \(done)/\(total)"))
        return !context.shouldStop
      }
    } catch DataFault.unreadableImages(let images, let total, _) {
      throw refusal(images, of: total, context)
    }
    context.log(
      "\(facts.count(.train)) + \(facts.count(.validation)) + \(facts.count(.test)) images, \(facts.classes.count) classes"
    )
    if !facts.unreadable.isEmpty { context.log("\(facts.unreadable.count) unreadable images left out: unreadable.txt") }
    var members = Self.facts(facts)
    for (name, count) in [
      ("missing", listing.missing.count), ("unlisted", listing.unlisted), ("shared_groups", shared),
    ] where count > 0 {
      members[name] = .number(Double(count))
    }
    return StageOutcome(facts: .object(members))
  }

  /// Images that are not there and left out: all in `missing.txt`.
  private func reportMissing(_ listing: ImageListing, _ context: StageContext) throws {
    if listing.unlisted > 0 { context.log("\(listing.unlisted) images there are named by no label file") }
    guard !listing.missing.isEmpty else { return }
    context.log("\(listing.missing.count) images that the labels name are not there and left out: missing.txt")
    try DurableFiles.write(
      Array(listing.missing.map { "\($0)\n" }.joined().utf8), to: request.outputFile("missing.txt"))
  }

  /// Unreadable images: all of them in the log, the first in the message.
  private func refusal(_ images: [UnreadableImage], of total: Int, _ context: StageContext) -> StageFailure {
    for image in images { context.log("unreadable: \(image.path): \(image.reason)") }
    let shown = 8
    var lines = ["\(images.count) of \(total) images cannot be read:"]
    lines += images.prefix(shown).map { "  \($0.path): \($0.reason)" }
    if images.count > shown {
      lines.append("  and \(images.count - shown) more; all are in \(request.logFile ?? "the log")")
    }
    return StageFailure(
      .data, lines.joined(separator: "\n"),
      remedy: "replace these files, or set `unreadable: skip` on the data set to leave them out and have them counted")
  }

  /// What reports say of a data set.
  private static func facts(_ facts: ImageStoreFacts) -> [String: JSONValue] {
    func counts(_ split: Split) -> JSONValue { .array(facts.counts(split).map { .number(Double($0)) }) }
    func total(_ split: Split) -> JSONValue { .number(Double(facts.count(split))) }
    var members: [String: JSONValue] = [
      "classes": .array(facts.classes.map { .string($0) }),
      "images": ["train": total(.train), "val": total(.validation), "test": total(.test)],
      "images_per_class": ["train": counts(.train), "val": counts(.validation), "test": counts(.test)],
      "unreadable": .number(Double(facts.unreadable.count)),
      "ignored_files": .number(Double(facts.ignored.count)),
      "channels": .number(Double(facts.channels)),
      "mean": .array(facts.mean.map { .number($0) }), "sd": .array(facts.standardDeviation.map { .number($0) }),
      "content_digest": .string(facts.contentDigest),
    ]
    if let several = facts.severalClasses {
      func unknown(_ place: Int) -> JSONValue { .array(several.unknown[place].map { .number(Double($0)) }) }
      members["unknown_per_class"] = ["train": unknown(0), "val": unknown(1), "test": unknown(2)]
    }
    return members
  }

  /// Phantoms are drawn again by every attempt, as their files are part of what it leaves.
  private var isMadeAnew: Bool { if case .phantom = parameters.options.source { true } else { false } }

  /// The images and their splits, before any is read; a phantom's are not made yet.
  func index() throws -> (listing: ImageListing, splits: [Split]) {
    let listing: ImageListing
    if case .phantom(let phantom) = parameters.options.source {
      listing = PhantomGenerator.listing(try options(of: phantom), root: request.outputFile(Self.phantomFolder))
    } else {
      listing = try self.listing(StageContext())
    }
    try checkGivenSplits(listing)
    return (listing, try listing.splits(splitOptions))
  }

  /// Makes these images of a phantom; others are there.
  func makeFiles(of part: ImageListing) throws {
    guard case .phantom(let phantom) = parameters.options.source else { return }
    _ = try PhantomGenerator.write(
      try options(of: phantom), only: Set(part.items.map(\.path)), to: part.root, threads: request.threads)
  }

  private static let phantomFolder = "images"

  /// How the images are decoded.
  var storeOptions: ImageStoreOptions {
    ImageStoreOptions(
      size: size, channels: parameters.options.channels,
      unreadable: parameters.options.unreadable == .skip ? .skip : .fail, published: publishedStatistics,
      learnsUnknown: learnsUnknown,
      threads: request.threads)
  }

  private var size: ImageStoreOptions.Size {
    let store = parameters.options.store
    guard let size = store.size else { return .original }
    return store.mode == .exact ? .exact(width: size, height: size) : .shortSide(size)
  }

  private func options(of phantom: PhantomSource) throws -> PhantomOptions {
    guard let domain = PhantomOptions.Domain(rawValue: phantom.domain.rawValue) else {
      throw StageFailure(.spec, "\(request.label): the phantom domain \(phantom.domain.rawValue) is not known")
    }
    return PhantomOptions(
      domain: domain, trainingImages: phantom.trainingImages, validationImages: phantom.validationImages,
      testImages: phantom.testImages, size: phantom.size, seed: UInt64(phantom.seed), difficulty: phantom.difficulty)
  }

  func makePhantom(_ phantom: PhantomSource, _ context: StageContext) throws -> ImageListing {
    let options = try options(of: phantom)
    return try PhantomGenerator.write(options, to: request.outputFile(Self.phantomFolder), threads: request.threads) {
      done, total in
      context.report(
        StageProgress(fraction: 0.5 * Double(done) / Double(max(total, 1)), position: "drawing \(done)/\(total)"))
      return !context.shouldStop
    }
  }
}
