/// Scores in ascending order, for measures that depend on nothing else.
enum RankedScores {
  static func rocAUC(probabilities: [Float], labels: [Int], classes: Int) -> Double {
    if classes == 2 {
      return area(scores: labels.indices.map { probabilities[2 * $0 + 1] }, positive: labels.map { $0 == 1 })
    }
    var total = 0.0
    for label in 0..<classes {
      total += area(
        scores: labels.indices.map { probabilities[$0 * classes + label] }, positive: labels.map { $0 == label })
    }
    return total / Double(classes)
  }

  /// The share of pairs of a positive and a negative in which the positive scores higher, ties counting half (Mann and
  /// Whitney); NaN without a pair.
  static func area(scores: [Float], positive: [Bool]) -> Double {
    let positives = positive.count { $0 }
    let negatives = positive.count - positives
    guard positives > 0, negatives > 0 else { return .nan }
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    var below = 0
    // Twice the number of pairs won, whole so that nothing is rounded.
    var won = 0
    var start = 0
    while start < order.count {
      var end = start
      var tiedPositives = 0
      while end < order.count, scores[order[end]] == scores[order[start]] {
        tiedPositives += positive[order[end]] ? 1 : 0
        end += 1
      }
      let tiedNegatives = end - start - tiedPositives
      won += tiedPositives * (2 * below + tiedNegatives)
      below += tiedNegatives
      start = end
    }
    return Double(won) / (2 * Double(positives) * Double(negatives))
  }
}
