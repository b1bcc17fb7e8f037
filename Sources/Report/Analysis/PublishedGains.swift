import Planner

/// Figure 1 of the paper (Matsoukas et al., CVPR 2022), read off its published image: no table of its numbers is published.
///
/// Diameters are good to a pixel, colours to 0.02, both worse for the smallest dots; sizes of data sets and their distances
/// are the positions of the dots. How the paper makes areas and colours of its numbers is not known, so that they may be
/// compared with a study's by rank, and not as values.
package enum PublishedGains {
  package struct Dataset: Sendable {
    package let name: String
    package let title: String
    /// All of its images.
    package let images: Double
    /// Frechet distance to ImageNet, give or take 1.
    package let distance: Double
  }

  package struct Dot: Sendable {
    package let backbone: String
    package let dataset: String
    /// In pixels of the published image: the larger, the larger WT / RI.
    package let diameter: Double
    /// 0 to 1, min-max over all settings: the gain from feature reuse.
    package let reuse: Double
  }

  package static let backbones: [(name: String, title: String)] = [
    ("deit_small", "DeiT-S"), ("swin_tiny", "SWIN-T"), ("inception_v3", "InceptionV3"), ("resnet50", "ResNet50"),
  ]

  package static let datasets = [
    Dataset(name: "aptos2019", title: "APTOS2019", images: 3_662, distance: 160),
    Dataset(name: "ddsm", title: "DDSM", images: 10_239, distance: 155),
    Dataset(name: "isic2019", title: "ISIC2019", images: 25_331, distance: 141),
    Dataset(name: "chexpert", title: "CheXpert", images: 224_316, distance: 181),
    Dataset(name: "camelyon", title: "PatchCamelyon", images: 327_680, distance: 202),
  ]

  package static let dots: [Dot] = {
    // A row for each backbone, a pair for each data set, in the orders above.
    let read: [[(Double, Double)]] = [
      [(58, 0.94), (33, 0.88), (65, 0.99), (34, 0.82), (28.5, 0.89)],
      [(59, 0.97), (34.5, 0.94), (58, 0.89), (21, 0.48), (20.5, 0.60)],
      [(38, 0.63), (25, 0.67), (50, 0.76), (16, 0.35), (8, 0.21)],
      [(28, 0.45), (22, 0.59), (56, 0.85), (12, 0.26), (2.5, 0.06)],
    ]
    return zip(backbones, read).flatMap { backbone, row in
      zip(datasets, row).map { dataset, dot in
        Dot(backbone: backbone.name, dataset: dataset.name, diameter: dot.0, reuse: dot.1)
      }
    }
  }()
}

/// A study's gains beside the published ones, where both have a setting: all training images, no further axis.
package struct PublishedComparison: Sendable {
  package let pairs: [(gain: Gain, dot: PublishedGains.Dot)]
  /// Of WT / RI with the dots' diameters; nil for fewer than three settings.
  package let relativeGain: RankCorrelation?
  /// Of (WT - ST) / WT with the dots' colours.
  package let featureReuse: RankCorrelation?

  package init(_ analysis: StudyAnalysis) {
    let pairs: [(gain: Gain, dot: PublishedGains.Dot)] = PublishedGains.dots.compactMap { dot in
      analysis.gains.first { gain in
        let own = gain.transferCase
        return own.dataset == dot.dataset && own.backbone == dot.backbone && own.fraction == 1
          && own.furtherAxes.isEmpty
      }.map { ($0, dot) }
    }
    func correlation(_ own: (Gain) -> Double?, _ published: (PublishedGains.Dot) -> Double) -> RankCorrelation? {
      let both = pairs.compactMap { gain, dot in own(gain).map { ($0, published(dot)) } }
      return RankCorrelation(both.map(\.0), both.map(\.1))
    }
    self.pairs = pairs
    relativeGain = correlation({ $0.relativeGain?.ratio }, \.diameter)
    featureReuse = correlation(\.featureReuse, \.reuse)
  }
}
