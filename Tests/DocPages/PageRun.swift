import Foundation

/// Runs a page's steps by one bash, in an empty folder, and says what came of them.
public struct PageRun {
  /// What is wrong, where.
  public struct Finding: CustomStringConvertible {
    public let place: String
    public let text: String
    public var description: String { "\(place): \(text)" }
  }

  public let page: Page
  public private(set) var findings: [Finding] = []
  /// Steps that were run, and those that were left to `make test-docs`.
  public private(set) var ran = 0
  public private(set) var leftOut: [Page.Step] = []
  public private(set) var seconds = 0.0

  /// Where pages are run.
  public struct Place {
    /// The folder of `graft` and `graft-worker`.
    public let programs: String
    /// The project's own folder, `$SOURCE` to the pages.
    public let source: String
    /// Seconds after which a page is ended.
    public let limit: Double

    public init(programs: String, source: String, limit: Double = 600) {
      self.programs = programs
      self.source = source
      self.limit = limit
    }
  }

  /// - Parameter isQuick: Whether slow steps are left out.
  public init(_ page: Page, at place: Place, isQuick: Bool) throws {
    self.page = page
    leftOut = isQuick ? page.steps.filter { $0.slow != nil } : []
    for step in page.steps {
      guard case .quote(let path, let lines) = step.action else { continue }
      ran += 1
      let text = try? String(contentsOf: URL(filePath: place.source).appending(path: path), encoding: .utf8)
      if !ExpectedOutput(["..."] + lines + ["..."]).matches(text ?? "") {
        add(step, "\(path) does not have these lines")
      }
    }
    let steps = page.steps.filter { $0.isForShell && !(isQuick && $0.slow != nil) }
    guard !steps.isEmpty else { return }
    let folder = FileManager.default.temporaryDirectory.appending(path: "graft-docs-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in ["page", "steps", "home"] {
      try FileManager.default.createDirectory(at: folder.appending(path: name), withIntermediateDirectories: true)
    }
    let script = folder.appending(path: "script")
    try Data(Self.script(steps).utf8).write(to: script)
    let begin = ContinuousClock.now
    let isOverdue = try Self.perform(script.path, in: folder, place)
    seconds = (ContinuousClock.now - begin) / .seconds(1)
    for (number, step) in steps.enumerated() {
      let results = folder.appending(path: "steps/\(number)")
      func text(_ name: String) -> String? {
        try? String(contentsOf: URL(filePath: results.path + name), encoding: .utf8)
      }
      ran += 1
      guard let status = text(".status").flatMap({ Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }) else {
        let why = isOverdue ? "was not done within \(Int(place.limit)) s" : "ended the shell"
        add(step, "\(why); so far it printed:\n\(Self.indented(text(".out") ?? ""))")
        return
      }
      if let finding = Self.finding(step, status: status, printed: text(".out") ?? "", last: text(".command")) {
        add(step, finding)
        return
      }
    }
  }

  private mutating func add(_ step: Page.Step, _ text: String) {
    findings.append(Finding(place: "\(page.name):\(step.line)", text: text))
  }

  private static func finding(_ step: Page.Step, status: Int32, printed: String, last: String?) -> String? {
    if status != step.status {
      let command = last.map { " at `\($0.trimmingCharacters(in: .newlines))`" } ?? ""
      return "ended with status \(status), not \(step.status)\(command):\n\(indented(printed))"
    }
    guard case .command(let command, let prints) = step.action, !ExpectedOutput(prints).matches(printed) else {
      return nil
    }
    let expected = indented(prints.joined(separator: "\n"))
    return "`\(command)` printed\n\(indented(printed))\n  where the page has\n\(expected)"
  }

  private static func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).suffix(60).map { "    \($0)" }.joined(separator: "\n")
  }

  /// One shell for the whole page, so that folders, variables and jobs are as they were left.
  private static func script(_ steps: [Page.Step]) -> String {
    var script = """
      set -o pipefail
      step=0
      trap 'status=$?; echo "$BASH_COMMAND" > "$STEPS/$step.command"; echo $status > "$STEPS/$step.status"' EXIT

      """
    for (number, step) in steps.enumerated() {
      let output = "> \"$STEPS/\(number).out\" 2>&1 < /dev/null"
      script += "step=\(number)\n"
      switch step.action {
      case .script(let text): script += "set -e\n{\n\(text)\n} \(output)\nset +e\nstatus=0\n"
      case .quote: break
      case .command(let text, _): script += "{\n\(text)\n} \(output)\nstatus=$?\n"
      case .file(let name, let text):
        let end = "END-OF-\(number)-OF-THE-PAGE"
        script += "mkdir -p \"$(dirname '\(name)')\" && cat > '\(name)' <<'\(end)'\n\(text)\(end)\nstatus=$?\n"
      }
      script += "echo $status > \"$STEPS/\(number).status\"\n"
      script += "[ $status = \(step.status) ] || { trap - EXIT; exit 0; }\n"
    }
    return script + "trap - EXIT\n"
  }

  /// Whether it had to be ended.
  private static func perform(_ script: String, in folder: URL, _ place: Place) throws -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/timeout")
    process.arguments = ["--kill-after=20", "\(place.limit)", "bash", script]
    process.currentDirectoryURL = folder.appending(path: "page")
    var environment = ProcessInfo.processInfo.environment
    for name in environment.keys where name.hasPrefix("GRAFT_") || name.hasPrefix("XDG_") { environment[name] = nil }
    environment["PATH"] = "\(place.programs):\(environment["PATH"] ?? "/usr/bin:/bin")"
    environment["HOME"] = folder.appending(path: "home").path
    environment["STEPS"] = folder.appending(path: "steps").path
    environment["SOURCE"] = place.source
    environment["TERM"] = "dumb"
    environment["LC_ALL"] = "C.UTF-8"
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return [124, 137].contains(process.terminationStatus)
  }

  /// A line on what was run, and lines on what was not.
  public var summary: String {
    var text = "\(page.name): \(ran) of \(page.steps.count) steps run in \(String(format: "%.1f", seconds)) s\n"
    for step in leftOut { text += "  line \(step.line) left to `make test-docs`: \(step.slow ?? "")\n" }
    for block in page.unrun { text += "  line \(block.line) not run: \(block.reason)\n" }
    return text
  }
}

extension Page.Step {
  fileprivate var isForShell: Bool { if case .quote = action { false } else { true } }
}
