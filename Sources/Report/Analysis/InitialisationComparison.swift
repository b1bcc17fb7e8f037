import Files
import Planner

/// One initialisation compared with another, the baseline, on a case: run by run, by the seeds that both have.
package struct InitialisationComparison: Sendable {
  package let transferCase: TransferCase
  package let initialisation: String
  package let baseline: String
  package let metric: String
  /// The pairs that the study plans.
  package let planned: Int
  /// `initialisation` minus `baseline`; nil where no seed is shared.
  package internal(set) var paired: PairedComparison?
  /// The mean of `initialisation` over that of `baseline`, with Fieller's interval.
  package let ratio: RatioOfMeans?
  /// Of that ratio, by the bootstrap of pairs.
  package let ratioBootstrap: Interval?

  /// - Parameter known: The paired comparison, where it is made already.
  init(_ result: SettingResult, against baseline: SettingResult, known: PairedComparison? = nil) {
    transferCase = result.key.transferCase
    initialisation = result.key.initialisation
    self.baseline = baseline.key.initialisation
    metric = result.metric
    planned = min(result.planned, baseline.planned)
    let pairs = Gain.paired([result, baseline])
    paired = known ?? PairedComparison(first: pairs[0], second: pairs[1])
    ratio = RatioOfMeans(first: pairs[0], second: pairs[1])
    ratioBootstrap = ratio == nil ? nil : BootstrapInterval.ofRatio(pairs[0], pairs[1])
  }

  /// Every initialisation of every case against each baseline; two baselines are compared once. p values are corrected over
  /// the cases, for each pair of initialisations by itself.
  ///
  /// - Parameters:
  ///   - gains: Whose comparisons are made already.
  ///   - setting: What a case's runs of an initialisation came to; nil where the study plans none.
  static func all(
    _ cases: [TransferCase], _ initialisations: [String], _ reporting: Reporting, gains: [Gain],
    setting: @escaping @Sendable (TransferCase, String) -> SettingResult?
  ) -> [InitialisationComparison] {
    let baselines = reporting.baselines.uniqued()
    let known = Dictionary(gains.map { ($0.transferCase, $0.differences) }) { first, _ in first }
    var comparisons = Parallel.map(cases.count, block: 64) { place in
      let transferCase = cases[place]
      return baselines.enumerated().flatMap { rank, name -> [InitialisationComparison] in
        guard let baseline = setting(transferCase, name) else { return [] }
        let differences = known[transferCase] ?? [:]
        return initialisations.filter { $0 != name && !baselines[..<rank].contains($0) }
          .compactMap { setting(transferCase, $0) }
          .map { result in
            let contrast = Contrast.of(result.key.initialisation, against: name)
            return InitialisationComparison(result, against: baseline, known: contrast.flatMap { differences[$0] })
          }
      }
    }.flatMap(\.self)
    struct Family: Hashable {
      let initialisation: String
      let baseline: String
    }
    let tested = comparisons.indices.filter { comparisons[$0].paired?.p != nil }
    let families = Dictionary(grouping: tested) {
      Family(initialisation: comparisons[$0].initialisation, baseline: comparisons[$0].baseline)
    }
    for places in families.values {
      let corrected = reporting.correction.corrected(places.compactMap { comparisons[$0].paired?.p })
      for (place, p) in zip(places, corrected) { comparisons[place].paired?.correctedP = p }
    }
    return comparisons
  }
}
