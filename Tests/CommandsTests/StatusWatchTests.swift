import Foundation
import Testing

/// `graft status --watch` in a terminal, and what `graft status` says for scripts.
@Suite(.serialized) struct StatusWatchTests {
  /// A study whose run takes long enough to be looked at, begun.
  private func longRun(in folder: TemporaryFolder) throws -> GraftProcess.Running {
    try folder.write(Studies.small(epochs: 500), to: "small.yaml")
    return try GraftProcess.start(["run", "small.yaml"], in: folder)
  }

  private func end(_ run: GraftProcess.Running) throws {
    run.signal(SIGTERM)
    run.signal(SIGTERM)
    _ = try run.finish()
  }

  /// What every end of a view leaves: the screen and the cursor that were there, and the terminal's settings.
  private func expectGivenBack(
    _ terminal: PseudoTerminal, _ before: [UInt32], _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(terminal.written.hasSuffix("\u{1B}[?25h\u{1B}[?1049l"), sourceLocation: location)
    #expect(!terminal.screen.isOther && terminal.screen.hasCursor, sourceLocation: location)
    #expect(terminal.settings == before, sourceLocation: location)
  }

  @Test(.timeLimit(.minutes(3))) func aRunIsSeenOnTheWholeScreen() throws {
    let folder = try TemporaryFolder()
    let run = try longRun(in: folder)
    let terminal = try PseudoTerminal(columns: 80, rows: 24)
    let before = terminal.settings
    let view = try terminal.start(["status", "small.yaml", "--watch"], in: folder)

    // The run is there, with what its stages tell; cells are counted along two axes.
    let isSeen = terminal.awaits { screen in
      screen.text.contains("run by process \(run.process.processIdentifier) on ") && screen.text.contains("epoch ")
    }
    try #require(isSeen, "\(terminal.screen.text)")
    #expect(terminal.screen.isOther && !terminal.screen.hasCursor)
    #expect(terminal.settings != before)
    let text = terminal.screen.text
    #expect(text.contains("small  0 of 12 cells done"), "\(text)")
    #expect(text.contains("cells by init and backbone"), "\(text)")
    #expect(text.contains("resnet_micro") && text.contains("vit_micro"), "\(text)")
    #expect(text.contains("\n> "), "\(text)")

    // Another size is drawn to its last line.
    terminal.resize(columns: 100, rows: 30)
    let isDrawn = terminal.awaits {
      $0.lines.count == 30 && $0.lines[29].contains("q ends") && $0.text.contains("\n> ")
    }
    #expect(isDrawn, "\(terminal.screen.text)")
    // Other axes.
    terminal.type("x")
    #expect(terminal.awaits { $0.text.contains("cells by init and seed") }, "\(terminal.screen.text)")

    // A run that is killed is not shown as one that goes on, nor are its stages.
    run.signal(SIGKILL)
    _ = try run.finish()
    let isGone = terminal.awaits { $0.text.contains("no run now") && !$0.text.contains("\n> ") }
    #expect(isGone, "\(terminal.screen.text)")

    // An edit of the study is said, and read when a person wants it.
    try folder.write(Studies.small(epochs: 500, seeds: 3), to: "small.yaml")
    #expect(terminal.awaits { $0.text.contains("small.yaml has changed: r reads it again") }, "\(terminal.screen.text)")
    terminal.type("r")
    let isRead = terminal.awaits { $0.text.contains("of 18 cells done") && !$0.text.contains("has changed") }
    #expect(isRead, "\(terminal.screen.text)")
    // Where it cannot be read, what was there stays.
    try folder.write("study: [", to: "small.yaml")
    #expect(terminal.awaits { $0.text.contains("has changed") })
    terminal.type("r")
    #expect(
      terminal.awaits { $0.text.contains("not read") && $0.text.contains("of 18 cells") }, "\(terminal.screen.text)")

