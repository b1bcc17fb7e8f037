/// Where in a study's text a fault lies. Source 0 is the study's own file; others are the files that it extends, in the order
/// in which they were read.
public enum Place: Hashable, Sendable {
  /// Line and column from 1; a column counts Unicode scalars, as YAML does.
  case text(line: Int, column: Int, source: Int = 0)
  /// A value given on the command line: its text, `--set training.epochs=2`.
  case override(String)
  /// A file as a whole.
  case wholeFile(source: Int)

  /// The study's own file as a whole.
  static let file = Place.wholeFile(source: 0)
}

/// One fault of a study file, with all that is needed to show it.
public struct Diagnostic: Sendable, Hashable {
  public let file: String
  public let place: Place
  public let fault: Fault
  /// The line of text that the place names; nil where the place is no line of the file.
  public let sourceLine: String?

  public init(file: String, place: Place, fault: Fault, sourceLine: String?) {
    self.file = file
    self.place = place
    self.fault = fault
    self.sourceLine = sourceLine
  }

  /// What is wrong, in a line, without its place.
  public var message: String { fault.message }

  /// What to do about it, a line each.
  public var help: [String] { fault.help }

  public var line: Int? {
    if case .text(let line, _, _) = place { return line }
    return nil
  }

  public var column: Int? {
    if case .text(_, let column, _) = place { return column }
    return nil
  }
}

/// Every fault of a study file that one reading found; never empty.
public struct StudyFaults: Error, Sendable, Hashable, CustomStringConvertible {
  public let diagnostics: [Diagnostic]
  /// Faults found beyond those kept.
  public let furtherCount: Int

  public init(diagnostics: [Diagnostic], furtherCount: Int = 0) {
    self.diagnostics = diagnostics
    self.furtherCount = furtherCount
  }

  /// All faults as text for a terminal, without colour, ending in a line break.
  public var description: String {
    var text = diagnostics.map(\.rendered).joined(separator: "\n")
    if furtherCount > 0 { text += "\nand \(furtherCount) more like these: mend the first ones and check again\n" }
    return text
  }
}

/// Gathers faults while a study is read, so that one reading finds them all.
final class FaultCollector {
  /// The files read, the study's own first.
  private var sources: [(file: String, text: String)]
  private var found: [(place: Place, fault: Fault)] = []
  private var furtherCount = 0
  /// More faults than anyone reads; the rest is counted.
  private let limit = 100

  /// - Parameters:
  ///   - file: What errors call the study's file.
  ///   - text: Its text; empty where no fault lies at a line of it.
  init(file: String, text: String = "") {
    sources = [(file, text)]
  }

  /// How many faults there are.
  var count: Int { found.count + furtherCount }
  var isEmpty: Bool { found.isEmpty }

  /// The number of a further file, for the places in it.
  func addSource(file: String, text: String) -> Int {
    sources.append((file, text))
    return sources.count - 1
  }

  func add(_ fault: Fault, at place: Place) {
    if found.count < limit {
      found.append((place, fault))
    } else {
      furtherCount += 1
    }
  }

  /// The faults in the order of the text, the study's own file first and those of the command line last.
  func faults() -> StudyFaults {
    func rank(_ place: Place) -> (Int, Int, Int) {
      switch place {
      case .wholeFile(let source): (source, 0, 0)
      case .text(let line, let column, let source): (source, line, column)
      case .override: (Int.max, 0, 0)
      }
    }
    let ordered = found.enumerated().sorted { left, right in
      let (a, b) = (rank(left.element.place), rank(right.element.place))
      return a == b ? left.offset < right.offset : a < b
    }
    var lines: [Int: SourceLines] = [:]
    var seen: Set<Diagnostic> = []
    var diagnostics: [Diagnostic] = []
    for (_, entry) in ordered {
      var sourceLine: String?
      var file = sources[0].file
      switch entry.place {
      case .text(let line, _, let source):
        file = sources[source].file
        let whole = lines[source] ?? SourceLines(sources[source].text)
        lines[source] = whole
        sourceLine = whole[line]
      case .wholeFile(let source): file = sources[source].file
      case .override: break
      }
      let diagnostic = Diagnostic(file: file, place: entry.place, fault: entry.fault, sourceLine: sourceLine)
      if seen.insert(diagnostic).inserted { diagnostics.append(diagnostic) }
    }
    return StudyFaults(diagnostics: diagnostics, furtherCount: furtherCount)
  }
}

/// A text by its lines, without their ends.
struct SourceLines {
  private let lines: [Substring]

  init(_ text: String) {
    // A byte order mark is no part of the first line.
    let shown = text.unicodeScalars.first == "\u{feff}" ? text.unicodeScalars.dropFirst() : text.unicodeScalars[...]
    lines = Substring(shown).split(omittingEmptySubsequences: false) { $0.isNewline }
  }

  /// The line of a number from 1; nil past the end.
  subscript(line: Int) -> String? {
    line >= 1 && line <= lines.count ? String(lines[line - 1]) : nil
  }
}
