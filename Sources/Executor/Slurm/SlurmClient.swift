import Foundation
import Synchronization

/// The cluster's controller, spoken to through its own commands. Every call is counted: a controller has other users.
final class SlurmClient: Sendable {
  /// Slurm did not answer, and what it said of that.
  struct Outage: Error, Hashable {
    let message: String
  }

  private let calls = Mutex<[String: Int]>([:])
  private let patience: Duration

  /// - Parameter patience: How long a call may take.
  init(patience: Duration = .seconds(30)) { self.patience = patience }

  /// How often each command was called.
  var callCounts: [String: Int] { calls.withLock { $0 } }

  private func run(_ program: String, _ arguments: [String]) throws -> TimedProgram {
    calls.withLock { $0[program, default: 0] += 1 }
    return try TimedProgram.run(program, arguments, limit: patience)
  }

  private func answer(of program: String, _ arguments: [String]) throws(Outage) -> TimedProgram {
    do {
      return try run(program, arguments)
    } catch {
      throw Outage(message: "\(program) cannot be started")
    }
  }

  /// The output of a command that must end well.
  private func output(_ program: String, _ arguments: [String]) throws(Outage) -> String {
    let answer = try answer(of: program, arguments)
    guard answer.status == 0 else {
      let said = answer.errors.trimmingCharacters(in: .whitespacesAndNewlines)
      throw Outage(message: said.isEmpty ? "\(program) did not end well" : said)
    }
    return answer.output
  }

  /// - Throws: `WorkerStartError` where there is no `sbatch`.
  func submit(_ arguments: [String]) throws -> SubmissionAnswer {
    let answer = try run("sbatch", arguments)
    return SubmissionAnswer(status: answer.status, output: answer.output, errors: answer.errors)
  }

  /// The tasks of all arrays of these names, ended ones too as long as the controller remembers them.
  ///
  /// - Throws: `Outage`.
  func jobs(named names: [String]) throws(Outage) -> [SlurmJob] {
    guard !names.isEmpty else { return [] }
    let known = Set(names)
    // A very long list is a question for all jobs of the user: what is not asked for is passed over.
    let choice = names.count > 500 ? "--user=\(getuid())" : "--name=\(names.joined(separator: ","))"
    let text = try output(
      "squeue", ["--noheader", "--all", "--array", "--states=all", choice, "--format=\(SlurmJob.format)"])
    return text.split(separator: "\n").flatMap { SlurmJob.tasks(line: $0) }.filter { known.contains($0.name) }
  }

  /// Cancels tasks by their numbers, `12_3` or `12`.
  ///
  /// - Throws: `Outage`. A task that has ended meanwhile is no fault.
  func cancel(_ ids: [String]) throws(Outage) {
    for start in stride(from: 0, to: ids.count, by: 500) {
      let some = Array(ids[start..<min(ids.count, start + 500)])
      let answer = try answer(of: "scancel", ["--quiet"] + some)
      let said = answer.errors.lowercased()
      if answer.status == nil || said.contains("unable to contact") || said.contains("timed out") {
        throw Outage(message: answer.errors.trimmingCharacters(in: .whitespacesAndNewlines))
      }
    }
  }

  /// The site's limits.
  ///
  /// - Throws: `Outage`.
  func limits() throws(Outage) -> SlurmLimits { SlurmLimits(config: try output("scontrol", ["show", "config"])) }
}

/// What the site allows.
package struct SlurmLimits: Sendable, Hashable {
  /// Tasks of one array, numbered from 0 (`MaxArraySize`).
  package var arraySize: Int
  /// Jobs of all users together.
  package var jobCount: Int

  /// - Parameter config: What `scontrol show config` prints. What is not in it counts as Slurm's default.
  package init(config: String) {
    func number(_ name: String) -> Int? {
      for line in config.split(separator: "\n") {
        let parts = line.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == name else { continue }
        return Int(parts[1].trimmingCharacters(in: .whitespaces))
      }
      return nil
    }
    arraySize = max(1, number("MaxArraySize") ?? 1001)
    jobCount = number("MaxJobCount") ?? 10_000
  }
}
