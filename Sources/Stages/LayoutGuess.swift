import Engine
import Planner
import WorkerProtocol

/// How images seem to lie in a folder, for `graft init --data`.
public enum LayoutGuess {
  /// The options of a data set that a study file would have, as JSON; `others` are columns that could be the target too.
  /// Or `fault`, in words.
  public static func of(_ root: String) -> JSONValue {
    do {
      switch try FoundLayout(of: root) {
      case .classFolders(let isDivided):
        return ["format": "folder", "split": isDivided ? ["kind": "given"] : .null]
      case .table(let table):
        let split: [String: JSONValue] = ["column": table.split, "group": table.group]
          .compactMapValues { $0.map { .string($0) } }
        return [
          "format": "csv", "labels": .string(table.labels), "image": .string(table.image),
          "target": .string(table.target), "images": table.images.map { .string($0) } ?? .null,
          "extension": table.pathExtension.map { .string($0) } ?? .null,
          "split": split.isEmpty ? .null : .object(split), "others": .array(table.otherTargets.map { .string($0) }),
        ]
      }
    } catch {
      let failure = StageFailure(explaining: error)
      return ["fault": .string(failure.message), "remedy": failure.remedy.map { .string($0) } ?? .null]
    }
  }
}
