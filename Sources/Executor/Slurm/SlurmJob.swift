import Foundation

/// One task of a job array, as `squeue` tells of it.
package struct SlurmJob: Sendable, Hashable {
  /// The array's number.
  package var array: String
  /// The task's number within the array.
  package var task: Int
  package var name: String
  package var state: SlurmState
  /// The node that it runs or ran on; empty before.
  package var node: String
  /// Why it waits, or how it ended, in Slurm's words.
  package var reason: String

  /// `12_3`: what `scancel` takes.
  package var id: String { "\(array)_\(task)" }

  /// What `squeue --format` is told; the reason, which may hold anything, comes last.
  static let format = "%F|%K|%j|%T|%N|%r"

  /// Stands for all tasks that no line tells of by themselves: those of an array that was cancelled before they began.
  package static let wholeArray = -1

  /// What a line of that form tells of: a task, or those of an array that stand in one line (`0-2,5%4`) because they never
  /// began; none for a line that is another, or a job that is no array's.
  package static func tasks(line: Substring) -> [SlurmJob] {
    let fields = line.split(separator: "|", maxSplits: 5, omittingEmptySubsequences: false)
    guard fields.count == 6, !fields[0].isEmpty else { return [] }
    return numbers(fields[1]).map { task in
      SlurmJob(
        array: String(fields[0]), task: task, name: String(fields[2]), state: SlurmState(name: String(fields[3])),
        node: String(fields[4]), reason: String(fields[5]))
    }
  }

  private static func numbers(_ text: Substring) -> [Int] {
    if text == "N/A" { return [wholeArray] }
    return text.prefix { $0 != "%" }.split(separator: ",").flatMap { part -> [Int] in
      let ends = part.split(separator: "-").map { Int($0) }
      switch ends.count {
      case 1: return [ends[0]].compactMap { $0 }
      case 2:
        guard let first = ends[0], let last = ends[1], first <= last, last - first < 1_000_000 else { return [] }
        return Array(first...last)
      default: return []
      }
    }
  }

  package init(array: String, task: Int, name: String, state: SlurmState, node: String = "", reason: String = "") {
    self.array = array
    self.task = task
    self.name = name
    self.state = state
    self.node = node
    self.reason = reason
  }
}

/// A job's state, as far as it matters here.
package enum SlurmState: Sendable, Hashable {
  case waiting
  case running
  /// It ended, but what it started may not have.
  case ending
  case over(SlurmEnding)
  /// A state that this version of Graft does not know: not taken for an end.
  case unknown(String)

  package init(name: String) {
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
  package var isActive: Bool { if case .over = self { false } else { true } }
}

/// How a job ended.
package enum SlurmEnding: Sendable, Hashable {
  /// By itself, whatever its status.
  case exited
  case cancelled
  case timeLimit
  case preempted
  /// It was put back into the queue after it had begun.
  case requeued
  case nodeFailed
  case outOfMemory
  /// It is not in the queue any more, and nothing tells how it went.
  case forgotten

  /// The ending with what the job's own log adds: where Slurm kills a job for want of memory, not every version and
  /// configuration lets the state say so, but `slurmstepd` writes it there.
  ///
  /// - Parameter log: The end of what the job printed.
  package func explained(by log: String) -> SlurmEnding {
    guard self == .exited || self == .cancelled || self == .forgotten else { return self }
    let isOutOfMemory = log.split(separator: "\n").contains { line in
      let text = line.lowercased()
      return text.hasPrefix("slurmstepd") && ["memory limit", "oom_kill", "oom-kill"].contains { text.contains($0) }
    }
    return isOutOfMemory ? .outOfMemory : self
  }
}

/// What `sbatch` answered.
package enum SubmissionAnswer: Sendable, Hashable {
  /// The array's number.
  case accepted(String)
  /// Too many jobs for now, whosever: the site takes no more.
  case full(String)
  /// More than some limit of the account, the quality of service or the partition allows: of jobs, or of what one asks for.
  case overLimit(String)
  /// No node could run it with those excluded that are.
  case nowhere(String)
  /// It will be refused again.
  case refused(String)
  /// Slurm did not answer, and may have taken it or not.
  case lost(String)

  /// What `sbatch --parsable` left.
  ///
  /// - Parameter status: Nil where it did not end in time.
  package init(status: Int32?, output: String, errors: String) {
    let said = errors.trimmingCharacters(in: .whitespacesAndNewlines)
    guard let status else {
      self = .lost(said.isEmpty ? "sbatch did not end in time" : said)
      return
    }
    let number = output.split(separator: "\n").last?.prefix { $0 != ";" } ?? ""
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
    } else if says(["temporarily", "maxjobcount", "maxarraysize"]) {
      self = .full(said)
    } else if says([
      "limit", "accounting/qos policy", "maxsubmit", "submitjob", "too many", "exceed", "maximum", "quota",
    ]) {
      self = .overLimit(said)
    } else if says(["requested node configuration is not available", "invalid node name"]) {
      self = .nowhere(said)
    } else {
      self = .refused(said.isEmpty ? "sbatch ended with status \(status)" : said)
    }
  }
}
