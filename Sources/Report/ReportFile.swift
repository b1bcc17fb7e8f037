/// One file of a report.
public struct ReportFile: Sendable, Hashable {
  /// Relative to the report's folder, with `/` between parts: `figures/figure-1.svg`.
  public let path: String
  /// UTF-8.
  public let bytes: [UInt8]

  public init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }

  public var text: String { String(decoding: bytes, as: UTF8.self) }
}
