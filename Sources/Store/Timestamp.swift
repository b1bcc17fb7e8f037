import Foundation

/// A moment of the wall clock in milliseconds since 1970, as the database keeps it. For people; nothing is ordered by it.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let milliseconds: Int64

  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  public static var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

  /// Seconds from an earlier moment to this one; never negative, though clocks may be set back.
  public func seconds(since earlier: Timestamp) -> Double {
    Double(max(0, milliseconds - earlier.milliseconds)) / 1000
  }

  /// ISO 8601 in UTC, to the second: `2026-01-31T09:05:00Z`.
  public var description: String {
    var seconds = time_t(milliseconds / 1000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(1900 + parts.tm_year)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T"
      + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
  }
}
