import GRDB
import Planner

extension Workspace {
  /// The most memory that attempts of the past had, of the machine's and of their device's, by stage, in bytes; of the latest
  /// done ones, of which there are enough to know what like stages need.
  ///
  /// - Throws: `WorkspaceError`.
  public func measuredMemory(latest count: Int = 10_000) throws -> [(stage: StageKey, memory: Int64, device: Int64?)] {
    try read(orElse: []) { database in
      let rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT stage.key, attempt.peak_memory, attempt.peak_device_memory
          FROM (SELECT * FROM attempt WHERE state = 'done' AND peak_memory > 0 ORDER BY number DESC LIMIT ?) AS attempt
          JOIN stage ON stage.id = attempt.stage
          """, arguments: [count])
      var measured: [(stage: StageKey, memory: Int64, device: Int64?)] = []
      while let row = try rows.next() {
        guard let key = StageKey(bytes: row[0]) else { continue }
        measured.append((key, row[1], row[2]))
      }
      return measured
    }
  }
}
