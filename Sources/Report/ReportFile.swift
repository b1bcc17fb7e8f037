/// One file of a report.
public struct ReportFile: Sendable, Hashable {
  /// Relative to the report's folder, with `/` between parts: `figures/figure-1.svg`.
  public let path: String
  /// UTF-8 in the file.
  public let text: String

  public init(path: String, text: String) {
    self.path = path
    self.text = text
  }
}
