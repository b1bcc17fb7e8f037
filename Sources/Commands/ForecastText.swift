import Executor
import StudyView

/// How far off a run's own forecasts were, for whoever reads the next one's.
enum ForecastText {
  /// Shorter runs are over before a forecast is of use.
  private static let shortest = 10.0

  /// One sentence; nil where there was no forecast worth the name.
  static func of(_ summary: RunSummary) -> String? {
    guard summary.seconds >= shortest, !summary.forecasts.isEmpty else { return nil }
    let parts = summary.forecasts.map { forecast in
      let off = Int(((forecast.seconds - summary.seconds) / summary.seconds * 100).rounded())
      let judgement = off == 0 ? "right" : "\(abs(off)) % too \(off > 0 ? "long" : "short")"
      let isWithin = forecast.low <= summary.seconds && summary.seconds <= forecast.high
      return "after \(spelledDuration(forecast.after))\(forecast.isHalfway ? ", halfway," : "") "
        + "\(spelledDuration(forecast.seconds)) in all (\(spelledDuration(forecast.low)) to "
        + "\(spelledDuration(forecast.high))): \(judgement), \(isWithin ? "within" : "outside") its interval"
    }
    return "expected \(parts.joined(separator: "; "))"
  }
}