    terminal.type("q")
    #expect(terminal.end(of: view) == 0)
    expectGivenBack(terminal, before)
  }

  /// However it ends, the terminal is as it was.
  @Test(.timeLimit(.minutes(2)), arguments: ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])
  func signalsGiveTheTerminalBack(name: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "small.yaml")
    let terminal = try PseudoTerminal(columns: 80, rows: 24)
    let before = terminal.settings
    let view = try terminal.start(["status", "small.yaml", "--watch"], in: folder)
    try #require(terminal.awaits { $0.text.contains("q ends") }, "\(terminal.screen.text)")
    switch name {
    case "SIGINT": terminal.type("\u{3}")
    case "SIGTERM": kill(view, SIGTERM)
    case "SIGHUP": kill(view, SIGHUP)
    default: terminal.type("\u{1C}")
    }
    #expect(terminal.end(of: view) == 130)
    expectGivenBack(terminal, before)
  }

  /// Ctrl-Z gives the terminal to the shell, `fg` takes it again.
  @Test(.timeLimit(.minutes(2))) func aSuspendedViewGoesOn() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "small.yaml")
    let terminal = try PseudoTerminal(columns: 80, rows: 24)
    let before = terminal.settings
    let script = """
      set -m; '\(GraftProcess.binary.path)' status small.yaml --watch; echo "left with $?"; read line; fg; echo "ended with $?"
      """
    let shell = try terminal.start(["-c", script], in: folder, program: "/bin/bash")
    try #require(terminal.awaits { $0.text.contains("q ends") }, "\(terminal.screen.text)")
    let during = terminal.settings
    terminal.type("\u{1A}")
    #expect(terminal.awaits { $0.text.contains("left with 148") }, "\(terminal.screen.text)")
    #expect(!terminal.screen.isOther && terminal.screen.hasCursor)
    #expect(terminal.settings == before)
    terminal.type("\n")
    #expect(terminal.awaits { $0.isOther && $0.text.contains("q ends") }, "\(terminal.screen.text)")
    #expect(terminal.settings == during)
    terminal.type("q")
    #expect(terminal.end(of: shell) == 0)
    #expect(terminal.written.contains("ended with 0"))
    #expect(!terminal.screen.isOther && terminal.screen.hasCursor && terminal.settings == before)
  }

  /// A study that is done stays in sight until a person has seen it.
  @Test(.timeLimit(.minutes(2))) func theEndOfAStudyIsSeen() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "small.yaml")
    let hollow = GraftProcess.binary.deletingLastPathComponent().appendingPathComponent("graft-hollow-worker").path
    let terminal = try PseudoTerminal(columns: 60, rows: 20)
    let view = try terminal.start(
      ["status", "small.yaml", "--watch", "--rows", "seed", "--columns", "init"], in: folder,
      environment: ["NO_COLOR": "1"])
    // There is no workspace yet.
    try #require(terminal.awaits { $0.text.contains("small  0 of 12 cells done") }, "\(terminal.screen.text)")
    #expect(try GraftProcess.run(["run", "small.yaml"], in: folder, environment: ["GRAFT_WORKER": hollow]).status == 0)
    #expect(terminal.awaits { $0.text.contains("all 12 cells done") }, "\(terminal.screen.text)")
    #expect(terminal.screen.text.contains("cells by seed and init"))
    #expect(!terminal.written.contains(/\u{1B}\[[1-9][0-9]*m/), "colours though NO_COLOR is set")
    terminal.type("q")
    #expect(terminal.end(of: view) == 0)

    // For scripts.
    let done = try GraftProcess.run(["status", "small.yaml", "--format", "json"], in: folder)
    let facts = try #require(try JSONSerialization.jsonObject(with: Data(done.output.utf8)) as? [String: Any])
    #expect(facts["cells"] as? Int == 12 && facts["cells_done"] as? Int == 12 && facts["study"] as? String == "small")
    #expect(facts["holder"] is NSNull && facts["estimate"] is NSNull)
    #expect((facts["running"] as? [Any])?.isEmpty == true && (facts["failed"] as? [Any])?.isEmpty == true)
    #expect(
      (facts["kinds"] as? [[String: Any]])?.contains { $0["kind"] as? String == "train" && $0["done"] as? Int == 12 }
        == true)
  }

  @Test(.timeLimit(.minutes(2))) func scriptsAreToldWhatRunsAndWhatFailed() throws {
    let folder = try TemporaryFolder()
    let study = Studies.small(epochs: 500, seeds: 1)
      .replacing(
        "resnet_micro: {pretrain: {dataset: shapes, epochs: 1}}", with: "resnet_micro: {file: none.safetensors}")
    try folder.write(study, to: "small.yaml")
    let run = try GraftProcess.start(["run", "small.yaml"], in: folder)
    var facts: [String: Any] = [:]
    func members(_ name: String) -> [[String: Any]] { facts[name] as? [[String: Any]] ?? [] }
    func told() -> [String: Any]? { members("running").compactMap { $0["progress"] as? [String: Any] }.first }
    while run.isRunning, told() == nil || members("failed").isEmpty {
      let status = try GraftProcess.run(["status", "small.yaml", "--format", "json"], in: folder)
      #expect(status.status == 0)
      facts = try #require(try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any])
    }
    let holder = try #require(facts["holder"] as? [String: Any])
    #expect(holder["process"] as? Int == Int(run.process.processIdentifier))
    #expect((holder["command"] as? String)?.hasSuffix("run small.yaml") == true)
    let running = try #require(members("running").first { $0["progress"] is [String: Any] })
    #expect(running["device"] as? String == "cpu" && running["kind"] is String, "\(running)")
    #expect((running["worker"] as? [String: Any])?["process"] is Int)
    #expect(told()?["fraction"] is Double && told()?["position"] is String)
    let failed = try #require(members("failed").first)
    #expect(failed["class"] as? String == "data" && failed["kind"] as? String == "weights", "\(failed)")
    #expect((failed["message"] as? String)?.contains("none.safetensors") == true && failed["at"] is String)
    #expect(facts["cells"] as? Int == 6 && facts["cells_done"] as? Int == 0)
    try end(run)
  }

  @Test(.timeLimit(.minutes(1))) func whatCannotBeShownIsSaid() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "small.yaml")
    func status(_ options: String...) throws -> GraftProcess.Result {
      try GraftProcess.run(["status", "small.yaml"] + options, in: folder)
    }
    let plain = try status("--watch")
    #expect(plain.status == 64)
    #expect(
      plain.errors == """
        graft: error: --watch draws on a terminal, and standard output is none
          help: for scripts: `graft status --format json`

        """)
    let axis = try status("--watch", "--rows", "backbnoe")
    #expect(axis.status == 64)
    #expect(
      axis.errors == """
        graft: error: --rows: the study has no axis 'backbnoe'; did you mean backbone?
          help: its axes are dataset, backbone, fraction, init, seed

        """)
    let twice = try status("--watch", "--rows", "seed", "--columns", "seed")
    #expect(twice.status == 64 && twice.errors.contains("both are 'seed'"), "\(twice.errors)")
    let format = try status("--watch", "--format", "json")
    #expect(format.status == 64 && format.errors.contains("has no --format"), "\(format.errors)")
    let alone = try status("--rows", "seed")
    #expect(alone.status == 64 && alone.errors.contains("are for --watch"), "\(alone.errors)")

    let terminal = try PseudoTerminal(columns: 80, rows: 24)
    let dumb = try terminal.start(["status", "small.yaml", "--watch"], in: folder, environment: ["TERM": "dumb"])
    #expect(terminal.end(of: dumb) == 64)
    #expect(terminal.written.contains("TERM=dumb"), "\(terminal.written)")
  }
}
