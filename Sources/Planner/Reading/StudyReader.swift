import Foundation

/// Reads a study from its text: all faults in one pass, or a study without any.
public enum StudyReader {
  /// Bytes that a study's file may have.
  public static let sizeLimit = YAMLText.sizeLimit

  /// Reads a study from the bytes of its file.
  ///
  /// - Parameters:
  ///   - data: UTF-8 text; any other is a fault.
  ///   - fileName: What errors call the file.
  ///   - environment: Where `${NAME}` is looked up.
  ///   - overrides: Dotted names and values as written, `("training.epochs", "2")`, later ones winning.
  ///   - bases: Where the files that it extends come from.
  public static func read(
    data: Data, fileName: String, environment: [String: String] = [:], overrides: [(name: String, value: String)] = [],
    bases: BaseFiles = .none
  ) throws(StudyFaults) -> Study {
    let faults = FaultCollector(file: fileName)
    guard let text = StudyDocument.text(of: data, source: 0, faults: faults) else { throw faults.faults() }
    return try read(text: text, fileName: fileName, environment: environment, overrides: overrides, bases: bases)
  }

  /// Reads a study from its text; see `read(data:fileName:environment:overrides:bases:)`.
  public static func read(
    text: String, fileName: String, environment: [String: String] = [:],
    overrides: [(name: String, value: String)] = [], bases: BaseFiles = .none
  ) throws(StudyFaults) -> Study {
    let faults = FaultCollector(file: fileName, text: text)
    if text.utf8.count > YAMLText.sizeLimit {
      faults.add(.tooLarge(bytes: text.utf8.count, limit: YAMLText.sizeLimit), at: .file)
      throw faults.faults()
    }
    let document = StudyDocument(faults: faults, environment: environment, bases: bases)
      .read(text, fileName: fileName, overrides: overrides)
    guard let document else { throw faults.faults() }
    let study = StudySections(faults: faults, fileName: fileName).study(document)
    guard let study, faults.isEmpty else { throw faults.faults() }
    return study
  }
}

/// Reads the top level of a study.
struct StudySections {
  static var names: [String] { declared.map(\.name) }

  let faults: FaultCollector
  let fileName: String

  /// The study; nil where it has a fault, with every fault recorded.
  func study(_ document: YAMLValue) -> Study? {
    guard let members = document.members else {
      if case .null = document.content {
        faults.add(.empty, at: .file)
      } else {
        faults.add(
          .wrongType(name: "the study", expected: "a mapping", found: document.kindText), at: document.place)
      }
      return nil
    }
    for member in members where !Self.names.contains(member.name) {
      faults.add(.unknownName(what: "section", name: member.name, valid: Self.names), at: member.place)
    }
    // A section left empty is as good as absent.
    func section(_ name: String) -> YAMLMember? {
      members.first { member in
        if case .null = member.value.content { return false }
        return member.name == name
      }
    }

    let name = studyName(section("study"), at: document.place)
    let dataFolder = text(section("data")) ?? "datasets"
    let datasetsReader = DatasetsReader(faults: faults, dataFolder: dataFolder)
    let datasets = datasetsReader.read(section("datasets"))
    let published = datasetsReader.undeclared(besides: datasets.names)
    let datasetNames = DatasetNames(datasets.names + published.map(\.name))
    let axesReader = AxesReader(
      faults: faults, datasetNames: datasetNames,
      conditions: ConditionReader(
        faults: faults, datasetNames: datasetNames,
        furtherAxes: AxesReader.furtherNames(section("axes"), further: section("blocks"))))
    let trainingReader = TrainingReader(faults: faults)
    let training = section("training").map { trainingReader.changes($0.value) } ?? [:]
    let before = faults.count
    let blocks = axesReader.blocks(
      axes: section("axes"), zip: section("zip"), seeds: section("seeds"), training: training,
      further: section("blocks"), analyses: section("analyses"), at: document.place)
    let conditions = ConditionReader(faults: faults, datasetNames: datasetNames, blocks: blocks ?? [])
    let rules = section("rules").map { conditions.rules($0.value, training: trainingReader) } ?? []
    let exclusions = section("exclude").map { conditions.exclusions($0.value) } ?? []
    let gridIsRight = faults.count == before
    let weights = WeightsReader(faults: faults, datasetNames: datasetNames, training: training)
      .read(section("weights"))
    let resources = ResourcesReader(faults: faults).read(section("resources"))
    let reportReader = ReportReader(faults: faults)
    let reporting = reportReader.read(section("report"))
    let slurm = SlurmProfile.read(section("slurm"), faults: faults)

    // Without axes there is no grid to look at, and with a wrong axis its cells say nothing new.
    guard let blocks, gridIsRight else { return nil }
    // Where other parts are wrong, what follows from the training options is not to be trusted, but the cells are.
    let isRight = faults.isEmpty
    let expansionFaults = isRight ? faults : FaultCollector(file: fileName)
    guard
      let grid = GridExpansion(blocks: blocks, rules: rules, exclusions: exclusions, faults: expansionFaults).expanded()
    else { return nil }
    checkWeights(of: grid, weights.backbones, blocks)
    checkDistances(blocks, weights: weights.backbones)
    checkPairs(of: grid, blocks)
    reportReader.checkBaselines(section("report"), of: grid)
    checkNormalisation(of: grid, datasets.declared + published, blocks)
    guard let name, isRight else { return nil }
    let sources = weights.sources.values.compactMap { if case .pretrain(let name, _, _, _) = $0 { name } else { nil } }
    let compared = grid.distances.compactMap { if case .dataset(let name) = $0.source { name } else { nil } }
    let used = Set(grid.datasets + sources + compared)
    return Study(
      name: name, fileName: fileName, datasets: datasets.declared + published.filter { used.contains($0.name) },
      weights: weights.sources, resources: resources, reporting: reporting, slurm: slurm, grid: grid)
  }

