/// Which images train, validate and test.
public enum SplitSpec: Sendable, Hashable {
  /// Drawn at random; the shares add up to 1. `group` is a column whose equal values stay in one split.
  case random(train: Double, val: Double, test: Double, seed: Int, stratify: Bool, group: String?)
  /// As the folders `train`, `val` and `test`, or the files of a published data set, say; without `val`, that share of
  /// `train` is drawn for it.
  case given(valFraction: Double, seed: Int)
  /// As a column says, by the words `train`, `val` and `test`; without `val`, that share of `train` is drawn for it.
  /// `group` is a column whose equal values should be in one split.
  case column(String, valFraction: Double, seed: Int, group: String?, sharedGroups: SharedGroupsPolicy)
  /// As the study's released code divides a published data set; overlapping: with the images that it has on both sides.
  case released(isOverlapping: Bool)
  /// Drawn at random among the patients, or lesions, of a published data set; the shares add up to 1.
  case patient(train: Double, val: Double, test: Double, seed: Int)
}

extension SplitSpec {
  init(_ fields: ParameterFields) throws(ParameterFault) {
    switch try fields.text("kind") {
    case "random":
      self = .random(
        train: try fields.number("train"), val: try fields.number("val"), test: try fields.number("test"),
        seed: try fields.integer("seed"), stratify: try fields.flag("stratify"),
        group: try fields.optionalText("group"))
    case "given": self = .given(valFraction: try fields.number("val_fraction"), seed: try fields.integer("seed"))
    case "column":
      self = .column(
        try fields.text("column"), valFraction: try fields.number("val_fraction"), seed: try fields.integer("seed"),
        group: try fields.optionalText("group"), sharedGroups: try fields.choice("shared_groups", else: .fail))
    case "released": self = .released(isOverlapping: false)
    case "released_overlapping": self = .released(isOverlapping: true)
    case "patient":
      self = .patient(
        train: try fields.number("train"), val: try fields.number("val"), test: try fields.number("test"),
        seed: try fields.integer("seed"))
    case let kind: throw fields.unknown("kind", kind)
    }
  }

  var canonical: JSONValue {
    switch self {
    case .random(let train, let val, let test, let seed, let stratify, let group):
      var members: [String: JSONValue] = [
        "kind": "random", "train": .number(train), "val": .number(val), "test": .number(test), "seed": .integer(seed),
        "stratify": .bool(stratify), "group": group.map { .string($0) } ?? .null,
      ]
      // Fractions once parted groups: what was computed so is not this.
      if group != nil { members["fractions"] = "whole_groups" }
      return .object(members)
    case .given(let share, let seed): return ["kind": "given", "val_fraction": .number(share), "seed": .integer(seed)]
    case .column(let column, let share, let seed, let group, let sharedGroups):
      var members: [String: JSONValue] = [
        "kind": "column", "column": .string(column), "val_fraction": .number(share), "seed": .integer(seed),
      ]
      if let group { members["group"] = .string(group) }
      if sharedGroups != .fail { members["shared_groups"] = .string(sharedGroups.rawValue) }
      return .object(members)
    case .released(let isOverlapping): return ["kind": isOverlapping ? "released_overlapping" : "released"]
    case .patient(let train, let val, let test, let seed):
      return [
        "kind": "patient", "train": .number(train), "val": .number(val), "test": .number(test), "seed": .integer(seed),
      ]
    }
  }
}
