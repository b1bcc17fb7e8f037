import ArgumentParser
import Planner
import Store
import WorkerProtocol

/// A measure that has a command of its own.
protocol Measure {
  static var kind: StageKind { get }
  static var abstract: String { get }
  /// What `--option` may say, for the command's help.
  static var example: String { get }
}

enum KNNMeasure: Measure {
  static let kind = StageKind.knn
  static let abstract = "Judge a trained cell's test images by their nearest neighbours among its training images."
  static let example = "k=20"
}

enum LayerwiseKNNMeasure: Measure {
  static let kind = StageKind.layerwiseKNN
  static let abstract = "The same at every layer: as trained, as the training began, and of the source weights."
  static let example = "states=[trained]"
}

enum LayerImportanceMeasure: Measure {
  static let kind = StageKind.layerImportance
  static let abstract = "What a trained cell's test metric is after one module at a time is put back."
  static let example = "mode=rerand"
}

enum L2Measure: Measure {
  static let kind = StageKind.l2
  static let abstract = "How far a trained cell's weights moved in training, by tensor and by module."
  static let example = ""
}

enum CKAMeasure: Measure {
  static let kind = StageKind.cka
  static let abstract = "How alike a trained cell's layers are before and after training."
  static let example = "estimator=released"
}

enum CrossCKAMeasure: Measure {
  static let kind = StageKind.crossCKA
  static let abstract = "How alike the layers of two cells are that differ in their initialisation."
  static let example = "pair=[WT, RI]"
}

enum EmbeddingMeasure: Measure {
  static let kind = StageKind.embedding
  static let abstract = "A trained cell's test images in two dimensions, and for TensorBoard's projector."
  static let example = "methods=[pca]"
}

enum DistanceMeasure: Measure {
  static let kind = StageKind.distance
  static let abstract = "The Frechet distance between a cell's data set and a source."
  static let example = "source=NAME"
}

/// `graft knn`, `graft cka` and the like: one measure of one trained cell.
struct MeasureCommand<Subject: Measure>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    let name = Subject.kind.rawValue.replacing("_", with: "-")
    return CommandConfiguration(
      commandName: name, abstract: Subject.abstract, usage: "graft \(name) \(CellArguments.usage)")
  }

  @OptionGroup var arguments: CellArguments
  @Option(
    name: .customLong("option"),
    help: ArgumentHelp(
      "An option of the analysis, as `graft options` lists them"
        + (Subject.example.isEmpty ? "." : ", e.g. \(Subject.example). May be repeated."), valueName: "name=value"))
  var analysisOptions: [String] = []
  @OptionGroup(title: "Running options") var running: RunArguments
  @Option(help: "table, json or csv.") var format = ListFormat.table

  func run() async throws {
    let signals = RunSignals()
    let loaded = try arguments.load()
    let asked = try loaded.asking(Subject.kind, options: StudyOptions.assignments(analysisOptions, of: "--option"))
    let (workspace, plan) = try await StudyRun(arguments: running).perform(asked, signals: signals) {
      plan, workspace in
      try CellLookup.alone(
        arguments.what, in: plan, workspace: workspace, needsTraining: Subject.kind != .distance)
    }
    guard let cell = plan.cells.first else { return }
    let results = try explaining { try workspace.results(of: plan) }
    let measures = results.cells.first { $0.cell.id == cell.id }?.measures ?? []
    if measures.isEmpty {
      throw CommandFailure(
        .usage, "\(cell.id) has no \(Subject.kind.rawValue): it is not a cell that the analysis looks at",
        remedy: "name a cell of the first initialisation of its `pair`, whose second the study has too")
    }
    for measure in measures {
      for remark in measure.facts["remarks"]?.arrayValue?.compactMap(\.stringValue) ?? [] { Console.note(remark) }
      if Subject.kind == .embedding, let dossier = try explaining({ try workspace.dossier(of: measure.measure.key) }),
        let folder = dossier.artifactFolder
      {
        Console.note("for TensorBoard's projector: \(folder)/projector_config.pbtxt")
      }
    }
    Console.write(MeasureListing(measures).listing.rendered(as: format))
  }
}

/// What measures found, a number a row.
struct MeasureListing {
  let listing: Listing

  init(_ measures: [MeasureResult]) {
    var listing = Listing(columns: ["state", "part", "layer", "other_state", "other_layer", "metric", "value"])
    func row(_ texts: [String?], _ value: Double?) {
      listing.rows.append(texts.map { $0.map { .string($0) } ?? .null } + [value.map { .number($0) } ?? .null])
    }
    for measure in measures {
      for metric in measure.metrics { row([nil, nil, nil, nil, nil, metric.name], metric.value) }
      if let distance = measure.facts["distance"]?.doubleValue {
        row([nil, nil, nil, nil, nil, "frechet_distance"], distance)
      }
      for series in measure.layers.series {
        for (layer, value) in zip(series.layers, series.values) {
          row([series.state?.rawValue, series.part, layer, nil, nil, series.metric], value)
        }
      }
      for matrix in measure.layers.matrices {
        for (place, value) in matrix.values.enumerated() {
          let (first, second) = (matrix.rows, matrix.columns)
          let (one, other) = (place / second.layers.count, place % second.layers.count)
          row(
            [
              first.initialisation ?? first.state.rawValue, nil, first.layers[one],
              second.initialisation ?? second.state.rawValue, second.layers[other], matrix.metric,
            ], value)
        }
      }
      for (index, point) in measure.points.enumerated() {
        row([nil, point.label, "\(index)", nil, nil, "\(point.method)_x"], point.x)
        row([nil, point.label, "\(index)", nil, nil, "\(point.method)_y"], point.y)
      }
    }
    // Columns in which nothing stands say nothing.
    let kept = listing.columns.indices.filter { column in listing.rows.contains { $0[column] != .null } }
    self.listing = Listing(
      columns: kept.map { listing.columns[$0] }, rows: listing.rows.map { row in kept.map { row[$0] } })
  }
}

extension LoadedStudy {
  /// The same study with every cell asked for one analysis alone.
  ///
  /// - Throws: `CommandFailure` with the faults of the options.
  fileprivate func asking(_ kind: StageKind, options: [(name: String, value: String)]) throws -> LoadedStudy {
    do {
      let asked = try study.asking(try AnalysisSpec.named(kind, options: options, in: study))
      return LoadedStudy(file: file, study: asked, filter: filter, workspaceFolder: workspaceFolder)
    } catch {
      throw CommandFailure(.studyOrData, "\(error)")
    }
  }
}
