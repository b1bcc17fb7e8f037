import Foundation
import Planner
import Store
import WorkerProtocol

/// How the stages that run have come along: what each told, as often as the workspace was looked at while somebody watched,
/// and before that what a training's log says.
struct ProgressCurves: Sendable {
  /// How a stage stood at one time.
  struct Point: Sendable, Hashable {
    /// How much of it was done, between 0 and 1.
    var fraction: Double
    /// How long the attempt had run; nil where that is not known.
    var seconds: Double?
    var loss: Double?
    var metric: Double?
  }

  private struct Curve {
    var points: [Point]
    /// When the last of them was told.
    var told: Timestamp?
  }

  private var curves: [Int64: Curve] = [:]

  /// Of a longer curve every second point is left out.
  private static let longest = 400

  /// Takes down what running stages have told, and forgets those that have ended.
  ///
  /// - Parameter begin: What is known of an attempt that is new here.
  mutating func take(_ running: [RunningStage], begin: (RunningStage) -> [Point]) {
    let attempts = Set(running.map(\.attempt.number))
    curves = curves.filter { attempts.contains($0.key) }
    for stage in running {
      var curve = curves[stage.attempt.number] ?? Curve(points: begin(stage))
      if let progress = stage.progress, let updated = stage.updated, updated != curve.told {
        curve.told = updated
        // A log may be ahead of what was told.
        if progress.fraction > curve.points.last?.fraction ?? -1 {
          curve.points.append(
            Point(
              fraction: progress.fraction, seconds: updated.seconds(since: stage.attempt.started), loss: progress.loss,
              metric: progress.metric))
        }
      }
      if curve.points.count > Self.longest {
        curve.points = curve.points.indices.filter { $0 % 2 == 0 || $0 == curve.points.count - 1 }.map {
          curve.points[$0]
        }
      }
      curves[stage.attempt.number] = curve
    }
  }

  /// The points of an attempt, the first first; nil where it does not run.
  func points(of attempt: Int64) -> [Point]? { curves[attempt]?.points }

  /// What a training's log says of its losses: `step 100/2976: loss 1.99, lr 0.001`.
  static func points(inLog text: String) -> [Point] {
    var points: [Point] = []
    for line in text.split(separator: "\n") where line.hasPrefix("step ") {
      let parts = line.dropFirst(5).split(separator: ":", maxSplits: 1)
      guard parts.count == 2, parts[1].hasPrefix(" loss ") else { continue }
      let steps = parts[0].split(separator: "/")
      guard steps.count == 2, let step = Double(steps[0]), let all = Double(steps[1]), all > 0, step <= all,
        let loss = Double(parts[1].dropFirst(6).prefix { $0 != "," })
      else { continue }
      points.append(Point(fraction: step / all, loss: loss))
    }
    while points.count > longest / 2 { points = points.indices.filter { $0 % 2 == 0 }.map { points[$0] } }
    return points
  }
}

extension ProgressCurves.Point {
  /// Fraction, seconds, loss and metric; null for what is not known.
  var json: JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map { $0.isFinite ? .number($0) : .null } ?? .null }
    return .array([number(fraction), number(seconds), number(loss), number(metric)])
  }
}
