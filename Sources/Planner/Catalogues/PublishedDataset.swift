/// The data sets of the study (Matsoukas et al., CVPR 2022), as they come from their makers: plain data. A study may name
/// them without declaring them.
public enum PublishedDataset: String, Sendable, Hashable, CaseIterable {
  case aptos2019
  case isic2019
  case chexpert
  case ddsm
  case cbisDDSM = "cbis_ddsm"
  case camelyon
}

/// The ways in which a published data set can be divided.
public enum PublishedSplit: String, Sendable, Hashable {
  case released
  case releasedOverlapping = "released_overlapping"
  case given
  case patient
  case random

  var standard: JSONValue {
    switch self {
    case .released, .releasedOverlapping: ["kind": .string(rawValue)]
    case .given: ["kind": "given", "val_fraction": 0.15, "seed": 42]
    case .patient: ["kind": "patient", "train": 0.7, "val": 0.15, "test": 0.15, "seed": 42]
    case .random: ["kind": "random", "train": 0.7, "val": 0.15, "test": 0.15, "seed": 42, "stratify": true]
    }
  }
}

/// What is known of a published data set before its files are looked at.
public struct PublishedFacts: Sendable, Hashable {
  public var title: String
  /// The folder below a study's `data`.
  public var folder: String
  public var task: ClassificationTask
  public var metric: Metric
  /// About how many images its first split trains on: for estimates before its files are looked at. Nil where nobody can say.
  public var trainingImages: Int?
  /// 1 or 3.
  public var channels: Int
  /// The first is the default.
  public var splits: [PublishedSplit]
  /// The label files that are needed, relative to the folder; of each entry's places one.
  public var tables: [[String]]
  /// Label files that some splits read.
  public var furtherTables: [String] = []
  /// The folders of images, relative to the folder; of several that a data set may have one is enough, where `hasOneOf`.
  public var images: [String]
  public var hasOneOf = false
  /// Mean and standard deviation of the channels, from 0 to 1, of the study's released code; nil where there is none.
  public var mean: [Double]?
  public var standardDeviation: [Double]?
  /// Where it is to be had: a page, or a competition's name.
  public var home: String
  /// What its terms ask, in a sentence.
  public var terms: String
}

extension PublishedDataset {
  public var facts: PublishedFacts {
    switch self {
    case .aptos2019:
      PublishedFacts(
        title: "APTOS 2019 Blindness Detection", folder: "APTOS2019", task: .multiclass, metric: .quadraticKappa,
        trainingImages: 2564,
        channels: 3, splits: [.released, .random], tables: [["train.csv"]], images: ["train_images"],
        mean: [0.415, 0.221, 0.073], standardDeviation: [0.275, 0.150, 0.081],
        home: "https://www.kaggle.com/c/aptos2019-blindness-detection",
        terms:
          "The competition's rules, accepted on its page: for the competition, research and education; not to be passed on."
      )
    case .isic2019:
      PublishedFacts(
        title: "ISIC 2019", folder: "ISIC2019", task: .multiclass, metric: .macroRecall, trainingImages: 20265,
        channels: 3,
        splits: [.released, .patient, .random], tables: [["ISIC_2019_Training_GroundTruth.csv"]],
        furtherTables: ["ISIC_2019_Training_Metadata.csv"], images: ["train", "ISIC_2019_Training_Input"],
        hasOneOf: true, mean: [0.66776717, 0.52960888, 0.52434725],
        standardDeviation: [0.22381877, 0.20363036, 0.21538623], home: "https://challenge.isic-archive.com/data/#2019",
        terms: "CC BY-NC 4.0: not for commercial use; HAM10000, BCN_20000 and MSK are to be cited.")
    case .chexpert:
      PublishedFacts(
        title: "CheXpert", folder: "CheXpert", task: .multilabel, metric: .rocAUC, trainingImages: 178700, channels: 1,
        splits: [.released, .releasedOverlapping, .patient, .random], tables: [["train.csv"]], images: ["train"],
        mean: [0.503], standardDeviation: [0.292], home: "https://stanfordmlgroup.github.io/competitions/chexpert/",
        terms: "Stanford's research use agreement, signed by each user: not commercial, and not to be passed on.")
    case .ddsm:
      PublishedFacts(
        title: "DDSM", folder: "DDSM", task: .binary, metric: .rocAUC, trainingImages: 7_200, channels: 1,
        splits: [.given, .random],
        tables: ["train", "val", "test"].map { ["ddsm_raw_image_lists/\($0).txt"] }, images: ["ddsm_raw"],
        mean: [0.286], standardDeviation: [0.267],
        home: "http://www.eng.usf.edu/cvprg/Mammography/Database.html",
        terms: "Free for research; Heath et al. (2001) is to be cited. The lists are not published: write your own.")
    case .cbisDDSM:
      PublishedFacts(
        title: "CBIS-DDSM", folder: "CBIS-DDSM", task: .binary, metric: .rocAUC, channels: 1,
        splits: [.given, .patient, .random],
        tables: ["mass", "calc"].flatMap { kind in
          ["train", "test"].map { split in
            ["", "csv/"].map { "\($0)\(kind)_case_description_\(split)_set.csv" }
          }
        }, furtherTables: ["csv/dicom_info.csv"], images: [""],
        home: "https://www.cancerimagingarchive.net/collection/cbis-ddsm/",
        terms: "CC BY 3.0: Lee et al. (2017) and the archive are to be cited.")
    case .camelyon:
      PublishedFacts(
        title: "PatchCamelyon", folder: "Camelyon", task: .binary, metric: .rocAUC, trainingImages: 262144, channels: 3,
        splits: [.given],
        tables: ["train", "valid", "test"].map { split in
          ["\(split)_labels.json"]
            + ["", ".gz"].map { "camelyonpatch_level_2_split_\(split)_y.h5\($0)" }
        },
        furtherTables: ["train", "valid", "test"].flatMap { split in
          ["", ".gz"].map { "camelyonpatch_level_2_split_\(split)_x.h5\($0)" }
        }, images: [""], mean: [0.69991202, 0.53839318, 0.69108667],
        standardDeviation: [0.2308955, 0.27435492, 0.20865005], home: "https://github.com/basveeling/pcam",
        terms: "CC0: no conditions; Veeling et al. (2018) ask to be cited.")
    }
  }
}
