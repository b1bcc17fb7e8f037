import Files
import Planner
import Store

/// The study's graph of stages, by kind: what reads what, and how much of it is done.
enum StageGraphFigure {
  static let name = "stages"

  static func isOf(_ analysis: StudyAnalysis) -> Bool { analysis.work.kinds.count > 1 }

  static func draw(_ analysis: StudyAnalysis) -> DrawnFigure {
    let kinds = analysis.work.kinds
    let places = layout(kinds)
    let most = (places.values.map(\.column).max() ?? 0, places.values.map(\.row).max() ?? 0)
    func position(_ kind: StageKind) -> (x: Position, y: Position)? {
      places[kind].map { (.value(Double($0.column)), .value(-$0.row)) }
    }
    var marks: [Mark] = []
    for kind in kinds {
      guard let end = position(kind.kind) else { continue }
      for input in kind.reads {
        guard let start = position(input) else { continue }
        marks.append(.line([start, end], Stroke(Palette.muted, width: 1.2)))
      }
    }
    for kind in kinds {
      guard let place = position(kind.kind) else { continue }
      let isWhole = kind.done == kind.planned
      marks.append(
        .point(
          x: place.x, y: place.y,
          style: PointStyle(
            .circle, radius: 9, fill: isWhole ? Palette.initialisation("WT") : Palette.paper,
            stroke: Stroke(Palette.initialisation("WT"), width: 1.6)),
          note: "\(kind.kind.rawValue): \(kind.done) of \(kind.planned) done"))
      marks.append(.text(x: place.x, y: place.y, kind.kind.rawValue, below: -14))
      marks.append(
        .text(
          x: place.x, y: place.y,
          isWhole
            ? NumberText.count(kind.planned) : "\(NumberText.count(kind.done)) of \(NumberText.count(kind.planned))",
          below: 21))
    }
    let axes = (
      x: Axis("", .linear(Interval(low: -0.5, high: Double(most.0) + 0.5)), ticks: []),
      y: Axis("", .linear(Interval(low: -most.1 - 0.6, high: 0.6)), ticks: [])
    )
    let figure = Figure(
      name: name, title: "The study's stages",
      description: """
        A dot for each kind of stage with the number of its stages; what it reads stands to the left and is joined to it. \
        Hollow dots are not done in full. The numbers are in \(name).csv.
        """,
      panels: [Panel(title: "", x: axes.x, y: axes.y, marks: marks, hasAxisLines: false)], columns: 1,
      panelHeight: 60 * (most.1 + 1) + 20, isWide: true, isStretched: true)
    return DrawnFigure(figure: figure, csv: csv(kinds))
  }

  /// A column for each kind, the number of steps to it from kinds that read nothing; rows centred on the tallest column.
  private static func layout(_ kinds: [KindOfWork]) -> [StageKind: (column: Int, row: Double)] {
    var columns: [StageKind: Int] = [:]
    let reads = Dictionary(kinds.map { ($0.kind, $0.reads) }) { first, _ in first }
    func column(_ kind: StageKind, _ path: Set<StageKind>) -> Int {
      if let known = columns[kind] { return known }
      // A kind may read others of its own, as cells that train on what a search found.
      let inputs = (reads[kind] ?? []).filter { !path.contains($0) }
      let found = inputs.map { column($0, path.union([kind])) + 1 }.max() ?? 0
      columns[kind] = found
      return found
    }
    for kind in kinds { _ = column(kind.kind, [kind.kind]) }
    let byColumn = Dictionary(grouping: kinds.map(\.kind)) { columns[$0] ?? 0 }
    let tallest = byColumn.values.map(\.count).max() ?? 1
    var places: [StageKind: (column: Int, row: Double)] = [:]
    for (column, own) in byColumn {
      for (row, kind) in own.enumerated() {
        // Every second column is a little lower, so that a line that passes a column passes no dot of it.
        let shift = column.isMultiple(of: 2) ? 0 : 0.3
        places[kind] = (column, Double(tallest - own.count) / 2 + Double(row) + shift)
      }
    }
    return places
  }

  private static func csv(_ kinds: [KindOfWork]) -> BytePieces {
    DataTable<KindOfWork>([
      .text("kind") { $0.kind.rawValue },
      .integer("planned") { $0.planned },
      .integer("done") { $0.done },
      .text("reads") { $0.reads.map(\.rawValue).joined(separator: " ") },
    ]).csv(kinds)
  }
}
