import Planner
import Store

extension RunningStage {
  /// What a cluster has taken and not begun, in words.
  public static let queuedText = "handed over, not begun yet"

  /// How far it is, in a few words; nil where nothing is known.
  public var told: String? { progress.map { ProgressText.of($0) } ?? (isQueued ? Self.queuedText : nil) }

  /// All that is known of it, for programs.
  public var json: JSONValue {
    [
      "stage": .string(stage.label), "kind": .string(stage.kind.rawValue), "key": .string(stage.key.hex),
      "attempt": .number(Double(attempt.number)), "device": .string(attempt.device),
      "threads": .number(Double(attempt.threads)), "since": .string("\(attempt.started)"),
      "worker": worker.map { ["process": .number(Double($0.processID)), "host": .string($0.host)] } ?? .null,
      "queued": .bool(isQueued), "told": progress.map { .string(ProgressText.of($0)) } ?? .null,
      "progress": progress?.json ?? .null,
    ]
  }
}
