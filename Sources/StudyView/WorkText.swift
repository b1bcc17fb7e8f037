/// Stages that run and stages that failed, a line each.
enum WorkText {
  /// - Parameter count: How many there is room for, without the title.
  static func running(_ moment: StudyMoment, count: Int, hasTitle: Bool, width: Int) -> [StyledLine] {
    let shown = moment.running.prefix(count)
    guard !shown.isEmpty else { return [] }
    let percents = shown.map { work in work.fraction.map { "\(Int(($0 * 100).rounded(.down))) %" } ?? "" }
    let times = shown.map { spelledDuration($0.seconds) }
    let percentWidth = widest(percents)
    let timeWidth = widest(times)
    // On a narrow screen a stage's name and how far it is are worth more than where it runs.
    let places = shown.map { work in
      width < 60 ? "" : width < 110 || work.worker.isEmpty ? work.place : "\(work.place), \(work.worker)"
    }
    let placeWidth = min(width / 4, widest(places))
    let fixed = 2 + [percentWidth, timeWidth, placeWidth].reduce(0) { $0 + ($1 > 0 ? $1 + 2 : 0) }
    let room = width - fixed
    let longest = widest(shown.map(\.label))
    let told = widest(shown.map(\.told))
    // The name has the larger part of what both share, and what the other leaves.
    let labelWidth = max(12, min(longest, max(room * 3 / 5, room - (told > 0 ? told + 2 : 0))))
    let names = ShortNames.fit(shown.map(\.label), width: labelWidth)
    let toldWidth = min(told, max(0, room - labelWidth - 2))

    var lines = hasTitle ? [title("running", shown.count, of: moment.running.count)] : []
    for (place, work) in shown.enumerated() {
      var line = StyledLine("> ", .running)
      line.add(names[place].padded(labelWidth))
      if percentWidth > 0 { line.add("  " + percents[place].set(percentWidth), .running) }
      if toldWidth > 5 { line.add("  " + work.told.plain.cut(toldWidth).padded(toldWidth)) }
      line.add("  " + times[place].set(timeWidth))
      if placeWidth > 0 { line.add("  " + places[place].plain.cut(placeWidth), .faint) }
      lines.append(line)
    }
    return lines
  }

  /// - Parameter count: As above.
  static func failures(_ moment: StudyMoment, count: Int, hasTitle: Bool, width: Int) -> [StyledLine] {
    let shown = moment.failures.prefix(count)
    guard !shown.isEmpty else { return [] }
    let ages = shown.map { failure in failure.secondsAgo.map { "\(spelledAge($0)) ago" } ?? "" }
    let ageWidth = width < 60 ? 0 : widest(ages)
    let labelWidth = max(12, min(widest(shown.map(\.label)), width * 2 / 5))
    let names = ShortNames.fit(shown.map(\.label), width: labelWidth)

    var lines = hasTitle ? [title("failed", shown.count, of: max(moment.stages.failed, shown.count))] : []
    for (place, failure) in shown.enumerated() {
      var line = StyledLine("! ", .failed)
      line.add(names[place].padded(labelWidth))
      if ageWidth > 0 { line.add("  " + ages[place].set(ageWidth), .faint) }
      line.add("  \(failure.failureClass): ", .failed)
      line.add(failure.message)
      lines.append(line)
    }
    return lines
  }

  private static func title(_ word: String, _ shown: Int, of all: Int) -> StyledLine {
    var line = StyledLine(word, .strong)
    if shown < all { line.add("  \(shown) of \(all)", .notice) }
    return line
  }

  private static func widest(_ texts: [String]) -> Int { texts.reduce(0) { max($0, DisplayWidth.of($1.plain)) } }

  /// To the largest unit: `40 s`, `3 min`, `2 h`, `5 days`.
  private static func spelledAge(_ seconds: Double) -> String {
    switch seconds {
    case ..<60: "\(Int(seconds)) s"
    case ..<3600: "\(Int(seconds / 60)) min"
    case ..<172_800: "\(Int(seconds / 3600)) h"
    default: "\(Int(seconds / 86_400)) days"
    }
  }
}
