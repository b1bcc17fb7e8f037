/// The area under the ROC curve where an image may show several classes: the mean over classes of each class's own, as
/// scikit-learn's `roc_auc_score(average="macro")` of the classes that can be judged.
public enum MultiLabelAUC {
  /// The mean over the classes that some image shows and some does not; NaN where there is none, or for a score that is NaN.
  ///
  /// - Parameters:
  ///   - scores: [image][class], any that grow with the probability.
  ///   - targets: [image][class], 1 where the image shows the class, 0 where not, below 0 where nobody can say: that
  ///     image is passed over for that class.
  /// - Precondition: Both have a whole number of rows of `classes` numbers, as many.
  public static func value(scores: [Float], targets: [Float], classes: Int) -> Double {
    precondition(classes >= 1 && scores.count == targets.count && scores.count % classes == 0)
    guard !scores.contains(where: \.isNaN) else { return .nan }
    let areas = ofEach(scores: scores, targets: targets, classes: classes).filter { !$0.isNaN }
    return areas.isEmpty ? .nan : areas.reduce(0, +) / Double(areas.count)
  }

  /// Each class's own area; NaN where no image that is known of shows it, or all do.
  public static func ofEach(scores: [Float], targets: [Float], classes: Int) -> [Double] {
    precondition(classes >= 1 && scores.count == targets.count && scores.count % classes == 0)
    return (0..<classes).map { column in
      let places = stride(from: column, to: scores.count, by: classes).filter { targets[$0] >= 0 }
      return RankedScores.area(scores: places.map { scores[$0] }, positive: places.map { targets[$0] > 0.5 })
    }
  }
}
