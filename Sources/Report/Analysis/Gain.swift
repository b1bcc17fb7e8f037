/// What initialisation from a source brings on one case: random initialisation (RI), statistics transfer (ST) and weight
/// transfer (WT) compared by the metric that the data set is judged by.
///
/// Every comparison takes the seeds that both sides have; where no run is missing it is that of the settings' means.
package struct Gain: Sendable {
  package let transferCase: TransferCase
  package let metric: String
  /// Nil where the study plans no such setting.
  package let ri: SettingResult?
  package let st: SettingResult?
  package let wt: SettingResult?
  package var differences: [Contrast: PairedComparison]
  /// WT / RI, the dot size of figure 1.
  package let relativeGain: RatioOfMeans?
  /// (WT - ST) / WT, the dot colour of figure 1 before normalisation.
  package let featureReuse: Double?
  package let featureReuseInterval: Interval?
  /// `featureReuse` mapped to 0...1 over all cases of the study; nil where they do not differ.
  package var featureReuseNormalised: Double?
  /// (WT - ST) / (WT - RI): how much of the whole gain is due to the weights themselves. Unbounded where the gain is small.
  package let reuseShareOfGain: Double?
  /// Fieller's, of the paired differences; nil too where WT - RI does not differ from zero at 5 %.
  package let reuseShareInterval: Interval?

  init(transferCase: TransferCase, metric: String, ri: SettingResult?, st: SettingResult?, wt: SettingResult?) {
    self.transferCase = transferCase
    self.metric = metric
    self.ri = ri
    self.st = st
    self.wt = wt
    differences = [:]
    for contrast in Contrast.allCases {
      let sides = contrast.sides
      let settings = ["RI": ri, "ST": st, "WT": wt]
      guard let first = settings[sides.first] ?? nil, let second = settings[sides.second] ?? nil else { continue }
      let pairs = Self.paired([first, second])
      differences[contrast] = PairedComparison(first: pairs[0], second: pairs[1])
    }
    if let wt, let ri {
      let pairs = Self.paired([wt, ri])
      relativeGain = RatioOfMeans(first: pairs[0], second: pairs[1])
    } else {
      relativeGain = nil
    }
    if let wt, let st {
      let pairs = Self.paired([st, wt])
      let ratio = RatioOfMeans(first: pairs[0], second: pairs[1])
      featureReuse = ratio.map { 1 - $0.ratio }
      featureReuseInterval = ratio?.interval.map { Interval(low: 1 - $0.high, high: 1 - $0.low) }
    } else {
      featureReuse = nil
      featureReuseInterval = nil
    }
    if let wt, let st, let ri {
      let triples = Self.paired([wt, st, ri])
      let means = triples.compactMap { SampleSummary($0)?.mean }
      reuseShareOfGain =
        means.count == 3 && means[0] != means[2] ? (means[0] - means[1]) / (means[0] - means[2]) : nil
      reuseShareInterval =
        RatioOfMeans(
          first: zip(triples[0], triples[1]).map { $0 - $1 }, second: zip(triples[0], triples[2]).map { $0 - $1 }
        )?.interval
    } else {
      reuseShareOfGain = nil
      reuseShareInterval = nil
    }
  }

  /// The values of the seeds that all settings have, setting by setting, by ascending seed.
  static func paired(_ settings: [SettingResult]) -> [[Double]] {
    let bySeed = settings.map { setting in
      Dictionary(setting.values.map { ($0.seed, $0.value) }) { first, _ in first }
    }
    let seeds = settings[0].values.map(\.seed).uniqued().filter { seed in bySeed.allSatisfy { $0[seed] != nil } }
    return bySeed.map { values in seeds.compactMap { values[$0] } }
  }
}

/// The comparisons of initialisations that a report makes; each is a family of its own for the correction.
package enum Contrast: String, Sendable, CaseIterable {
  case wtRI = "wt_ri"
  case stRI = "st_ri"
  case wtST = "wt_st"

  package var sides: (first: String, second: String) {
    switch self {
    case .wtRI: ("WT", "RI")
    case .stRI: ("ST", "RI")
    case .wtST: ("WT", "ST")
    }
  }

  /// Nil for what is none of these.
  static func of(_ initialisation: String, against baseline: String) -> Contrast? {
    allCases.first { $0.sides == (initialisation, baseline) }
  }

  /// `WT \u{2212} RI`, with a true minus.
  package var title: String { "\(sides.first) \u{2212} \(sides.second)" }
}
