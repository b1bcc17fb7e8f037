import Files
import Foundation
import Planner
import Store
import WorkerProtocol

/// The files of one submission: `slurm/<run>/<number>/` in the workspace, on the file system that the nodes share.
package struct SlurmBatchFolder: Sendable, Hashable {
  let run: String
  let number: Int
  let path: String

  /// What its jobs are called, by which they are found again whoever asks.
  package var name: String { "graft-\(run)-\(number)" }
  var script: String { "\(path)/job.sh" }
  /// Where a job prints what belongs to no stage.
  func log(_ task: Int) -> String { "\(path)/\(task).log" }
  func pilot(_ task: Int) -> PilotFolder { PilotFolder("\(path)/\(task)") }

  private var descriptionFile: String { "\(path)/batch.json" }
  private var arrayFile: String { "\(path)/array" }

  package init(workspace: String, run: String, number: Int) {
    self.run = run
    self.number = number
    path = "\(Self.root(workspace))/\(run)/\(number)"
  }

  /// Where the folders of all runs lie.
  static func root(_ workspace: String) -> String { "\(workspace)/slurm" }

  /// Makes the folders, and says durably what will be asked for: before it is.
  ///
  /// - Throws: `FileFault`.
  func make(needs: SlurmNeeds, count: Int, script text: String) throws {
    for task in 0..<count { try DurableFiles.makeFolder(pilot(task).path) }
    try DurableFiles.write(Array(text.utf8), to: script)
    let json: JSONValue = ["needs": needs.json, "count": .number(Double(count))]
    try DurableFiles.write(Array(json.canonicalText.utf8), to: descriptionFile)
  }

  /// The needs and the number of jobs; nil for a folder in which the making was cut off, so that nothing was asked for.
  var description: (needs: SlurmNeeds, count: Int)? {
    guard let bytes = try? DurableFiles.read(descriptionFile), let json = try? JSONValue(json: bytes),
      let needs = json["needs"], let count = json["count"]?.intValue
    else { return nil }
    return (SlurmNeeds(json: needs), count)
  }

  /// The array's number, as soon as Slurm has said it.
  var array: String? {
    guard let bytes = try? DurableFiles.read(arrayFile) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return text.isEmpty ? nil : text
  }

  func keepArray(_ number: String) throws { try DurableFiles.write(Array("\(number)\n".utf8), to: arrayFile) }

  /// The end of what a job printed.
  func logEnd(_ task: Int) -> String { Self.end(of: log(task)) }

  static func end(of log: String) -> String {
    let bytes = (try? DurableFiles.read(log)) ?? []
    return String(decoding: bytes.suffix(2000), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// The runs that have left anything.
  ///
  /// - Throws: `FileFault`.
  static func runs(in workspace: String) throws -> [String] {
    (try DurableFiles.names(in: root(workspace)) ?? []).sorted()
  }

  /// The folders of all runs that have left any, oldest submission first within each.
  ///
  /// - Throws: `FileFault`.
  static func all(in workspace: String) throws -> [SlurmBatchFolder] {
    var found: [SlurmBatchFolder] = []
    for run in try runs(in: workspace) {
      let numbers = (try DurableFiles.names(in: "\(root(workspace))/\(run)") ?? []).compactMap { Int($0) }.sorted()
      found += numbers.map { SlurmBatchFolder(workspace: workspace, run: run, number: $0) }
    }
    return found
  }

  /// Removes what was prepared for jobs that Slurm did not take.
  func removeUnused() {
    // What stays is removed with the run.
    try? DurableFiles.remove(path)
    rmdir((path as NSString).deletingLastPathComponent)
    rmdir(((path as NSString).deletingLastPathComponent as NSString).deletingLastPathComponent)
  }

  /// Removes what a run left.
  static func remove(run: String, in workspace: String) throws {
    try DurableFiles.remove("\(root(workspace))/\(run)")
    rmdir(root(workspace))
  }
}

/// What `sbatch` is told.
struct SlurmSubmission {
  let profile: SlurmProfile
  /// The worker's executable, where the nodes find it.
  let worker: String
  /// Variables that jobs need even where a site keeps the user's environment from them.
  let environment: [String: String]

  func arguments(_ batch: SlurmBatchFolder, needs: SlurmNeeds, count: Int, excluded: [String]) -> [String] {
    var arguments = [
      "--parsable", "--job-name=\(batch.name)", "--array=0-\(count - 1)", "--ntasks=1",
      "--cpus-per-task=\(needs.cpus)", "--output=\(batch.path)/%a.log", "--open-mode=append",
      // Graft itself begins again what was interrupted, and elsewhere: a job that came back would do it twice.
      "--no-requeue", "--chdir=/",
    ]
    for (name, value) in [
      ("partition", needs.partition), ("account", needs.account), ("qos", needs.qos), ("constraint", needs.constraint),
      ("mem", needs.memory), ("gres", needs.gres),
      ("time", needs.time.map { SlurmTime.text(seconds: $0) }),
      ("exclude", excluded.isEmpty ? nil : excluded.joined(separator: ",")),
    ] {
      if let value { arguments.append("--\(name)=\(value)") }
    }
    let grace = needs.time.map { min(profile.grace, max(1, $0 / 2)) } ?? profile.grace
    arguments.append("--signal=B:USR1@\(grace)")
    return arguments + profile.options + [batch.script]
  }

  /// The script of every job: the set-up, then a worker, to which the signals are passed on that the shell is sent.
  func script(_ batch: SlurmBatchFolder, needs: SlurmNeeds) -> String {
    var lines = ["#!/bin/bash", "# Written by graft: a job that works through the requests in its folder."]
    lines += profile.setup
    lines += environment.sorted { $0.key < $1.key }.map { "export \($0.key)=\(Self.quoted($0.value))" }
    for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] {
      lines.append("export \(name)=\(needs.cpus)")
    }
    lines += [
      "folder=\(Self.quoted(batch.path))/$SLURM_ARRAY_TASK_ID",
      "pass() { [ -n \"$worker\" ] && kill -s \"$1\" \"$worker\" 2>/dev/null; }",
      "trap 'pass USR1' USR1",
      "trap 'pass TERM' TERM INT",
      "\(Self.quoted(worker)) --conversation \"$folder\" --idle \(profile.idle) &",
      "worker=$!",
      "wait \"$worker\"",
      "status=$?",
      "# A signal ends the waiting, not the worker.",
      "while kill -0 \"$worker\" 2>/dev/null; do wait \"$worker\"; status=$?; done",
      "echo \"$status\" >\"$folder/exit.new\" && mv -f \"$folder/exit.new\" \"$folder/exit\"",
      "exit \"$status\"", "",
    ]
    return lines.joined(separator: "\n")
  }

  private static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
