import Files
import Planner
import Store

/// How many steps trainings take to come near their best validation performance: a panel for each case, every run a point.
enum ConvergenceFigure {
  static func draw(_ analysis: StudyAnalysis) -> DrawnFigure {
    let runs = Parallel.map(analysis.cells.count, block: 512) { place in
      Convergence(analysis.cells[place], share: analysis.reporting.convergence)
    }
    let shown = DrawnInitialisations(analysis.initialisations)
    let hasFractions = analysis.fractions.count > 1
    let drawn = runs.filter { shown.contains($0.result.cell.initialisation) }
    let byCase = Dictionary(grouping: drawn) { TransferCase($0.result.cell) }
    let byDataset = Dictionary(grouping: drawn) { $0.result.cell.dataset }
    let x = Axis("", .band(shown.names))
    let isShort = drawn.contains { $0.step == nil }
    let steps = byDataset.mapValues { $0.compactMap { $0.step.map(Double.init) } }
    let cases = analysis.cases.filter { byCase[$0]?.contains { $0.best != nil } ?? false }
    let drawing = DrawnFigure.limited(cases) { transferCase in
      let own = byCase[transferCase] ?? []
      // Steps of a tenth of the images are few beside those of all.
      let scaled = hasFractions ? own.compactMap { $0.step.map(Double.init) } : steps[transferCase.dataset] ?? []
      // Above the highest run there is room for how many runs there are, where they are fewer than planned.
      let y = Axis("Steps", .linear(around: [0] + scaled.map { isShort ? $0 * 1.15 : $0 }))
      let settings = Dictionary(grouping: own) { $0.result.cell.initialisation }
      let marks = shown.names.flatMap { name -> [Mark] in
        guard case .linear(let range) = y.scale, let runs = settings[name] else { return [] }
        return Self.marks(runs).marks(at: .name(name), range: range)
      }
      return Panel(title: transferCase.title(withFraction: hasFractions), x: x, y: y, marks: marks)
    }
    let panelsOfOne =
      Dictionary(grouping: analysis.cases.filter { byCase[$0] != nil }, by: \.dataset).values.map(\.count).max() ?? 1
    let share = NumberText.trimmed(analysis.reporting.convergence * 100, 2)
    let reached = RunCounts(
      Dictionary(grouping: drawn) { SettingKey($0.result.cell) }.values.map { runs in runs.count { $0.step != nil } })
    let figure = Figure(
      name: "convergence", title: "Steps to reach \(share) % of the best validation performance",
      description: """
        One panel for each data set, backbone and fraction of the training images. For each run the step of the first \
        validation whose metric is at least \(share) % of the highest of that run; small marks are runs, the large mark is \
        their mean (\(reached.text)). A step is known as finely as the runs were validated. The same numbers, and epochs, are in convergence.csv.
        """,
      panels: drawing.panels, columns: Swift.min(4, panelsOfOne), panelHeight: 115,
      legends: [
        .keys(
          title: nil,
          shown.names.map {
            Legend.Key(
              InitialisationName.plain($0), PointStyle(Palette.shape($0), radius: 4, fill: Palette.initialisation($0)))
          })
      ],
      notes: cases.isEmpty
        ? ["Nothing to draw: no validation has been recorded yet."]
        : drawing.notes + [shown.note].compactMap(\.self) + absences(runs))
    return DrawnFigure(figure: figure, csv: csv(runs, analysis))
  }

  private static func marks(_ runs: [Convergence]) -> RunMarks {
    let cell = runs[0].result.cell
    let reached = runs.compactMap { run in run.step.map { SeedValue(seed: run.result.cell.seed, value: Double($0)) } }
    let key = SettingKey(cell)
    var marks = RunMarks(
      title: key.title(showsFraction: true), initialisation: cell.initialisation, runs: reached, planned: runs.count,
      absences: Convergence.Absence.allCases.compactMap { counted($0, runs) }.joined(separator: ", "))
    marks.hasInterval = false
    marks.text = { "\(NumberText.trimmed($0, 1)) steps" }
    return marks
  }

  private static func absences(_ runs: [Convergence]) -> [String] {
    let counts = Convergence.Absence.allCases.compactMap { counted($0, runs) }
    return counts.isEmpty ? [] : ["Runs that are not drawn: \(counts.joined(separator: ", "))."]
  }

  private static func counted(_ absence: Convergence.Absence, _ runs: [Convergence]) -> String? {
    let count = runs.count { $0.absence == absence }
    guard count > 0 else { return nil }
    return switch absence {
    case .diverged: "\(count) diverged"
    case .withoutHistory: "\(count) without a validation"
    case .bestNotPositive: "\(count) whose best is not above 0, so that no share of it can be reached"
    }
  }

  private static func csv(_ runs: [Convergence], _ analysis: StudyAnalysis) -> BytePieces {
    var columns: [Column<Convergence>] = StudyTables.cellColumns(analysis.furtherAxes)
    columns += [
      .text("state") { $0.result.state.rawValue },
      .text("metric") { $0.result.cell.metric },
      .number("best") { $0.best },
      .number("threshold") { $0.threshold },
      .integer("step") { $0.step },
      .number("epoch") { $0.epoch },
    ]
    return DataTable(columns).csv(runs)
  }
}
