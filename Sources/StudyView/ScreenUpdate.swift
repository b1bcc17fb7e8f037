/// Makes of each frame what a terminal has to be sent: the lines that differ from what it shows, in one piece.
public struct ScreenUpdate: Sendable {
  private var shown: [String] = []
  private let isColoured: Bool

  public init(isColoured: Bool) { self.isColoured = isColoured }

  /// What the terminal shows is not known any more.
  public mutating func forget() { shown = [] }

  /// - Returns: Empty where nothing differs.
  public mutating func sequence(for frame: StudyFrame) -> String {
    let lines = frame.lines.map { $0.rendered(isColoured: isColoured) }
    let isNew = shown.count != lines.count
    var text = isNew ? "\u{1B}[0m\u{1B}[2J" : ""
    for (row, line) in lines.enumerated() where isNew || shown[row] != line {
      // A line that ends in the last column is whole without clearing, which would take its last character.
      text += "\u{1B}[\(row + 1);1H\(isNew ? "" : "\u{1B}[2K")\(line)"
    }
    shown = lines
    // Synchronized output: a terminal that knows it draws all of it at once.
    return text.isEmpty ? "" : "\u{1B}[?2026h\(text)\u{1B}[?2026l"
  }
}
