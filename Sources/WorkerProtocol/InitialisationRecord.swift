import Planner

/// What an initialisation did to one tensor of a network: an entry of the list that a `train` stage leaves beside its model.
public struct InitialisationRecord: Sendable, Hashable {
  /// The list's file, a JSON array.
  public static let fileName = "initialisation.json"

  public enum Treatment: Sendable, Hashable {
    /// The source's values.
    case kept
    /// Drawn from a normal distribution.
    case sampled(mean: Double, standardDeviation: Double)
    /// A norm's identity.
    case reset
    /// As the backbone's library begins.
    case fresh

    public var name: String {
      switch self {
      case .kept: "kept"
      case .sampled: "sampled"
      case .reset: "reset"
      case .fresh: "fresh"
      }
    }
  }

  public var tensor: String
  /// Where it stands from input to output, as `WT-ST-n` counts; nil for the head, and where a list does not say.
  public var depth: Int?
  /// How many numbers it holds; nil where a list does not say.
  public var count: Int?
  public var treatment: Treatment

  public init(tensor: String, depth: Int?, count: Int?, treatment: Treatment) {
    self.tensor = tensor
    self.depth = depth
    self.count = count
    self.treatment = treatment
  }

  /// `{"tensor": ..., "depth": ..., "count": ..., "treatment": "sampled", "mean": ..., "sd": ...}`
  public var json: JSONValue {
    var members: [String: JSONValue] = ["tensor": .string(tensor), "treatment": .string(treatment.name)]
    if let depth { members["depth"] = .number(Double(depth)) }
    if let count { members["count"] = .number(Double(count)) }
    if case .sampled(let mean, let deviation) = treatment {
      members["mean"] = .number(mean)
      members["sd"] = .number(deviation)
    }
    return .object(members)
  }

  /// - Throws: `MessageError` naming what is missing.
  public init(json: JSONValue) throws {
    let fields = Fields(json, of: "initialisation")
    tensor = try fields.string("tensor")
    depth = json["depth"]?.intValue
    count = json["count"]?.intValue
    switch try fields.string("treatment") {
    case "kept": treatment = .kept
    case "reset": treatment = .reset
    case "fresh": treatment = .fresh
    case "sampled":
      treatment = .sampled(mean: try fields.number("mean"), standardDeviation: try fields.number("sd"))
    case let other: throw MessageError("an initialisation of unknown treatment '\(other)'")
    }
  }
}
