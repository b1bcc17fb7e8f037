import Foundation
import StudyView
import Testing

/// Whole screens, line for line. `GRAFT_RECORD=1` rewrites the snapshots, and fails, so that nobody records by accident.
@Suite struct ScreenSnapshotTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let study: PhantomScreen
    var keys = ""
    var width = 80
    var height = 24

    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(name: "running", study: .running),
    Case(name: "running-large", study: .running, width: 140, height: 50),
    Case(name: "running-small", study: .running, width: 40, height: 10),
    Case(name: "running-tiny", study: .running, width: 20, height: 4),
    Case(name: "running-columns-turned", study: .running, keys: "x"),
    Case(name: "no-run", study: .noRun),
    Case(name: "finished", study: .finished),
    Case(name: "failed", study: .failed),
    Case(name: "failed-small", study: .failed, width: 40, height: 10),
    Case(name: "one-axis", study: .oneAxis),
    Case(name: "no-axes", study: .noAxes),
    Case(name: "long-names", study: .longNames),
    Case(name: "long-names-small", study: .longNames, width: 40, height: 12),
    Case(name: "many", study: .many),
    Case(name: "many-scrolled", study: .many, keys: "jjjlll"),
    Case(
      name: "many-to-the-end", study: .many,
      keys: "G" + String(repeating: " ", count: 9) + String(repeating: "l", count: 99)),
    Case(name: "absent-values", study: .absent),
    Case(name: "changed-file", study: .changed),
  ]

  @Test(arguments: cases) func screen(of example: Case) throws {
    let screen = Screen(example.study, width: example.width, height: example.height, keys: example.keys)
    let frame = screen.frame
    #expect(frame.lines.count == example.height)
    try Snapshot.expect(frame.lines.map(\.text).joined(separator: "\n") + "\n", "\(example.name).txt")
  }

  /// Looks are colours alone: what they say stands in the text too.
  @Test func coloursAreAddedToTheSameText() {
    let frame = Screen(.running, width: 80, height: 24).frame
    for line in frame.lines {
      #expect(line.rendered(isColoured: false) == line.text)
      #expect(line.rendered(isColoured: true).replacing(/\u{1B}\[\d*m/, with: "") == line.text)
    }
    let coloured = frame.lines.map { $0.rendered(isColoured: true) }.joined()
    for part in ["\u{1B}[36m >3\u{1B}[0m", "\u{1B}[31m !1\u{1B}[0m", "\u{1B}[32m"] { #expect(coloured.contains(part)) }
  }
}

/// A study on a screen, and keys pressed.
struct Screen {
  let study: PhantomScreen
  let width: Int
  let height: Int
  private(set) var viewpoint: Viewpoint

  init(_ study: PhantomScreen, width: Int, height: Int, keys: String = "") {
    self.study = study
    self.width = width
    self.height = height
    viewpoint = Viewpoint(study.axes)
    for key in keys { _ = viewpoint.take(.character(key), seeing: frame) }
  }

  var frame: StudyFrame {
    func axis(_ name: String?) -> Int? { study.axes.firstIndex { $0.name == name } }
    let matrix = axis(viewpoint.rowAxis).map { rows in
      CellMatrix(study.states, rows: study.axes[rows], columns: axis(viewpoint.columnAxis).map { study.axes[$0] })
    }
    return StudyFrame(
      study.moment, cells: CellTally(study.states), matrix: matrix, viewpoint, width: width, height: height)
  }
}

enum Snapshot {
  static func expect(_ text: String, _ path: String, _ location: SourceLocation = #_sourceLocation) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Snapshots/\(path)")
    if ProcessInfo.processInfo.environment["GRAFT_RECORD"] == "1" {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
      Issue.record("recorded \(path)", sourceLocation: location)
      return
    }
    let expected = FileManager.default.contents(atPath: file.path).map { String(decoding: $0, as: UTF8.self) }
    if expected == text { return }
    Issue.record(
      """
      \(path) differs from its snapshot. Recorded:
      \(expected ?? "(nothing)")
      Found:
      \(text)
      If the change is meant, record it with GRAFT_RECORD=1 and look at it.
      """, sourceLocation: location)
  }
}
