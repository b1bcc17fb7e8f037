import Foundation

/// A command as its own declaration has it: what `graft --experimental-dump-help` prints.
public struct CommandTree: Decodable, Sendable {
  public struct Argument: Decodable, Sendable {
    public struct Name: Decodable, Sendable {
      public let kind: String
      public let name: String

      var text: String { kind == "long" ? "--\(name)" : "-\(name)" }
    }

    public let kind: String
    public let shouldDisplay: Bool
    public let sectionTitle: String?
    public let isOptional: Bool
    public let isRepeating: Bool
    public let names: [Name]?
    public let valueName: String?
    public let defaultValue: String?
    public let abstract: String?

    var isPositional: Bool { kind == "positional" }

    /// As it is written: `--set <name=value>`, or what stands at a place: `[<study>] <cell>`.
    var written: String {
      let value = "<\(valueName ?? "")>"
      guard isPositional else {
        let names = (names ?? []).map(\.text).joined(separator: ", ")
        return kind == "flag" ? names : "\(names) \(value)"
      }
      // Two words that share a place are named with a comma; the first may be left out.
      let words = (valueName ?? "").components(separatedBy: ", ").map { "<\($0)>" }
      if words.count > 1 {
        return words.enumerated().map { number, word in
          isOptional || number == 0 ? "[\(word)]" : word
        }.joined(separator: " ")
      }
      return (isOptional ? "[\(value)]" : value) + (isRepeating ? " ..." : "")
    }

    /// What it means, with its default.
    var meaning: String {
      let text = abstract ?? ""
      guard kind != "flag", let defaultValue, !defaultValue.isEmpty, !text.lowercased().contains("default") else {
        return text
      }
      return "\(text) Default: \(defaultValue)."
    }
  }

  public let commandName: String
  public let abstract: String?
  public let discussion: String?
  public let shouldDisplay: Bool?
  public let arguments: [Argument]?
  public let subcommands: [CommandTree]?

  private struct Dump: Decodable { let command: CommandTree }

  /// - Throws: Where it is no such text.
  public init(dump: Data) throws { self = try JSONDecoder().decode(Dump.self, from: dump).command }

  /// Those that a person is shown.
  var shownCommands: [CommandTree] {
    (subcommands ?? []).filter { $0.shouldDisplay != false && $0.commandName != "help" }
  }

  /// Every command that does something, by the words that name it: `graft fetch weights`.
  func leaves(under words: [String] = []) -> [(words: [String], command: CommandTree)] {
    let own = words + [commandName]
    let below = shownCommands.flatMap { $0.leaves(under: own) }
    return below.isEmpty ? [(own, self)] : below
  }

  /// Arguments in the sections of its help; those without a title come first.
  var sections: [(title: String?, arguments: [Argument])] {
    var found: [(title: String?, arguments: [Argument])] = []
    for argument in arguments ?? [] where argument.shouldDisplay && !argument.isHelp {
      if let place = found.firstIndex(where: { $0.title == argument.sectionTitle }) {
        found[place].arguments.append(argument)
      } else {
        found.append((argument.sectionTitle, [argument]))
      }
    }
    return found.filter { $0.title == nil } + found.filter { $0.title != nil }
  }

  /// `graft run [<study>] [<options>]`
  func usage(_ words: [String]) -> String {
    let shown = (arguments ?? []).filter { $0.shouldDisplay && !$0.isHelp }
    let needed = shown.filter { !$0.isOptional && !$0.isPositional && $0.kind == "option" }.map(\.written)
    let hasOptions = shown.contains { !$0.isPositional }
    return (words + needed + shown.filter(\.isPositional).map(\.written) + (hasOptions ? ["[<options>]"] : []))
      .joined(separator: " ")
  }
}

extension CommandTree.Argument {
  /// `--help` and `--version` are every command's.
  fileprivate var isHelp: Bool { names?.contains { ["help", "version"].contains($0.name) } ?? false }
}

/// An option of a study file: what `graft options --format json` prints.
public struct StudyOption: Decodable, Sendable {
  public let section: String
  public let option: String
  public let type: String
  public let `default`: String
  public let meaning: String
}
