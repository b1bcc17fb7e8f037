/// Settings along an axis: for each initialisation its runs, their means with intervals, and a line through the means.
struct SettingCurves {
  /// In the order in which they are drawn, the last on top.
  let initialisations: [String]
  /// Where a setting stands; nil where nothing is known of that.
  let place: (SettingResult) -> Position?
  let title: (SettingResult) -> String

  /// An axis for the values of these settings.
  static func axis(_ settings: [SettingResult]) -> Axis {
    RunMarks.axis(
      settings.first.map { MetricName.plain($0.metric) } ?? "", settings.map { ($0.values, $0.summary?.interval) })
  }

  /// - Parameter settings: Those of one panel, along the axis.
  func marks(_ settings: [SettingResult], y: Axis) -> [Mark] {
    guard case .linear(let range) = y.scale else { return [] }
    var marks: [Mark] = []
    for initialisation in initialisations {
      let own = settings.filter { $0.key.initialisation == initialisation }
      let line = own.compactMap { setting in
        place(setting).flatMap { x in setting.summary.map { (x: x, y: Position.value($0.mean)) } }
      }
      if line.count > 1 { marks.append(.line(line, Stroke(Palette.initialisation(initialisation), width: 1.3))) }
      for setting in own {
        guard let x = place(setting) else { continue }
        marks += RunMarks(setting, title: title(setting)).marks(at: x, range: range)
      }
    }
    return marks
  }

  static func legend(_ initialisations: [String]) -> Legend {
    .keys(
      title: nil,
      initialisations.map {
        Legend.Key(
          InitialisationName.plain($0), PointStyle(Palette.shape($0), radius: 4, fill: Palette.initialisation($0)),
          line: Stroke(Palette.initialisation($0), width: 1.3))
      })
  }

  /// What stands below a figure of which some settings have fewer runs than planned.
  static func note(_ settings: [SettingResult]) -> String? {
    let incomplete = settings.count { !$0.isComplete }
    guard incomplete > 0 else { return nil }
    return "Settings with fewer runs than planned: \(incomplete) of \(settings.count); runs / planned stand at each."
  }
}

/// A data set under the values of the further axes, or of some of them.
struct CaseGroup: Hashable, Sendable {
  let dataset: String
  /// A backbone, or a family of them; empty for none.
  let network: String
  let fraction: Double?
  let furtherAxes: String

  init(_ transferCase: TransferCase, network: String, withFraction: Bool) {
    dataset = transferCase.dataset
    self.network = network
    fraction = withFraction ? transferCase.fraction : nil
    furtherAxes = transferCase.furtherText
  }

  func title(showsFraction: Bool) -> String {
    var parts = [dataset, network]
    if showsFraction, let fraction { parts.append(NumberText.exact(fraction)) }
    return parts.joined(separator: " · ") + (furtherAxes.isEmpty ? "" : ", \(furtherAxes)")
  }
}
