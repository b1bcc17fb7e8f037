/// The area under the ROC curve where an image may show several classes: the mean over classes of each class's own, as
/// scikit-learn's `roc_auc_score(average="macro")` of the classes that can be judged.
public enum MultiLabelAUC {
  /// The mean over the classes that some image shows and some does not; NaN where there is none, or for a score that is NaN.
  ///
  /// - Parameters:
  ///   - scores: [image][class], any that grow with the probability.
  ///   - targets: [image][class], 1 where the image shows the class and 0 where not.
  /// - Precondition: Both have a whole number of rows of `classes` numbers, as many.
  public static func value(scores: [Float], targets: [Float], classes: Int) -> Double {
    precondition(classes >= 1 && scores.count == targets.count && scores.count % classes == 0)
    guard !scores.contains(where: \.isNaN) else { return .nan }
    let rows = 0..<(scores.count / classes)
    let areas = (0..<classes).map { column in
      RankedScores.area(
        scores: rows.map { scores[$0 * classes + column] }, positive: rows.map { targets[$0 * classes + column] > 0.5 })
    }.filter { !$0.isNaN }
    return areas.isEmpty ? .nan : areas.reduce(0, +) / Double(areas.count)
  }
}
