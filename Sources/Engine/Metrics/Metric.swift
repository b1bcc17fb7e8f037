/// What a model is judged by, computed from the class probabilities it gives. Each equals scikit-learn's function of the
/// same name, named with it.
public enum Metric: String, CaseIterable, Sendable, Hashable, Codable {
  /// The share of images whose most probable class is theirs (`accuracy_score`).
  case accuracy
  /// The mean over classes of the share found (`recall_score(average="macro", zero_division=0)`): over the classes that
  /// occur among the labels or the predictions, one that is only predicted counting 0.
  case macroRecall = "macro_recall"
  /// Cohen's kappa with quadratic weights (`cohen_kappa_score(weights="quadratic")`), the classes being ordered.
  case quadraticKappa = "quadratic_kappa"
  /// The area under the ROC curve (`roc_auc_score`): of class 1 for two classes, else the mean over classes of each
  /// against the rest (`multi_class="ovr"`, `average="macro"`). Ties count half.
  case rocAUC = "roc_auc"

  /// The metric's value.
  ///
  /// Where several classes are equally probable, the first is predicted. The value is NaN where it is undefined: for no
  /// images; for a probability that is NaN; for kappa, where all labels and predictions are one and the same class; for the
  /// AUC, where a class has no image, or all of them.
  ///
  /// - Parameters:
  ///   - probabilities: [image][class]. For the AUC, any scores that grow with the probability do.
  ///   - labels: The class index of each image, below `classes`.
  /// - Precondition: `probabilities` holds `labels.count` x `classes` numbers; two classes at least.
  public func value(probabilities: [Float], labels: [Int], classes: Int) -> Double {
    precondition(classes >= 2 && probabilities.count == labels.count * classes)
    guard !labels.isEmpty, !probabilities.contains(where: \.isNaN) else { return .nan }
    switch self {
    case .accuracy:
      return ConfusionMatrix(probabilities: probabilities, labels: labels, classes: classes).accuracy
    case .macroRecall:
      return ConfusionMatrix(probabilities: probabilities, labels: labels, classes: classes).macroRecall
    case .quadraticKappa:
      return ConfusionMatrix(probabilities: probabilities, labels: labels, classes: classes).quadraticKappa
    case .rocAUC: return RankedScores.rocAUC(probabilities: probabilities, labels: labels, classes: classes)
    }
  }
}
