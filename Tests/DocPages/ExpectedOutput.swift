import Foundation

/// What a page says that a command prints: lines in which `...` stands for any text, and alone for any lines.
public struct ExpectedOutput {
  public let lines: [String]

  public init(_ lines: [String]) { self.lines = lines.map(Self.trimmed) }

  /// Whether a text is that, but for spaces at the ends of lines and empty lines at its end.
  public func matches(_ text: String) -> Bool {
    var printed = text.split(separator: "\n", omittingEmptySubsequences: false).map { Self.trimmed(String($0)) }
    while printed.last?.isEmpty == true { printed.removeLast() }
    var expected = lines
    while expected.last?.isEmpty == true { expected.removeLast() }
    // Of each printed line, whether the expected ones so far can end before it.
    var reached = [true] + printed.map { _ in false }
    for line in expected {
      if line == "..." {
        guard let first = reached.firstIndex(of: true) else { return false }
        for place in first..<reached.count { reached[place] = true }
      } else {
        var next = reached.map { _ in false }
        for place in printed.indices where reached[place] { next[place + 1] = Self.matches(printed[place], line) }
        reached = next
      }
    }
    return reached[printed.count]
  }

  private static func matches(_ text: String, _ pattern: String) -> Bool {
    let parts = pattern.components(separatedBy: "...")
    guard parts.count > 1, let first = parts.first, let last = parts.last else { return text == pattern }
    guard text.hasPrefix(first), text.hasSuffix(last), text.count >= first.count + last.count else { return false }
    var rest = text.dropFirst(first.count).dropLast(last.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let found = rest.range(of: part) else { return false }
      rest = rest[found.upperBound...]
    }
    return true
  }

  private static func trimmed(_ line: String) -> String {
    var line = line
    while line.last == " " || line.last == "\r" { line.removeLast() }
    return line
  }
}
