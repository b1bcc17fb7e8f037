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
  /// Where the numbers come from, written beside them: versions, machine, source file and its digest. Name -> value.
  public var provenance: JSONValue

  public init(
    study: String, datasets: [DatasetResult], backbones: [String], cells: [CellResult],
    rateSearches: [RateSearchResult] = [], provenance: JSONValue
  ) {
    self.study = study
    self.datasets = datasets
    self.backbones = backbones
    self.cells = cells
    self.rateSearches = rateSearches
    self.provenance = provenance
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

/// One cell and what was measured on it.
public struct CellResult: Sendable, Hashable {
  public var cell: Cell
  public var state: CellState
  /// Why it is not done, in a sentence; nil for a done cell.
  public var reason: String?
  /// Metrics on the test set; empty until its `test` stage is done.
  public var metrics: [MetricValue]
  /// A row per validation of its training.
  public var history: [HistoryEntry]

  public init(cell: Cell, state: CellState, reason: String?, metrics: [MetricValue], history: [HistoryEntry]) {
    self.cell = cell
    self.state = state
    self.reason = reason
    self.metrics = metrics
    self.history = history
  }

  /// The test value of the metric that the cell's data set is judged by.
  public var score: Double? { metrics.first { $0.split == "test" && $0.name == cell.metric }?.value }
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
  /// Not yet run, running, or waiting for a failed stage.
  case missing
}
