import WorkerProtocol

/// A running stage's progress in a few words: `epoch 3/12, loss 0.412, roc_auc 0.871`.
public enum ProgressText {
  public static func of(_ progress: StageProgress) -> String {
    var text = progress.position
    if let loss = progress.loss { text += ", loss \(rounded(loss))" }
    if let metric = progress.metric { text += ", \(progress.metricName ?? "metric") \(rounded(metric))" }
    return text
  }

  /// Three digits after the point.
  public static func rounded(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e6 else { return "\(value)" }
    let thousandths = Int((value.magnitude * 1000).rounded())
    let fraction = "\(thousandths % 1000)"
    let zeros = String(repeating: "0", count: 3 - fraction.count)
    return (value < 0 && thousandths > 0 ? "-" : "") + "\(thousandths / 1000).\(zeros)\(fraction)"
  }
}
