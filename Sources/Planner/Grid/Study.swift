/// A study read and found without fault.
public struct Study: Sendable {
  public let name: String
  /// The file as it was named to the reader.
  public let fileName: String
  /// Every data set declared, in the file's order.
  public let datasets: [DeclaredDataset]
  /// Where the source weights of a backbone come from, by its name.
  public let weights: [String: WeightsSource]
  public let resources: Resources
  public let reporting: Reporting
  /// How it runs on a cluster, as far as the file says.
  public let slurm: SlurmProfile
  let grid: Grid

  /// How many cells the grid has, exclusions taken out.
  public var cellCount: Int { grid.points.count }

  public func dataset(named name: String) -> DeclaredDataset? { datasets.first { $0.name == name } }
}

/// A data set as a study declares it.
public struct DeclaredDataset: Sendable, Hashable {
  public let name: String
  public let options: DatasetOptions
  /// The folder, absolute or relative to the study file's folder; nil for images that Graft makes itself.
  public let root: String?
}

/// Where a backbone's source weights come from.
public enum WeightsSource: Sendable, Hashable {
  /// A file, absolute or relative to the study file's folder.
  case file(String, kind: WeightsKind)
  /// A training in the study itself; `training` is complete, `manner` what is no part of a key.
  case pretrain(dataset: String, seed: Int, training: JSONValue, manner: JSONValue)
}

/// The points of a study's grid, each a few indices into the tables beside them.
struct Grid: Sendable {
  var datasets: [String] = []
  var backbones: [Backbone] = []
  var fractions: [Double] = []
  /// Resolved on their backbones: the ends of `WT-ST-n` are `ST` and `WT`.
  var initialisations: [InitialisationSpec] = []
  var seeds: [Int] = []
  /// Values of the further axes, one combination an entry.
  var further: [[AxisValue]] = []
  var variants: [TrainingVariant] = []
  /// What cells may be asked beyond their test, one combination an entry.
  var analyses: [[AnalysisSpec]] = []
  /// In the order of the axes: data set, backbone, fraction, further axes, initialisation, seed; block after block.
  var points: [GridPoint] = []
  /// For each point its position in `analyses`.
  var asked: [Int32] = []
  /// Positions in `points` in the order in which they should run: the first seed of every setting before the second of
  /// any, the initialisations of a setting side by side.
  var runningOrder: [Int] = []
}

/// One point of the grid: positions in the grid's tables.
struct GridPoint: Sendable, Hashable {
  var dataset: Int32
  var backbone: Int32
  var fraction: Int32
  var initialisation: Int32
  var seed: Int32
  var further: Int32
  var variant: Int32
}

/// A complete set of training options that some points share, with what initialisations make of it.
struct TrainingVariant: Sendable {
  /// Options as JSON and as canonical text, made once.
  struct Options: Sendable {
    let canonical: JSONValue
    let text: String
  }

  /// The options given that are no part of a key.
  let manner: JSONValue
  /// Whether the learning rate is what a search finds.
  let searchesRate: Bool
  /// All options.
  let whole: Options
  /// For the initialisations that do not look at all of it.
  private var trimmed: [InitialisationSpec: Options] = [:]

  init(canonical: JSONValue, manner: JSONValue, searchesRate: Bool, backbone: Backbone) {
    self.manner = manner
    self.searchesRate = searchesRate
    whole = Options(canonical: canonical, text: canonical.canonicalText)
    let depths = InitialisationSpec.shallowest + 1..<backbone.deepest
    let all = [InitialisationSpec.random, .statistics, .weights] + depths.map { .mixture(upTo: $0) }
    for initialisation in all {
      guard let less = BackboneOptions.trimmed(canonical, for: initialisation, on: backbone) else { continue }
      trimmed[initialisation] = Options(canonical: less, text: less.canonicalText)
    }
  }

  /// The options that a cell of this initialisation depends on.
  func options(for initialisation: InitialisationSpec) -> Options { trimmed[initialisation] ?? whole }
}

/// What the points of a grid are called: an object, for all cores ask it of very many points.
final class GridNames: Sendable {
  let datasets: [String]
  let backbones: [String]
  let initialisations: [String]
  private let fractions: [String]
  private let seeds: [String]
  /// Each combination of further axes, with a `/` before each axis.
  private let further: [String]

  init(_ grid: Grid) {
    datasets = grid.datasets
    backbones = grid.backbones.map(\.name)
    initialisations = grid.initialisations.map(\.name)
    fractions = grid.fractions.map { "\($0)" }
    seeds = grid.seeds.map(String.init)
    further = grid.further.map { axes in axes.map { "/\($0.name)=\($0.value)" }.joined() }
  }

  /// The point's name.
  func cellID(_ point: GridPoint) -> CellID {
    CellID("\(setting(of: point))/\(seeds[Int(point.seed)])\(further[Int(point.further)])")
  }

  /// The point's name up to its initialisation.
  func setting(of point: GridPoint) -> String {
    "\(datasets[Int(point.dataset)])/\(backbones[Int(point.backbone)])/\(fractions[Int(point.fraction)])/"
      + initialisations[Int(point.initialisation)]
  }
}
