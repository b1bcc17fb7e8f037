/// How a cell's weights begin: `RI`, `ST`, `WT-ST-n` or `WT`.
public enum InitialisationSpec: Sendable, Hashable {
  /// As the backbone's library draws them.
  case random
  /// Statistics transfer.
  case statistics
  /// The modules of depth up to n from the source weights, the others by their statistics. The depth of the first is -1.
  case mixture(upTo: Int)
  /// Weight transfer.
  case weights

  /// Reads a name, `WT-ST--2` among them; nil for any other text.
  public init?(_ name: String) {
    switch name {
    case "RI": self = .random
    case "ST": self = .statistics
    case "WT": self = .weights
    default:
      guard name.hasPrefix(Self.mixturePrefix), let depth = Int(name.dropFirst(Self.mixturePrefix.count)),
        name == Self.mixturePrefix + String(depth)
      else { return nil }
      self = .mixture(upTo: depth)
    }
  }

  public var name: String {
    switch self {
    case .random: "RI"
    case .statistics: "ST"
    case .mixture(let depth): Self.mixturePrefix + String(depth)
    case .weights: "WT"
    }
  }

  /// Whether it reads source weights.
  public var readsWeights: Bool { self != .random }

  /// What a grid may say for every n that a backbone has, from `ST` to `WT`.
  public static let everyDepth = "WT-ST-*"
  private static let mixturePrefix = "WT-ST-"
  /// The depth whose mixture is statistics transfer: no module has it.
  static let shallowest = -2

  /// What a study may say, for errors and lists.
  public static let forms = ["RI", "ST", "WT", everyDepth, "WT-ST--1", "WT-ST-0", "WT-ST-1", "..."]
}

extension InitialisationSpec {
  /// What it is on a backbone, the ends of `WT-ST-n` under their own names; nil where the backbone has no such n.
  public func resolved(on backbone: Backbone) -> InitialisationSpec? {
    guard case .mixture(let depth) = self else { return self }
    if depth == Self.shallowest { return .statistics }
    if depth == backbone.deepest { return .weights }
    return depth > Self.shallowest && depth < backbone.deepest ? self : nil
  }

  /// Its place on a backbone from random to transferred: `RI`, `ST`, `WT-ST-n` by n, `WT`.
  func rank(on backbone: Backbone) -> Int {
    switch self {
    case .random: Self.shallowest - 1
    case .statistics: Self.shallowest
    case .mixture(let depth): depth
    case .weights: backbone.deepest
    }
  }
}
