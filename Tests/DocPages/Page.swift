import Foundation

/// A page of the documentation, as far as it is run: its blocks in order. docs/pages.md has the convention.
public struct Page: Sendable, Equatable {
  /// What is done, at which line of the page.
  public struct Step: Sendable, Equatable {
    public enum Action: Sendable, Equatable {
      /// A `sh` block, or commands within a comment: every command must succeed.
      case script(String)
      /// One command of a `console` block, with what it prints.
      case command(String, prints: [String])
      /// A block that becomes a file.
      case file(name: String, text: String)
      /// A block that is part of one of the project's files.
      case quote(of: String, lines: [String])
    }

    public var line: Int
    public var action: Action
    public var status: Int32 = 0
    /// Why it is run by `make test-docs` alone.
    public var slow: String?

    public init(line: Int, action: Action, status: Int32 = 0, slow: String? = nil) {
      self.line = line
      self.action = action
      self.status = status
      self.slow = slow
    }
  }

  /// A block that nobody runs.
  public struct Unrun: Sendable, Equatable {
    public var line: Int
    public var reason: String
  }

  /// What is wrong with the page itself.
  public struct Fault: Error, Equatable, CustomStringConvertible {
    public var page: String
    public var line: Int
    public var reason: String
    public var description: String { "\(page):\(line): error: \(reason)" }
  }

  public let name: String
  public private(set) var steps: [Step] = []
  public private(set) var unrun: [Unrun] = []

  /// What blocks may be in, beside those that are run.
  private static let otherLanguages: Set<String> = ["", "text", "yaml", "json", "swift", "csv", "dockerfile"]

  /// - Throws: `Fault` for a block or comment that the convention does not have.
  public init(name: String, text: String) throws(Fault) {
    self.name = name
    var reader = PageReader(text)
    var wish = Directive.Wish()
    while let piece = reader.next() {
      switch piece {
      case .comment(let line, let text):
        guard let attempt = Directive.attempt(text) else { continue }
        guard let directive = attempt.read else {
          throw Fault(page: name, line: line, reason: "'\(attempt.text)' is no directive; docs/pages.md has them")
        }
        if case .run(let script) = directive {
          steps.append(Step(line: line + 1, action: .script(script), slow: wish.slow ?? wish.pageSlow))
        } else {
          wish.take(directive)
        }
      case .block(let line, let language, let lines):
        try add(line, language, lines, wish)
        wish = wish.ofPage
      case .open(let line):
        throw Fault(page: name, line: line, reason: "what begins here is never closed")
      }
    }
  }

  private mutating func add(_ line: Int, _ language: String, _ lines: [String], _ wish: Directive.Wish) throws(Fault) {
    func fault(_ reason: String) -> Fault { Fault(page: name, line: line, reason: reason) }
    let isRun = language == "sh" || language == "console"
    guard isRun || Self.otherLanguages.contains(language) else { throw fault("blocks in '\(language)' are not known") }
    let slow = wish.slow ?? wish.pageSlow
    if let file = wish.file {
      let text = lines.map { $0 + "\n" }.joined()
      steps.append(Step(line: line, action: .file(name: file, text: text), slow: slow))
    } else if let source = wish.source {
      steps.append(Step(line: line, action: .quote(of: source, lines: lines)))
    } else if let reason = wish.notRun ?? wish.pageNotRun {
      if isRun { unrun.append(Unrun(line: line, reason: reason)) }
    } else if language == "sh" {
      let text = lines.joined(separator: "\n")
      steps.append(Step(line: line + 1, action: .script(text), status: wish.status, slow: slow))
    } else if language == "console" {
      try addCommands(line, lines, wish.status, slow)
    } else if language.isEmpty,
      lines.contains(where: { $0.hasPrefix("graft ") || $0.hasPrefix("$ ") || $0.hasPrefix("make ") })
    {
      throw fault("commands in a block that is not run: make it `sh` or `console`, or say why not")
    }
  }

  private mutating func addCommands(_ line: Int, _ lines: [String], _ status: Int32, _ slow: String?) throws(Fault) {
    var commands: [(line: Int, text: String, prints: [String])] = []
    for (number, text) in lines.enumerated() {
      if text.hasPrefix("$ ") {
        commands.append((line + 1 + number, String(text.dropFirst(2)), []))
      } else if text.hasPrefix("> "), let last = commands.last, last.prints.isEmpty {
        commands[commands.count - 1].text += "\n" + text.dropFirst(2)
      } else if commands.isEmpty {
        throw Fault(page: name, line: line + 1 + number, reason: "a console block begins with a command after `$ `")
      } else {
        commands[commands.count - 1].prints.append(text)
      }
    }
    for (number, command) in commands.enumerated() {
      steps.append(
        Step(
          line: command.line, action: .command(command.text, prints: command.prints),
          status: number == commands.count - 1 ? status : 0, slow: slow))
    }
  }
}

/// What a comment `<!-- docs: ... -->` asks for.
private enum Directive {
  case notRun(String), slow(String), pageNotRun(String), pageSlow(String), status(Int32), file(String), run(String),
    source(String)

  /// A comment that begins as a directive does, read or not.
  struct Attempt {
    let text: String
    let read: Directive?
  }

  /// Nil for a comment that is none of ours.
  static func attempt(_ comment: String) -> Attempt? {
    let text = comment.trimmingCharacters(in: .whitespacesAndNewlines)
    guard text.hasPrefix("docs:") else { return nil }
    let wish = String(text.dropFirst("docs:".count).drop { $0 == " " })
    return Attempt(text: wish, read: reading(wish))
  }

  private static func reading(_ text: String) -> Directive? {
    func rest(_ start: String) -> String? {
      guard text.hasPrefix(start) else { return nil }
      let rest = text.dropFirst(start.count).trimmingCharacters(in: .whitespacesAndNewlines)
      return rest.isEmpty ? nil : rest
    }
    if let reason = rest("not run:") { return .notRun(reason) }
    if let reason = rest("slow:") { return .slow(reason) }
    if let reason = rest("page not run:") { return .pageNotRun(reason) }
    if let reason = rest("page slow:") { return .pageSlow(reason) }
    if let number = rest("status ").flatMap({ Int32($0) }) { return .status(number) }
    if let name = rest("file ") { return .file(name) }
    if let path = rest("from ") { return .source(path) }
    if let script = rest("run\n") { return .run(script) }
    return nil
  }

  /// What is asked of the next block, and of the page's rest.
  struct Wish {
    var notRun: String?
    var slow: String?
    var status: Int32 = 0
    var file: String?
    var source: String?
    var pageNotRun: String?
    var pageSlow: String?

    var ofPage: Wish { Wish(pageNotRun: pageNotRun, pageSlow: pageSlow) }

    mutating func take(_ directive: Directive) {
      switch directive {
      case .notRun(let reason): notRun = reason
      case .slow(let reason): slow = reason
      case .pageNotRun(let reason): pageNotRun = reason
      case .pageSlow(let reason): pageSlow = reason
      case .status(let number): status = number
      case .file(let name): file = name
      case .source(let path): source = path
      case .run: break
      }
    }
  }
}
