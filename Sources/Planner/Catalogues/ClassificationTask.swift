/// What is to be told apart.
public enum ClassificationTask: String, Sendable, Hashable, CaseIterable {
  case multiclass
  case binary
  /// Of each class, whether an image shows it.
  case multilabel
}

/// A measure of a model on a test set; larger is better.
public enum Metric: String, Sendable, Hashable, CaseIterable {
  case accuracy
  /// The mean of the classes' recalls.
  case macroRecall = "macro_recall"
  /// Cohen's kappa with quadratic weights.
  case quadraticKappa = "quadratic_kappa"
  /// The area under the ROC curve; for two classes, and where images may show several the mean of the classes' areas.
  case rocAUC = "roc_auc"

  /// Those that can be measured in a task.
  public static func applicable(to task: ClassificationTask) -> [Metric] {
    switch task {
    case .multiclass: allCases.filter { $0 != .rocAUC }
    case .binary: allCases
    case .multilabel: [.rocAUC]
    }
  }
}

/// The kinds of images that Graft makes itself.
public enum PhantomDomain: String, Sendable, Hashable, CaseIterable {
  /// 10 classes, to learn from.
  case source
  /// 4 ordered classes.
  case grading
  /// 2 classes.
  case screening

  public var task: ClassificationTask { self == .screening ? .binary : .multiclass }

  public var metric: Metric {
    switch self {
    case .source: .accuracy
    case .grading: .quadraticKappa
    case .screening: .rocAUC
    }
  }
}

/// What an image that cannot be read does.
public enum UnreadablePolicy: String, Sendable, Hashable, CaseIterable {
  case fail
  case skip
}

/// What an image that a label file names and that is not there does.
public enum MissingPolicy: String, Sendable, Hashable, CaseIterable {
  case fail
  case skip
}

/// What an empty field of a table means where images may show several classes.
public enum BlankPolicy: String, Sendable, Hashable, CaseIterable {
  case fail
  case absent
  case unknown
}

/// What a group with images in several given splits does.
public enum SharedGroupsPolicy: String, Sendable, Hashable, CaseIterable {
  case fail
  case allow
}

/// What stands between the fields of a table.
public enum TableDelimiter: String, Sendable, Hashable, CaseIterable {
  /// Whichever the header has most of.
  case auto
  case comma, semicolon, tab
}

/// What an uncertain label of CheXpert is taken for.
public enum UncertainPolicy: String, Sendable, Hashable, CaseIterable {
  /// Not shown.
  case zeros
  /// Shown.
  case ones
  /// Unknown: passed over in losses and metrics.
  case ignore
  /// A third answer of each label that is learnt; metrics pass it over (U-MultiClass).
  case ownClass = "class"
}

/// Which images of CBIS-DDSM are read.
public enum MammogramView: String, Sendable, Hashable, CaseIterable {
  /// The whole mammograms.
  case full
  /// A cut-out a finding.
  case cropped
}