  private func studyName(_ member: YAMLMember?, at place: Place) -> String? {
    guard let member else {
      faults.add(.missingName(what: "a study", name: "study", example: "study: my-study"), at: place)
      return nil
    }
    guard let text = member.value.scalarText else {
      faults.add(.wrongType(name: "study", expected: "a name", found: member.value.kindText), at: member.value.place)
      return nil
    }
    let isName =
      text.utf8.first.map { $0 != UInt8(ascii: "-") } ?? false && text.utf8.count <= 100
      && text.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0) || $0 == UInt8(ascii: "-") }
    guard isName else {
      faults.add(
        .invalidName(
          what: "a study", value: text,
          rule: "use lower-case letters, digits and `-`, at most 100, beginning with a letter or a digit"),
        at: member.value.place)
      return nil
    }
    return text
  }

  private func text(_ member: YAMLMember?) -> String? {
    guard let member else { return nil }
    return ShapeReader(faults: faults).read(member.value, as: .text, name: member.name)?.stringValue
  }

  /// Published constants are there for some data sets only.
  private func checkNormalisation(of grid: Grid, _ datasets: [DeclaredDataset], _ blocks: [Block]) {
    let asked = grid.variants.map { $0.whole.canonical["normalise"]?["kind"] == "published" }
    guard asked.contains(true) else { return }
    func hasNone(_ name: String) -> Bool {
      guard case .published(let source)? = datasets.first(where: { $0.name == name })?.options.source else {
        return true
      }
      return source.dataset.facts.mean == nil
    }
    let lacking = grid.datasets.map(hasNone)
    var named: Set<Int32> = []
    for point in grid.points where asked[Int(point.variant)] && lacking[Int(point.dataset)] {
      guard named.insert(point.dataset).inserted else { continue }
      let name = grid.datasets[Int(point.dataset)]
      let place = blocks.lazy.flatMap(\.axes).filter { $0.name == Axis.dataset }.flatMap(\.values)
        .first { $0.text == name }?.place
      faults.add(
        .nothingPublished(
          dataset: name, having: PublishedDataset.allCases.filter { $0.facts.mean != nil }.map(\.rawValue)),
        at: place ?? .file)
    }
  }

  /// A backbone that some cell transfers to needs source weights.
  private func checkWeights(of grid: Grid, _ backbones: Set<String>, _ blocks: [Block]) {
    var needed: [Set<Int32>] = Array(repeating: [], count: grid.backbones.count)
    let reads = grid.initialisations.map(\.readsWeights)
    let lacks = grid.backbones.map { !backbones.contains($0.name) }
    guard lacks.contains(true) else { return }
    for point in grid.points where lacks[Int(point.backbone)] && reads[Int(point.initialisation)] {
      needed[Int(point.backbone)].insert(point.initialisation)
    }
    for (index, backbone) in grid.backbones.enumerated() where !needed[index].isEmpty {
      let place = blocks.lazy.flatMap(\.axes).filter { $0.name == Axis.backbone }.flatMap(\.values)
        .first { $0.text == backbone.name }?.place
      faults.add(
        .noWeights(
          backbone: backbone.name,
          initialisations: Self.shortened(needed[index].sorted().map { grid.initialisations[Int($0)] })),
        at: place ?? .file)
    }
  }
}

extension StudySections {
  /// Initialisations by name, two mixtures and more as one.
  fileprivate static func shortened(_ initialisations: [InitialisationSpec]) -> [String] {
    func isMixture(_ initialisation: InitialisationSpec) -> Bool {
      if case .mixture = initialisation { true } else { false }
    }
    guard initialisations.count(where: isMixture) > 1 else { return initialisations.map(\.name) }
    return initialisations.filter { !isMixture($0) }.map(\.name) + [InitialisationSpec.everyDepth]
  }
}
