/// What is declared of a measure: how a study file asks for it, what it is of, what it looks at, what it leaves. Plan, worker,
/// tables, report, manuals and error texts follow from it.
public final class MeasureDeclaration: Sendable {
  /// Named for a reader.
  public let name: String
  /// What it is, in a sentence.
  public let meaning: String
  public let options: [OptionDeclaration]
  public let subject: Subject
  /// Whether the model's first weights are made again for it, for which its source's are needed.
  public let looksAtFirstWeights: Bool
  /// Whether it passes images through a network, on the device that it is given.
  public let passesImages: Bool
  /// Whether it leaves numbers of layers.
  public let isOfLayers: Bool
  /// The number of the whole network that it is for; nil where it is for something else.
  public let leading: Leading?

  /// What is measured.
  public enum Subject: Sendable, Hashable {
    /// A trained model: such stages of one model share passes over its images.
    case model
    /// What a trained model answered in its test.
    case predictions
    case pair
    case dataset
  }

  public enum Leading: Sendable, Hashable {
    /// The metric that the data set is judged by.
    case judged
    /// A number made of it: `roc_auc.sd`.
    case ofJudged(suffix: String)
    case named(String)
  }

  /// - Parameter options: The type of its options; nil where it has none.
  init(
    _ name: String, meaning: String, options: (any MeasureOptions.Type)? = nil, of subject: Subject = .model,
    looksAtFirstWeights: Bool = false, passesImages: Bool = true, isOfLayers: Bool = false, leading: Leading? = nil
  ) {
    self.name = name
    self.meaning = meaning
    self.options = options?.declarations ?? []
    self.subject = subject
    self.looksAtFirstWeights = looksAtFirstWeights
    self.passesImages = passesImages
    self.isOfLayers = isOfLayers
    self.leading = leading
  }
}
