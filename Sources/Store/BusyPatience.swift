import Foundation
import GRDB
import Synchronization

/// How a database that another process holds is waited for: as long as it takes, saying so, where there is someone to say it
/// to; else not at all beyond SQLite's own few seconds.
final class BusyPatience: Sendable {
  private let tell: (@Sendable (Double) -> Void)?
  private let hasEnded = Mutex(false)

  init(tell: (@Sendable (Double) -> Void)?) { self.tell = tell }

  /// No one waits any longer.
  func end() { hasEnded.withLock { $0 = true } }

  /// Does something with the database, again and again while it is busy.
  func wait<Value>(_ body: () throws -> Value) throws -> Value {
    let begin = ContinuousClock.now
    // The first time is told at once, later ones ever more rarely.
    var next = 0.0
    while true {
      do {
        return try body()
      } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
        guard let tell, !hasEnded.withLock({ $0 }) else { throw error }
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        if seconds >= next {
          tell(seconds)
          next = max(30, 2 * seconds)
        }
        // SQLite has waited for some seconds, but not where it sees that waiting is in vain.
        usleep(50_000)
      }
    }
  }
}
