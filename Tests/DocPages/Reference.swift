import Foundation

/// The reference: pages for `man` and for `docs/`, of the commands' own declarations and the options' own table.
public struct Reference {
  /// What is made, by its path within the project.
  public private(set) var files: [String: String] = [:]

  private let commands: [(words: [String], command: CommandTree)]
  private let root: CommandTree
  private let version: String
  /// docs/commands.md, whose tables of statuses and variables are taken over.
  private let commandsPage: String

  public init(root: CommandTree, options: [StudyOption], version: String, commandsPage: String) {
    self.root = root
    self.version = version
    self.commandsPage = commandsPage
    commands = root.leaves()
    files["man/graft.1"] = overview()
    for (words, command) in commands { files["man/\(words.joined(separator: "-")).1"] = page(words, command) }
    files["man/graft-study.5"] = studyPage(options)
    files["docs/reference.md"] = reference()
    files["docs/options.md"] = Self.optionsPage(options)
  }

  private static let sign = "<!-- Made by `make reference`; what is changed here is lost. -->\n"

  private func overview() -> String {
    var page = ManualPage("graft", section: 1, version: version, summary: Self.summary(root.abstract))
    page.synopsis(["graft <command> [<study>] [<options>]"])
    page.heading("Description")
    page.paragraph(
      "A study is one YAML file: `graft-study`(5). `graft init` writes one to start from. A study file that is left out is "
        + "the quickstart that is built into graft.")
    page.heading("Commands")
    for (words, command) in commands {
      page.item("\(words.joined(separator: "-"))(1)", command.abstract ?? "")
    }
    page.heading("Exit status")
    for row in MarkdownTable(under: "Exit status", of: commandsPage).rows where row.count == 2 {
      page.item(row[0], row[1])
    }
    page.heading("Environment")
    for row in MarkdownTable(under: "Environment", of: commandsPage).rows where row.count == 2 {
      page.item(row[0].replacingOccurrences(of: "`", with: ""), MarkdownTable.withoutLinks(row[1]))
    }
    page.heading("Files")
    page.item(".graft/", "The workspace: state, artifacts and logs, beside the study file.")
    page.item("results/<study>/", "What `graft report` writes, in the current folder.")
    page.heading("See also")
    page.paragraph("`graft-study`(5)")
    return page.text
  }

  private func page(_ words: [String], _ command: CommandTree) -> String {
    let name = words.joined(separator: "-")
    var page = ManualPage(name, section: 1, version: version, summary: Self.summary(command.abstract))
    page.synopsis([command.usage(words)])
    page.heading("Description")
    page.paragraph(command.abstract ?? "")
    if let discussion = command.discussion, !discussion.isEmpty { page.paragraph(discussion) }
    for section in command.sections {
      let positional = section.arguments.filter(\.isPositional)
      let named = section.arguments.filter { !$0.isPositional }
      for (title, arguments) in [("Arguments", positional), (section.title ?? "Options", named)]
      where !arguments.isEmpty {
        page.heading(title)
        for argument in arguments { page.item(argument.written, argument.meaning) }
      }
    }
    page.heading("See also")
    page.paragraph("`graft`(1) for exit status and environment, `graft-study`(5) for the study file")
    return page.text
  }

  private func studyPage(_ options: [StudyOption]) -> String {
    var page = ManualPage("graft-study", section: 5, version: version, summary: "the options of a study file")
    page.heading("Description")
    page.paragraph(
      "A study file is YAML. `graft check` finds its faults, `graft options` prints this list, `graft schema` a JSON Schema."
    )
    for (section, entries) in Self.sections(options) {
      page.heading(section)
      for entry in entries {
        let standard = entry.default.isEmpty ? "" : " Default: \(entry.default)."
        page.item(entry.option, "\(entry.meaning) Value: \(entry.type).\(standard)")
      }
    }
    page.heading("See also")
    page.paragraph("`graft`(1), `graft-check`(1), `graft-options`(1), `graft-init`(1)")
    return page.text
  }

  /// Options that many commands share are listed once.
  private func reference() -> String {
    var text = Self.sign
    text += """
      # Reference of the commands

      Made from the commands' own declarations, as `graft COMMAND --help` and the pages for `man` are. [Commands](commands.md)
      explains them. Every command takes `--help`.


      """
    var shared: [String: [CommandTree.Argument]] = [:]
    for (_, command) in commands {
      for section in command.sections {
        guard let title = section.title else { continue }
        let known = Set((shared[title] ?? []).map(\.written))
        shared[title, default: []] += section.arguments.filter { !known.contains($0.written) }
      }
    }
    for (words, command) in commands {
      text += "## \(words.joined(separator: " "))\n\n\(command.abstract ?? "")\n\n"
      text += "```text\n\(command.usage(words))\n```\n\n"
      if let discussion = command.discussion, !discussion.isEmpty { text += "\(Self.cell(discussion))\n\n" }
      let own = command.sections.filter { $0.title == nil }.flatMap(\.arguments)
      if !own.isEmpty { text += Self.table(own) + "\n" }
      let titles = command.sections.compactMap(\.title)
      if !titles.isEmpty {
        let links = titles.map { "[\($0.lowercased())](#\($0.lowercased().replacingOccurrences(of: " ", with: "-")))" }
        text += "And \(links.joined(separator: ", ")).\n\n"
      }
    }
    for title in shared.keys.sorted(by: >) { text += "## \(title)\n\n" + Self.table(shared[title] ?? []) + "\n" }
    return String(text.dropLast())
  }

  private static func table(_ arguments: [CommandTree.Argument]) -> String {
    "| argument | what |\n|---|---|\n"
      + arguments.map { "| `\(code($0.written))` | \(cell($0.meaning)) |\n" }.joined()
  }

  private static func optionsPage(_ options: [StudyOption]) -> String {
    var text = sign
    text += """
      # Options of a study file

      Made from the declarations that reading uses, as `graft options` and `graft schema` are. [The study file](study-file.md)
      explains what belongs together.


      """
    for (section, entries) in sections(options) {
      text += "## \(section)\n\n| option | value | default | meaning |\n|---|---|---|---|\n"
      for entry in entries {
        let standard = entry.default.isEmpty ? "" : "`\(code(entry.default))`"
        text += "| `\(entry.option)` | \(cell(entry.type)) | \(standard) | \(cell(entry.meaning)) |\n"
      }
      text += "\n"
    }
    return String(text.dropLast())
  }

  private static func sections(_ options: [StudyOption]) -> [(String, [StudyOption])] {
    var found: [(String, [StudyOption])] = []
    for option in options {
      if found.last?.0 != option.section { found.append((option.section, [])) }
      found[found.count - 1].1.append(option)
    }
    return found
  }

  /// Text that may stand in a table; in backticks it stays as it is, but for what parts columns.
  private static func cell(_ text: String) -> String {
    var isCode = false
    return text.split(separator: "`", omittingEmptySubsequences: false).map { part in
      defer { isCode.toggle() }
      return code(String(part)).replacingOccurrences(of: "<", with: isCode ? "<" : "&lt;")
    }.joined(separator: "`")
  }

  private static func code(_ text: String) -> String {
    text.replacingOccurrences(of: "|", with: "\\|").replacingOccurrences(of: "\n", with: " ")
  }

  /// The one line behind a page's name.
  private static func summary(_ abstract: String?) -> String {
    var text = abstract ?? ""
    if text.hasSuffix(".") { text.removeLast() }
    return text.replacingOccurrences(of: "`", with: "")
  }
}
