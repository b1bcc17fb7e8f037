/// One unit of work in the graph.
public struct Stage: Sendable, Hashable {
  public let key: StageKey
  public let kind: StageKind
  /// The kind's version in the key.
  public let version: Int
  /// What the key is made of: an object, complete, every default filled in.
  public let parameters: JSONValue
  /// The stages whose artifacts this one reads, by the role they play in it.
  public let inputs: [StageInput]
  /// Where things lie on this machine, by name (`root`, `file`): never part of the key.
  public let locations: [String: String]
  /// Options that cannot change what the stage computes, by name: never part of the key.
  public let manner: JSONValue
  /// The stage named for a person: `train derma/vit_micro/0.25/WT/3`.
  public let label: String

  /// - Parameters:
  ///   - key: What it is.
  ///   - kind: What it does.
  ///   - version: Nil for that of this code.
  ///   - parameters: With every default filled in.
  ///   - inputs: What it reads.
  ///   - locations: Places of this machine, by role.
  ///   - manner: Options that cannot change what it computes.
  ///   - label: Its name for a person.
  public init(
    key: StageKey, kind: StageKind, version: Int? = nil, parameters: JSONValue, inputs: [StageInput],
    locations: [String: String], manner: JSONValue = [:], label: String
  ) {
    self.key = key
    self.kind = kind
    self.version = version ?? kind.version
    self.parameters = parameters
    self.inputs = inputs
    self.locations = locations
    self.manner = manner
    self.label = label
  }
}

/// An input of a stage: `dataset`, `weights` or `model`, and the stage that makes it.
public struct StageInput: Sendable, Hashable, Codable {
  public let role: String
  public let key: StageKey

  public init(role: String, key: StageKey) {
    self.role = role
    self.key = key
  }
}

/// One point of the grid: one trained model and all that is measured on it.
public struct Cell: Sendable, Hashable {
  public let id: CellID
  public let dataset: String
  public let backbone: String
  public let fraction: Double
  /// `RI`, `ST`, `WT` or `WT-ST-n`.
  public let initialisation: String
  public let seed: Int
  /// Any further axis (a training option by its dotted name) and the value as written, in the study's order.
  public let furtherAxes: [AxisValue]
  /// The stages that the cell needs, itself made of: kind -> key. A `train` and a `test` stage at least.
  public let stages: [StageKind: StageKey]
  /// What else is measured on it, in the order in which the study asks: analyses beyond `test`.
  public let measures: [CellMeasure]
  /// The metric that the data set is judged by, as in `metrics`: `accuracy`, `macro_recall`, `quadratic_kappa`, `roc_auc`.
  public let metric: String

  public init(
    id: CellID, dataset: String, backbone: String, fraction: Double, initialisation: String, seed: Int,
    furtherAxes: [AxisValue], stages: [StageKind: StageKey], measures: [CellMeasure] = [],
    metric: String
  ) {
    self.id = id
    self.dataset = dataset
    self.backbone = backbone
    self.fraction = fraction
    self.initialisation = initialisation
    self.seed = seed
    self.furtherAxes = furtherAxes
    self.stages = stages
    self.measures = measures
    self.metric = metric
  }

  /// Every stage that the cell asks for, each once.
  public var allStages: [StageKey] {
    stages.sorted { $0.key.rawValue < $1.key.rawValue }.map(\.value) + measures.map(\.key)
  }
}

/// A stage that measures something on a cell.
public struct CellMeasure: Sendable, Hashable {
  public let kind: StageKind
  public let key: StageKey
  /// The initialisation of the other cell where two are compared.
  public let partner: String?

  public init(kind: StageKind, key: StageKey, partner: String? = nil) {
    self.kind = kind
    self.key = key
    self.partner = partner
  }
}

/// A further axis and its value at one cell.
public struct AxisValue: Sendable, Hashable, Codable {
  public let name: String
  public let value: String

  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// A study expanded: every cell, and every stage once, in the order in which they should run.
public struct Plan: Sendable {
  public let study: String
  /// In the order of the axes.
  public let cells: PlannedCells
  /// Each stage once. Inputs come before what reads them; among ready stages, whole comparisons (one seed of every
  /// initialisation of a setting) come before the next seed of any.
  public let stages: PlannedStages
  public let resources: Resources
  public let reporting: Reporting
  /// What its keys are made with.
  public let versions: KindVersions

  /// A plan of stages and cells that are kept as they are.
  public init(
    study: String, cells: [Cell], stages: [Stage], resources: Resources, reporting: Reporting = Reporting()
  ) {
    var table = StageTable(capacity: stages.count)
    for stage in stages { table.append(stage) }
    self.init(
      study: study, author: nil, cells: CellTable(cells, stages: table), stages: table, resources: resources,
      reporting: reporting, versions: .current)
  }

  init(
    study: String, author: StageAuthor?, cells: CellTable, stages: StageTable, resources: Resources,
    reporting: Reporting, versions: KindVersions
  ) {
    self.study = study
    self.versions = versions
    self.stages = PlannedStages(table: stages, author: author, versions: versions)
    self.cells = PlannedCells(table: cells, stages: self.stages)
    self.resources = resources
    self.reporting = reporting
  }

  /// A part of the plan: these cells and stages, by their places, with all that the stages need.
  public func narrowed(cells chosen: [Int], stages wanted: some Sequence<Int>) -> Plan {
    let table = stages.table.narrowed(to: stages.closure(of: wanted))
    return Plan(
      study: study, author: stages.author,
      cells: cells.table.narrowed(to: chosen, from: stages.table, to: table), stages: table, resources: resources,
      reporting: reporting, versions: versions)
  }

  /// What a stage is called; by the first digits of its key where the plan has none such.
  public func label(of key: StageKey) -> String {
    stages.place(of: key).map { stages.label(at: $0) } ?? key.short
  }
}

/// What a study says of its report.
public struct Reporting: Sendable, Hashable {
  /// The share of the best validation metric whose first reaching counts as convergence; above 0, at most 1.
  public var convergence: Double

  /// The initialisations that the others are compared with, each in its turn.
  public var baselines: [String]
  /// How p values are corrected for the number of comparisons.
  public var correction: Correction
  /// What the study asks, for the head of its report; nil where it does not say.
  public var question: String?
  /// Whether the gains are drawn beside those that the paper's figure 1 shows.
  public var published: Bool

  public enum Correction: String, Sendable, CaseIterable {
    case holm
    case benjaminiHochberg = "benjamini_hochberg"
  }

  public init(
    convergence: Double = 0.95, baselines: [String] = ["RI", "ST"], correction: Correction = .holm,
    published: Bool = false, question: String? = nil
  ) {
    self.convergence = convergence
    self.baselines = baselines
    self.correction = correction
    self.published = published
    self.question = question
  }
}
