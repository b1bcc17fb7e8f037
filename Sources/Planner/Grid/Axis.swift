/// A named list of values, as one block of a study has it.
struct Axis {
  let name: String
  var values: [AxisEntry]
  let place: Place
  /// Where the axis is there for some cells only, or has other values for some: the conditions in order, of which the first
  /// that holds says which values a cell may have; nil holds for every cell. Empty: every cell has every value.
  var cases: [Condition?] = []

  static let dataset = "dataset"
  static let backbone = "backbone"
  static let fraction = "fraction"
  static let initialisation = "init"
  static let seed = "seed"

  /// The axes that every grid has, in the order of a cell's name; further axes stand before `init`.
  static let fixed = [dataset, backbone, fraction, initialisation, seed]

  /// Where the axis stands among others: the last ones move fastest.
  var rank: Int {
    switch name {
    case Self.dataset: 0
    case Self.backbone: 1
    case Self.fraction: 2
    case Self.initialisation: 4
    case Self.seed: 5
    default: 3
    }
  }

  /// The training option that a further axis varies: `optimizer.lr` of `training.optimizer.lr`.
  var trainingOption: String? {
    name.hasPrefix(Self.trainingPrefix) ? String(name.dropFirst(Self.trainingPrefix.count)) : nil
  }

  static let trainingPrefix = "training."
}

/// One value of an axis.
struct AxisEntry {
  /// As it appears in a cell's name.
  let text: String
  let value: JSONValue
  let place: Place
  /// The position of its condition among the axis's cases.
  var choice = 0
}

/// One grid of a study: the first, or one that is joined to it.
struct Block {
  /// How errors call it.
  let title: String
  let place: Place
  var axes: [Axis]
  /// Positions in `axes` of those that move together, a group an entry.
  var groups: [[Int]]
  var training: [String: OptionChange]
  var analyses: [AskedAnalysis]
}

/// A value given to a training option, and where.
struct OptionChange {
  let value: JSONValue
  let place: Place
}

/// A rule: where its condition holds, its options apply.
struct Rule {
  let condition: Condition
  let changes: [String: OptionChange]
}
