import Planner
import WorkerProtocol

/// Everything a report says of a study, read from the database in one transaction: a pure value.
public struct StudyResults: Sendable {
  public var study: String
  /// In the order in which the study names them.
  public var datasets: [DatasetResult]
  public var backbones: [String]
  /// In the plan's order.
  public var cells: [CellResult]
  /// The searches for learning rates, in the order of the cells that use them; empty where a study has none.
  public var rateSearches: [RateSearchResult]
  /// How the measures of each kind are computed: the parameters of their stages, each once.
  public var measureParameters: [StageKind: [JSONValue]]
  /// Where the numbers come from, written beside them: versions, machine, source file and its digest. Name -> value.
  public var provenance: JSONValue
  public var reporting: Reporting
  /// Results of older versions that a person lets stand, where any cell rests on them.
  public var acceptances: [Acceptance]
  /// The stages and the attempts at them.
  public var work: StudyWork

  public init(
    study: String, datasets: [DatasetResult], backbones: [String], cells: [CellResult],
    rateSearches: [RateSearchResult] = [], measureParameters: [StageKind: [JSONValue]] = [:], provenance: JSONValue,
    reporting: Reporting = Reporting(),
    acceptances: [Acceptance] = [], work: StudyWork = StudyWork()
  ) {
    self.study = study
    self.datasets = datasets
    self.backbones = backbones
    self.cells = cells
    self.rateSearches = rateSearches
    self.measureParameters = measureParameters
    self.provenance = provenance
    self.reporting = reporting
    self.acceptances = acceptances
    self.work = work
  }
}

/// A data set as its stage found it; counts are nil until that stage is done.
public struct DatasetResult: Sendable, Hashable {
  public var name: String
  public var metric: String
  public var classes: [String]?
  public var trainingImages: Int?
  public var validationImages: Int?
  public var testImages: Int?
  /// Images that could not be read and were left out, as the study allowed.
  public var unreadable: Int?
  /// Images that the labels name and that were not there and left out, as the study allowed.
  public var missing: Int?
  /// Patients, lesions or other groups with images in several splits.
  public var sharedGroups: Int?
  /// Of each class, in their order.
  public var classCounts: [ClassCount] = []
  /// Frechet distance to the source domain, where the study measures it.
  public var distance: Double?

  public init(
    name: String, metric: String, classes: [String]? = nil, trainingImages: Int? = nil, validationImages: Int? = nil,
    testImages: Int? = nil, unreadable: Int? = nil, distance: Double? = nil
  ) {
    self.name = name
    self.metric = metric
    self.classes = classes
    self.trainingImages = trainingImages
    self.validationImages = validationImages
    self.testImages = testImages
    self.unreadable = unreadable
    self.distance = distance
  }
}

/// How many images show a class; of how many nobody can say, where images may show several.
public struct ClassCount: Sendable, Hashable {
  /// Training, validation, test.
  public var images: [Int]
  public var unknown: [Int]?

  public init(images: [Int], unknown: [Int]? = nil) {
    self.images = images
    self.unknown = unknown
  }
}

/// One cell and what was measured on it. An object that never changes: a large study has very many, which are looked at many
/// times.
public final class CellResult: Sendable {
  public let cell: Cell
  public let state: CellState
  /// Why it is not done, in a sentence; of a done cell which of its results are those of an older version, else nil.
  public let reason: String?
  /// Metrics on the test set; empty until its `test` stage is done.
  public let metrics: [MetricValue]
  /// A row per validation of its training.
  public let history: [HistoryEntry]
  /// In the order of the cell's measures. What becomes of them is no part of the cell's own state.
  public let measures: [MeasureResult]

  public init(
    cell: Cell, state: CellState, reason: String?, metrics: [MetricValue], history: [HistoryEntry],
    measures: [MeasureResult] = []
  ) {
    self.cell = cell
    self.state = state
    self.reason = reason
    self.metrics = metrics
    self.history = history
    self.measures = measures
  }

  /// Whether it comes from elsewhere: no stage of the study made it.
  public var isImported: Bool { cell.stages.isEmpty }

  /// The test value of the metric that the cell's data set is judged by.
  public var score: Double? { metrics.first { $0.split == "test" && $0.name == cell.metric }?.value }
}

/// What a measure found on a cell.
public struct MeasureResult: Sendable, Hashable {
  public var measure: CellMeasure
  public var state: CellState
  /// Why it is not done, in a sentence; nil for a done one.
  public var reason: String?
  /// Numbers of the whole network.
  public var metrics: [MetricValue]
  /// Numbers of its layers.
  public var layers: LayerMeasures
  /// The points of an `embedding`, in the order of the test images; empty for other kinds.
  public var points: [EmbeddedPoint]
  /// What else its stage told, as the database keeps it: read anew at each look, since hardly any is looked at.
  public var facts: JSONValue {
    get { JSONValue(stored: storedFacts) }
    set { storedFacts = newValue.canonicalText }
  }
  private var storedFacts: String

  public init(
    measure: CellMeasure, state: CellState = .done, reason: String? = nil,
    metrics: [MetricValue] = [], layers: LayerMeasures = LayerMeasures(), points: [EmbeddedPoint] = [],
    storedFacts: String = "{}"
  ) {
    self.measure = measure
    self.state = state
    self.reason = reason
    self.metrics = metrics
    self.layers = layers
    self.points = points
    self.storedFacts = storedFacts
  }
}

/// A test image in an embedding's plane.
public struct EmbeddedPoint: Sendable, Hashable {
  /// `umap` or `pca`.
  public var method: String
  public var x: Double
  public var y: Double
  /// The image's class by name; of several joined by `+`, and of none empty.
  public var label: String

  public init(method: String, x: Double, y: Double, label: String) {
    self.method = method
    self.x = x
    self.y = y
    self.label = label
  }
}

/// A search for the learning rate of a setting's cells.
public struct RateSearchResult: Sendable, Hashable {
  public var key: StageKey
  /// The first of the cells that train with what it found.
  public var cell: Cell
  /// `grid` or `range`; nil until it is done.
  public var form: String?
  /// The rate that it found; nil until it is done.
  public var rate: Double?
  /// Ascending in rate, and of one rate in the order of its steps.
  public var tried: [RateTrial]

  public init(key: StageKey, cell: Cell, form: String? = nil, rate: Double? = nil, tried: [RateTrial] = []) {
    self.key = key
    self.cell = cell
    self.form = form
    self.rate = rate
    self.tried = tried
  }
}

/// Where a cell stands.
public enum CellState: String, Sendable, Codable, Hashable, CaseIterable {
  case done
  /// Its loss stopped being finite: a result of its own.
  case diverged
  case failed
  /// It was done, by older code or from files that have changed since; what it came to then is no result of this study.
  case stale
  /// Not yet run, running, or waiting for a failed stage.
  case missing
}
