/// How often each class was taken for each.
struct ConfusionMatrix {
  let classes: Int
  /// Images whose label is the row and whose prediction is the column: [label][prediction].
  private(set) var counts: [Int]

  init(probabilities: [Float], labels: [Int], classes: Int) {
    self.classes = classes
    counts = Array(repeating: 0, count: classes * classes)
    for (image, label) in labels.enumerated() {
      var predicted = 0
      for candidate in 1..<classes
      where probabilities[image * classes + candidate] > probabilities[image * classes + predicted] {
        predicted = candidate
      }
      counts[label * classes + predicted] += 1
    }
  }

  private var total: Int { counts.reduce(0, +) }
  private var correct: Int { (0..<classes).reduce(0) { $0 + counts[$1 * classes + $1] } }
  /// Images of each class.
  private var labelled: [Int] {
    (0..<classes).map { row in (0..<classes).reduce(0) { $0 + counts[row * classes + $1] } }
  }
  /// Images taken for each class.
  private var predicted: [Int] {
    (0..<classes).map { column in (0..<classes).reduce(0) { $0 + counts[$1 * classes + column] } }
  }

  var accuracy: Double { Double(correct) / Double(total) }

  var macroRecall: Double {
    let labelled = labelled
    let predicted = predicted
    let present = (0..<classes).filter { labelled[$0] + predicted[$0] > 0 }
    let recalls = present.map { labelled[$0] == 0 ? 0 : Double(counts[$0 * classes + $0]) / Double(labelled[$0]) }
    return recalls.reduce(0, +) / Double(present.count)
  }

  /// 1 - sum(w o) / sum(w e): o the counts, e what the margins would give by chance, w the squared distance of classes.
  var quadraticKappa: Double {
    let labelled = labelled
    let predicted = predicted
    let total = Double(total)
    var observed = 0.0
    var expected = 0.0
    for row in 0..<classes {
      for column in 0..<classes {
        let weight = Double((row - column) * (row - column))
        observed += weight * Double(counts[row * classes + column])
        expected += weight * Double(labelled[row]) * Double(predicted[column]) / total
      }
    }
    return expected == 0 ? .nan : 1 - observed / expected
  }
}
