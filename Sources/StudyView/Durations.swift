/// A duration for a person: `8.4 s`, `3 min 20 s`, `2 h 05 min`.
public func spelledDuration(_ seconds: Double) -> String {
  guard seconds.isFinite else { return "unknown" }
  if seconds < 10 { return "\((seconds * 10).rounded() / 10) s" }
  let whole = Int(seconds.rounded())
  if whole < 60 { return "\(whole) s" }
  if whole < 3600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
  return "\(whole / 3600) h \(padded(whole % 3600 / 60)) min"
}

private func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
