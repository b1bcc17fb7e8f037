import Foundation

/// One task of a job array, as `squeue` tells of it.
struct SlurmJob: Sendable, Hashable {
  /// The array's number.
  var array: String
  /// The task's number within the array.
  var task: Int
  var name: String
  var state: SlurmState
  /// The node that it runs or ran on; empty before.
  var node: String
  /// Why it waits, or how it ended, in Slurm's words.
  var reason: String

  /// `12_3`: what `scancel` takes.
  var id: String { "\(array)_\(task)" }

  /// What `squeue --format` is told; the reason, which may hold anything, comes last.
  static let format = "%F|%K|%j|%T|%N|%r"

  /// A line of that form; nil for one that is none, or no task of an array.
  init?(line: Substring) {
    let fields = line.split(separator: "|", maxSplits: 5, omittingEmptySubsequences: false)
    guard fields.count == 6, !fields[0].isEmpty, let task = Int(fields[1]) else { return nil }
    self.init(
      array: String(fields[0]), task: task, name: String(fields[2]), state: SlurmState(name: String(fields[3])),
      node: String(fields[4]), reason: String(fields[5]))
  }

  init(array: String, task: Int, name: String, state: SlurmState, node: String = "", reason: String = "") {
    self.array = array
    self.task = task
    self.name = name
    self.state = state
    self.node = node
    self.reason = reason
  }
}

/// A job's state, as far as it matters here.
enum SlurmState: Sendable, Hashable {
  case waiting
  case running
  /// It ended, but what it started may not have.
  case ending
  case over(SlurmEnding)
  /// A state that this version of Graft does not know: not taken for an end.
  case unknown(String)

  init(name: String) {
    switch name {
    case "PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT",
      "POWER_UP_NODE":
      self = .waiting
    case "RUNNING", "SUSPENDED", "STOPPED", "SIGNALING", "RESIZING": self = .running
    case "COMPLETING", "STAGE_OUT": self = .ending
    case "COMPLETED", "FAILED": self = .over(.exited)
    case "CANCELLED", "REVOKED": self = .over(.cancelled)
    case "TIMEOUT", "DEADLINE": self = .over(.timeLimit)
    case "PREEMPTED": self = .over(.preempted)
    case "NODE_FAIL", "BOOT_FAIL": self = .over(.nodeFailed)
    case "OUT_OF_MEMORY": self = .over(.outOfMemory)
    default: self = .unknown(name)
    }
  }

  /// Whether it still stands in the queue or runs, as far as is known.
  var isActive: Bool { if case .over = self { false } else { true } }
}

/// How a job ended.
enum SlurmEnding: Sendable, Hashable {
  /// By itself, whatever its status.
  case exited
  case cancelled
  case timeLimit
  case preempted
  case nodeFailed
  case outOfMemory
  /// It is not in the queue any more, and nothing tells how it went.
  case forgotten
}

/// What `sbatch` answered.
enum SubmissionAnswer: Sendable, Hashable {
  /// The array's number.
  case accepted(String)
  /// Too many jobs for now: the limits of the site, the account or the user.
  case full(String)
  /// No node could run it with those excluded that are.
  case nowhere(String)
  /// It will be refused again.
  case refused(String)
  /// Slurm did not answer, and may have taken it or not.
  case lost(String)

  /// - Parameter answer: Of `sbatch --parsable`.
  init(_ answer: TimedProgram) {
    let said = answer.errors.trimmingCharacters(in: .whitespacesAndNewlines)
    guard let status = answer.status else {
      self = .lost("sbatch did not end in time")
      return
    }
    let number = answer.output.split(separator: "\n").last?.prefix { $0 != ";" } ?? ""
    if status == 0, !number.isEmpty, number.allSatisfy(\.isNumber) {
      self = .accepted(String(number))
      return
    }
    let text = said.lowercased()
    func says(_ words: [String]) -> Bool { words.contains { text.contains($0) } }
    if status == 0
      || says([
        "unable to contact", "timed out", "connection refused", "connection reset", "connect failure", "send/recv",
        "zero bytes", "communication", "unexpected message", "protocol authentication", "munge", "not responding",
        "configuration file", "resolve_ctls", "could not establish", "shutting down", "standby",
      ]) || status >= 128
    {
      self = .lost(said.isEmpty ? "sbatch ended with status \(status)" : said)
    } else if says([
      "submitjob", "submit limit", "job limit", "temporarily", "maxjobcount", "maxarraysize", "maxsubmit",
    ]) {
      self = .full(said)
    } else if says(["requested node configuration is not available", "invalid node name"]) {
      self = .nowhere(said)
    } else {
      self = .refused(said.isEmpty ? "sbatch ended with status \(status)" : said)
    }
  }
}
