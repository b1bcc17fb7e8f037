import Foundation
import Planner
import Store
import WorkerProtocol

/// Results made by formula: studies of any shape, with the same numbers at every run and on every machine.
struct PhantomStudy: Sendable {
  var study = "phantom"
  var datasets = ["derma", "nodules"]
  var backbones = ["resnet_micro", "vit_micro"]
  var fractions = [0.25, 1.0]
  var initialisations = ["RI", "ST", "WT"]
  var seeds = 5
  var furtherAxes: [AxisValue] = []
  var distances: [String: Double] = [:]
  var validations = 4
  /// Whether each setting's learning rate is searched for.
  var searchesRates = false
  var reporting = Reporting()
  /// So many slots ran it; none for a study of whose running nothing is known.
  var slots = 0
  /// What becomes of a cell that is not done.
  var fate: @Sendable (Cell) -> (CellState, String)? = { _ in nil }
  /// What is measured on each cell beside its test.
  var measures: PhantomMeasures?

  var results: StudyResults { measures?.on(plainResults) ?? plainResults }

  private var plainResults: StudyResults {
    StudyResults(
      study: study,
      datasets: datasets.enumerated().map { index, name in
        DatasetResult(
          name: name, metric: metric(index),
          classes: index.isMultiple(of: 2) ? ["a", "b", "c"] : ["benign", "malign"],
          trainingImages: 800 * (index + 1) * (index + 1), validationImages: 200, testImages: 400,
          unreadable: index == 1 ? 3 : 0, distance: distances[name])
      },
      backbones: backbones, cells: cells, rateSearches: searchesRates ? rateSearches : [],
      provenance: [
        "graft": "0.1.0", "study_file": "grids/phantom.yaml", "study_digest": "0f3a", "machine": ["cores": 2],
        "libraries": ["libtorch 1.13"],
      ], reporting: reporting, work: slots > 0 ? work : StudyWork())
  }

  private func metric(_ index: Int) -> String { index.isMultiple(of: 2) ? "quadratic_kappa" : "roc_auc" }

  private var cells: [CellResult] {
    var cells: [CellResult] = []
    for (d, dataset) in datasets.enumerated() {
      for (b, backbone) in backbones.enumerated() {
        for fraction in fractions {
          for initialisation in initialisations {
            for seed in 0..<seeds {
              cells.append(
                cell(d, dataset, b, backbone, fraction, initialisation, seed))
            }
          }
        }
      }
    }
    return cells
  }

  /// Data sets first, then each cell's training and test on the slot that is free; a night after a third of the cells, and a
  /// training of which the first try failed.
  private var work: StudyWork {
    var attempts: [AttemptOfWork] = []
    var free = Array(repeating: 0.0, count: slots)
    func run(_ kind: StageKind, _ name: String, seconds: Double, _ state: AttemptState = .done) {
      let slot = free.indices.min { (free[$0], $0) < (free[$1], $1) } ?? 0
      let start = free[slot]
      free[slot] += seconds
      func time(_ seconds: Double) -> Timestamp { Timestamp(milliseconds: 1_767_258_000_000 + Int64(seconds * 1000)) }
      attempts.append(
        AttemptOfWork(
          kind: kind, stage: Self.key(name),
          course: AttemptCourse(
            number: Int64(attempts.count + 1), state: state, started: time(start), finished: time(free[slot]),
            host: "gpu1", device: "cuda:\(slot)", threads: 4, cpuSeconds: seconds * 1.7, peakMemory: 600_000_000)))
    }
    for dataset in datasets { run(.dataset, "dataset \(dataset)", seconds: 40) }
    free = Array(repeating: free.max() ?? 0, count: slots)
    let cells = cells
    for (place, result) in cells.enumerated() {
      if place == cells.count / 3 { free = free.map { $0 + 8 * 3600 } }
      let name = result.cell.id.text
      if place == 1 { run(.train, "train \(name)", seconds: 25, .failed) }
      run(.train, "train \(name)", seconds: 100 + 60 * Self.noise("time \(name)"))
      run(.test, "test \(name)", seconds: 9)
    }
    return StudyWork(
      kinds: [
        KindOfWork(kind: .dataset, planned: datasets.count, done: datasets.count, reads: []),
        KindOfWork(kind: .weights, planned: backbones.count, done: backbones.count, reads: []),
        KindOfWork(kind: .train, planned: cells.count, done: cells.count, reads: [.dataset, .weights]),
        KindOfWork(kind: .test, planned: cells.count, done: cells.count - 2, reads: [.dataset, .train]),
        KindOfWork(kind: .knn, planned: cells.count, done: 0, reads: [.dataset, .train]),
      ], attempts: attempts)
  }

