/// What befalls a run.
enum Fault: String, CaseIterable {
  /// `kill -9` of the process that coordinates; its workers live on as orphans.
  case coordinatorKilled = "coordinator killed"
  /// `kill -9` of one worker.
  case workerKilled = "worker killed"
  /// `kill -9` of all at once, as when the power goes; what pilots wrote last is torn.
  case allKilled = "all killed"
  case interrupted = "Ctrl-C"
  /// SIGTERM, and again before the running stages have written their checkpoints.
  case terminatedTwice = "SIGTERM twice"
  /// SIGSTOP, and SIGCONT a moment later.
  case coordinatorPaused = "coordinator paused"
  case workerPaused = "worker paused"
  /// No byte is left on the workspace's file system for a moment.
  case diskFull = "disk full"
  /// Every `fsync` and `fdatasync` fails for a moment.
  case syncsFail = "fsync fails"
  /// A second run of the same study is started.
  case rival = "second run"

  /// How often it is drawn, beside the others.
  var weight: Int {
    switch self {
    case .coordinatorKilled, .workerKilled: 6
    case .allKilled: 4
    case .interrupted, .terminatedTwice, .coordinatorPaused, .workerPaused, .diskFull, .syncsFail, .rival: 1
    }
  }

  /// One of those that can be had.
  static func drawn(among faults: [Fault], by draws: inout Draws) -> Fault {
    var ticket = Int.random(in: 0..<faults.reduce(0) { $0 + $1.weight }, using: &draws)
    for fault in faults {
      ticket -= fault.weight
      if ticket < 0 { return fault }
    }
    return faults[0]
  }
}
