import Planner
import StudyView
import Testing

/// Which axes are looked at, and what keys do.
@Suite struct ViewpointTests {
  private func axes(_ counts: [(String, Int)]) -> [CellAxis] {
    counts.map { name, count in
      CellAxis(name: name, values: (0..<count).map { "\($0)" }, positions: (0..<60).map { Int32($0 % count) })
    }
  }

  @Test(
    arguments: [
      ([("dataset", 4), ("backbone", 2), ("init", 3), ("seed", 5)], "dataset", "backbone"),
      ([("dataset", 1), ("backbone", 2), ("init", 3), ("seed", 5)], "init", "backbone"),
      ([("dataset", 2), ("backbone", 1), ("init", 1), ("seed", 5)], "seed", "dataset"),
      ([("dataset", 1), ("fraction", 3), ("seed", 3), ("training.epochs", 2)], "fraction", "training.epochs"),
      ([("dataset", 1), ("seed", 3)], "seed", nil),
      ([("dataset", 1), ("seed", 1)], nil, nil),
    ] as [([(String, Int)], String?, String?)])
  func theAxesThatTellMostAreSeenFirst(counts: [(String, Int)], rows: String?, columns: String?) {
    let viewpoint = Viewpoint(axes(counts))
    #expect(viewpoint.rowAxis == rows)
    #expect(viewpoint.columnAxis == columns)
  }

  @Test func axesThatAreAskedForAreSeen() {
    let axes = axes([("dataset", 4), ("backbone", 2), ("init", 3), ("seed", 5), ("fraction", 1)])
    func seen(_ rows: String?, _ columns: String?) -> [String?] {
      var viewpoint = Viewpoint(axes)
      viewpoint.show(rows: rows, columns: columns)
      return [viewpoint.rowAxis, viewpoint.columnAxis]
    }
    #expect(seen("seed", "init") == ["seed", "init"])
    #expect(seen("backbone", nil) == ["backbone", "dataset"])
    #expect(seen(nil, "dataset") == ["backbone", "dataset"])
    #expect(seen("fraction", nil) == ["fraction", "backbone"])
    #expect(seen(nil, nil) == ["dataset", "backbone"])
  }

  @Test func keysGoThroughTheAxesAndNeverShowOneTwice() {
    let axes = axes([("dataset", 4), ("backbone", 2), ("init", 3), ("seed", 5)])
    var viewpoint = Viewpoint(axes)
    var rows: Set<String> = []
    for _ in 0..<3 {
      rows.insert(viewpoint.rowAxis ?? "")
      #expect(viewpoint.take(.character("y"), seeing: StudyFrame()) == .nothing)
      #expect(viewpoint.rowAxis != viewpoint.columnAxis)
    }
    #expect(rows == ["dataset", "init", "seed"])
    #expect(viewpoint.rowAxis == "dataset")
    _ = viewpoint.take(.character("x"), seeing: StudyFrame())
    #expect(viewpoint.columnAxis == "init")
    // Two axes change places.
    var two = Viewpoint(Array(axes.prefix(2)))
    _ = two.take(.character("x"), seeing: StudyFrame())
    #expect(two.rowAxis == "backbone" && two.columnAxis == "dataset")
    // What is looked at stays where the study has the axes still.
    viewpoint.adapt(to: Array(axes.dropLast()))
    #expect(viewpoint.rowAxis == "dataset" && viewpoint.columnAxis == "init")
  }

  @Test func scrollingStaysWithinTheMatrix() {
    var screen = Screen(.many, width: 80, height: 24)
    let frame = screen.frame
    #expect(frame.lastFirstRow == 60 - frame.rowsInSight && frame.lastFirstColumn > 0)
    screen = Screen(.many, width: 80, height: 24, keys: "kh")
    #expect(screen.viewpoint.firstRow == 0 && screen.viewpoint.firstColumn == 0)
    screen = Screen(.many, width: 80, height: 24, keys: String(repeating: "jl", count: 100))
    #expect(screen.viewpoint.firstRow == frame.lastFirstRow)
    #expect(screen.viewpoint.firstColumn == frame.lastFirstColumn)
    // A larger screen shows more, and what it shows is settled anew.
    let large = Screen(.many, width: 300, height: 100)
    #expect(large.frame.lastFirstRow == 0 && large.frame.lastFirstColumn == 0)
    var viewpoint = screen.viewpoint
    viewpoint.settle(in: large.frame)
    #expect(viewpoint.firstRow == 0 && viewpoint.firstColumn == 0)
  }

  /// Whatever the size, a screen is full and nothing sticks out of it.
  @Test(arguments: [PhantomScreen.running, .longNames, .many, .failed, .noAxes, .oneAxis])
  func everySizeIsFilledAndNoMore(study: PhantomScreen) {
    for width in [1, 2, 5, 9, 20, 39, 59, 60, 80, 121, 400] {
      for height in [1, 2, 3, 5, 8, 11, 15, 16, 19, 20, 30, 70] {
        let lines = Screen(study, width: width, height: height).frame.lines
        #expect(lines.count == height)
        #expect(lines.allSatisfy { $0.width <= width }, "\(width) x \(height)")
        #expect(lines.allSatisfy { line in line.text.unicodeScalars.allSatisfy { $0.value >= 0x20 } })
      }
    }
  }
}

@Suite struct KeyTests {
  @Test(
    arguments: [
      ("q", [.character("q")]), ("\u{1B}[A\u{1B}OB", [.up, .down]), ("\u{1B}[C\u{1B}[D", [.right, .left]),
      ("\u{1B}[5~\u{1B}[6~", [.pageUp, .pageDown]), ("\u{1B}[1;5A", [.up]), ("\u{1B}[H\u{1B}[F", [.home, .end]),
      ("\u{1B}[1~\u{1B}[4~", [.home, .end]), ("\u{3}\u{C}", [.interrupt, .redraw]),
      ("\u{1B}[200~x", [.other, .character("x")]),
      ("\u{1B}q", [.other, .character("q")]),
    ] as [(String, [Key])])
  func sequencesAreKeysHoweverTheyArrive(text: String, keys: [Key]) {
    var whole = KeyReader()
    #expect(whole.take(text.utf8) == keys)
    var pieces = KeyReader()
    #expect(text.utf8.flatMap { pieces.take([$0]) } == keys)
  }
}

@Suite struct ScreenUpdateTests {
  @Test func onlyLinesThatDifferAreSent() {
    var update = ScreenUpdate(isColoured: false)
    let first = update.sequence(for: Screen(.noRun, width: 80, height: 24).frame)
    #expect(first.hasPrefix("\u{1B}[?2026h") && first.hasSuffix("\u{1B}[?2026l"))
    #expect(first.contains("\u{1B}[2J") && first.contains("\u{1B}[24;1H"))
    #expect(update.sequence(for: Screen(.noRun, width: 80, height: 24).frame).isEmpty)
    let changed = update.sequence(for: Screen(.changed, width: 80, height: 24).frame)
    #expect(!changed.contains("\u{1B}[2J"))
    #expect(changed.matches(of: /\u{1B}\[\d+;1H/).count < 4 && changed.contains("study.yaml has changed"))
    // Another size is drawn anew, and so is a screen of which nothing is known.
    #expect(update.sequence(for: Screen(.noRun, width: 80, height: 30).frame).contains("\u{1B}[2J"))
    update.forget()
    #expect(update.sequence(for: Screen(.noRun, width: 80, height: 30).frame).contains("\u{1B}[2J"))
  }
}
