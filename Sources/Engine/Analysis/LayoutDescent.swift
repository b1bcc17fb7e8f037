import Foundation

/// How UMAP moves places: joined pairs are drawn as often as their weights say and pulled together, and with each of
/// them a few others, drawn at random, are pushed away (McInnes, Healy & Melville, arXiv 1802.03426, algorithm 5; the
/// details are umap-learn's).
struct LayoutDescent: Sendable, Hashable {
  let curve: LayoutCurve
  let epochs: Int

  /// Others drawn for each joined pair.
  private static let negatives = 5.0
  private static let rate = 1.0
  /// The longest step along an axis, before the rate.
  private static let longest = 4.0
  /// Keeps the push of near places finite.
  private static let softening = 0.001

  /// When a pair is drawn next, and its next others.
  private struct Turn {
    let head: Int
    let tail: Int
    /// Epochs between draws.
    let period: Double
    var next: Double
    var nextOthers: Double
  }

  /// - Parameter places: [n, 2], moved in place.
  /// - Throws: `CancellationError` where `progress` said so.
  func run(
    _ places: inout [Double], graph: FuzzyGraph, random: RandomStream, progress: (Double) -> Bool
  ) throws {
    let greatest = graph.weights.max() ?? 0
    var turns = (0..<graph.n).flatMap { point in
      (graph.starts[point]..<graph.starts[point + 1]).map { edge in
        let period = greatest / graph.weights[edge]
        return Turn(
          head: point, tail: Int(graph.columns[edge]), period: period, next: period,
          nextOthers: period / Self.negatives)
      }
    }
    var random = random
    for epoch in 0..<epochs {
      guard progress(Double(epoch) / Double(epochs)) else { throw CancellationError() }
      // The first two epochs have the whole rate.
      let rate = Self.rate * (1 - Double(max(0, epoch - 1)) / Double(epochs))
      places.withUnsafeMutableBufferPointer { places in
        turns.withUnsafeMutableBufferPointer { turns in
          for index in turns.indices where turns[index].next <= Double(epoch) {
            draw(&turns[index], Double(epoch), rate: rate, places: places, count: graph.n, random: &random)
          }
        }
      }
    }
  }

  @inline(__always)
  private func draw(
    _ turn: inout Turn, _ epoch: Double, rate: Double, places: UnsafeMutableBufferPointer<Double>, count: Int,
    random: inout RandomStream
  ) {
    let (head, tail) = (2 * turn.head, 2 * turn.tail)
    var (x, y) = (places[head], places[head + 1])
    let (dx, dy) = (x - places[tail], y - places[tail + 1])
    let square = dx * dx + dy * dy
    if square > 0 {
      let power = pow(square, curve.b - 1)
      let pull = -2 * curve.a * curve.b * power / (curve.a * power * square + 1)
      let (stepX, stepY) = (Self.clipped(pull * dx) * rate, Self.clipped(pull * dy) * rate)
      (x, y) = (x + stepX, y + stepY)
      places[tail] -= stepX
      places[tail + 1] -= stepY
    }
    turn.next += turn.period

    let period = turn.period / Self.negatives
    let others = Int((epoch - turn.nextOthers) / period)
    for _ in 0..<max(0, others) {
      let other = 2 * random.below(count)
      if other == head { continue }
      let (dx, dy) = (x - places[other], y - places[other + 1])
      let square = dx * dx + dy * dy
      guard square > 0 else { continue }
      let push = 2 * curve.b / ((Self.softening + square) * (curve.a * pow(square, curve.b) + 1))
      (x, y) = (x + Self.clipped(push * dx) * rate, y + Self.clipped(push * dy) * rate)
    }
    turn.nextOthers += Double(others) * period
    (places[head], places[head + 1]) = (x, y)
  }

  @inline(__always)
  private static func clipped(_ value: Double) -> Double { min(max(value, -longest), longest) }
}
