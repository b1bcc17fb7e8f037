import Planner

/// How what transfer brings goes with what a case is: a rank correlation over cases of the study.
package struct GainCorrelation: Sendable {
  /// What is brought.
  package enum Quantity: String, Sendable, CaseIterable {
    case wtRI = "wt_ri"
    case relativeGain = "relative_gain"
    case featureReuse = "feature_reuse"
    case shareOfGain = "reuse_share_of_gain"

    var title: String {
      switch self {
      case .wtRI: "WT − RI"
      case .relativeGain: "WT / RI"
      case .featureReuse: "(WT − ST) / WT"
      case .shareOfGain: "(WT − ST) / (WT − RI)"
      }
    }

    func value(_ gain: Gain) -> Double? {
      switch self {
      case .wtRI: gain.differences[.wtRI]?.differences.mean
      case .relativeGain: gain.relativeGain?.ratio
      case .featureReuse: gain.featureReuse
      case .shareOfGain: gain.reuseShareOfGain
      }
    }
  }

  /// What a case is.
  package enum Factor: String, Sendable, CaseIterable {
    /// The training images that it learns from.
    case trainingImages = "training_images"
    /// Of its data set to the source.
    case distance
    /// Of its backbone, with a head of 1,000 classes.
    case parameters

    var title: String {
      switch self {
      case .trainingImages: "training images"
      case .distance: "distance to the source"
      case .parameters: "parameters of the backbone"
      }
    }
  }

  /// Over which cases.
  package enum Group: Sendable, Hashable {
    case all
    case backbone(String)
    case dataset(String)
  }

  package let quantity: Quantity
  package let factor: Factor
  package let group: Group
  package let correlation: RankCorrelation

  /// Those that can be computed: over all cases; of the data's size and distance for each backbone, of the backbone's size for
  /// each data set.
  static func all(_ analysis: StudyAnalysis) -> [GainCorrelation] {
    func value(_ factor: Factor, _ gain: Gain) -> Double? {
      switch factor {
      case .trainingImages: analysis.trainingImages(gain.transferCase)
      case .distance: analysis.dataset(gain.transferCase.dataset)?.distance
      case .parameters: BackboneCatalogue.named(gain.transferCase.backbone).map { Double($0.parameters) }
      }
    }
    // What was measured elsewhere is not this study's to explain.
    let gains = analysis.gains.filter { $0.transferCase.source == nil }
    let backbones = gains.map(\.transferCase.backbone).uniqued()
    let datasets = gains.map(\.transferCase.dataset).uniqued()
    var found: [GainCorrelation] = []
    for quantity in Quantity.allCases {
      for factor in Factor.allCases {
        let parts: [Group] =
          switch factor {
          case .trainingImages, .distance: backbones.count > 1 ? backbones.map(Group.backbone) : []
          case .parameters: datasets.count > 1 ? datasets.map(Group.dataset) : []
          }
        for group in [.all] + parts {
          let pairs = gains.filter { group.holds($0.transferCase) }.compactMap { gain in
            value(factor, gain).flatMap { factor in quantity.value(gain).map { (factor, $0) } }
          }
          guard let correlation = RankCorrelation(pairs.map(\.0), pairs.map(\.1)) else { continue }
          found.append(
            GainCorrelation(quantity: quantity, factor: factor, group: group, correlation: correlation))
        }
      }
    }
    return found
  }
}

extension GainCorrelation.Group {
  func holds(_ transferCase: TransferCase) -> Bool {
    switch self {
    case .all: true
    case .backbone(let name): transferCase.backbone == name
    case .dataset(let name): transferCase.dataset == name
    }
  }

  /// `all`, or the name.
  package var name: String {
    switch self {
    case .all: "all"
    case .backbone(let name), .dataset(let name): name
    }
  }
}