  /// A grid of seven rates, the highest of which diverge; of the last data set a range test, of which one is not done.
  private var rateSearches: [RateSearchResult] {
    cells.filter { $0.cell.seed == 0 }.map { result in
      let cell = result.cell
      let name = "search \(cell.id.text)"
      var search = RateSearchResult(key: Self.key(name), cell: cell)
      if cell.dataset == datasets.last, datasets.count > 1 {
        if cell.initialisation == "ST", cell.backbone == backbones.last { return search }
        search.form = "range"
        search.tried = (0..<30).map { step in
          let place = Double(step) / 29 * 5 - 5 + Self.noise(name) * 0.3
          return RateTrial(
            rate: power(place), step: step + 1,
            trainingLoss: 1.2 - 0.25 * (place + 5) + (place > -1.5 ? (place + 1.5) * 1.4 : 0) + Self.noise(
              "\(name)\(step)")
              * 0.02)
        }
        search.rate = power(-2.5 + Self.noise(name) * 0.3)
      } else {
        search.form = "grid"
        search.tried = (0..<7).map { index in
          let place = Double(index) / 6 * 4 - 5
          guard index < 6 else { return RateTrial(rate: power(place), diverged: true) }
          return RateTrial(
            rate: power(place), step: 50, epoch: 5, trainingLoss: 0.5, validationLoss: 0.6,
            metric: 0.8 - (place + 3.3) * (place + 3.3) * 0.05 + Self.noise("\(name)\(index)") * 0.01)
        }
        search.rate = search.tried.max { ($0.metric ?? 0) < ($1.metric ?? 0) }?.rate
      }
      return search
    }
  }

  /// A power of ten of which every machine finds the same digits.
  private func power(_ exponent: Double) -> Double { (exp(exponent * 2.302585092994046) * 1e9).rounded() / 1e9 }

  private func cell(
    _ d: Int, _ dataset: String, _ b: Int, _ backbone: String, _ fraction: Double, _ initialisation: String, _ seed: Int
  ) -> CellResult {
    let name = "\(dataset)/\(backbone)/\(fraction)/\(initialisation)/\(seed)"
    let cell = Cell(
      id: CellID(name), dataset: dataset, backbone: backbone, fraction: fraction, initialisation: initialisation,
      seed: seed, furtherAxes: furtherAxes,
      stages: [.train: Self.key("train \(name)"), .test: Self.key("test \(name)")],
      metric: metric(d))
    let base = 0.55 + 0.12 * fraction + 0.03 * Double(b)
    let whole = 0.16 - 0.08 * fraction + 0.04 * Double(b)
    // A mixture brings the more the deeper it reaches, of twelve depths.
    let depth = Double(initialisation.dropFirst("WT-ST-".count)) ?? 0
    let transfer = ["RI": 0.0, "ST": 0.03, "WT": whole][initialisation] ?? 0.03 + (whole - 0.03) * (depth + 1) / 13
    let value = base + transfer * (d.isMultiple(of: 2) ? 1 : 0.4) + Self.noise(name) * 0.03
    let fate = fate(cell)
    let state = fate?.0 ?? .done
    let history = (1...max(1, validations)).map { step in
      let share = Double(step) / Double(max(1, validations))
      return HistoryEntry(
        step: step * 50, epoch: Double(step) / 2, learningRate: 0.001, trainingLoss: 1.2 - share * 0.8,
        validationLoss: 1.3 - share * 0.6, validationMetric: value * (0.6 + 0.4 * share))
    }
    return CellResult(
      cell: cell, state: state, reason: fate?.1,
      metrics: state == .done
        ? [
          MetricValue(split: "test", name: metric(d), value: value),
          MetricValue(split: "test", name: "accuracy", value: value - 0.01),
        ] : [],
      history: state == .missing || validations == 0 ? [] : history)
  }

  /// Between -1 and 1, from the text alone.
  static func noise(_ text: String) -> Double {
    Double(hash(text) >> 11) / 0x1p52 - 1
  }

  static func key(_ text: String) -> StageKey {
    var digits = ""
    var state = hash(text)
    while digits.count < 64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let hex = String(state >> 32, radix: 16)
      digits += String(repeating: "0", count: 8 - hex.count) + hex
    }
    return StageKey(hex: digits) ?? PhantomStudy.zeroKey
  }

  private static let zeroKey: StageKey = {
    guard let key = StageKey(hex: String(repeating: "0", count: 64)) else { fatalError("64 zeros are a key") }
    return key
  }()

  /// FNV-1a.
  static func hash(_ text: String) -> UInt64 {
    var hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    hash ^= hash >> 29
    hash = hash &* 0xbf58_476d_1ce4_e5b9
    return hash ^ hash >> 32
  }
}

extension CellResult {
  /// The same but for what is given.
  func with(
    state: CellState? = nil, firstMetric: Double? = nil, history: [HistoryEntry]? = nil,
    measures: [MeasureResult]? = nil
  ) -> CellResult {
    var metrics = metrics
    if let firstMetric { metrics[0].value = firstMetric }
    return CellResult(
      cell: cell, state: state ?? self.state, reason: reason, metrics: metrics, history: history ?? self.history,
      measures: measures ?? self.measures)
  }
}
