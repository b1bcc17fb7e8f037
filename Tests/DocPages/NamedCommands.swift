import Foundation

extension CommandTree {
  /// What a page's inline code names that is no command or no option of it: `graft rnu`, `graft run --fats`.
  public func faults(inCommandsOf page: String) -> [String] {
    page.matches(of: /`graft ([^`\n]+)`/).compactMap { match in
      let words = match.output.1.split(separator: " ").map(String.init)
      return fault(of: words).map { "`graft \(match.output.1)`: \($0)" }
    }
  }

  private func fault(of words: [String]) -> String? {
    guard let first = words.first else { return nil }
    // `graft COMMAND` and `graft --version` name none.
    if first == first.uppercased() || first.hasPrefix("-") { return nil }
    guard let command = (subcommands ?? []).first(where: { $0.commandName == first }) else {
      return "there is no command \(first)"
    }
    if let inner = words.dropFirst().first, command.shownCommands.contains(where: { $0.commandName == inner }) {
      return command.fault(of: Array(words.dropFirst()))
    }
    let known = Set((command.arguments ?? []).flatMap { ($0.names ?? []).map { "--\($0.name)" } }).union(["--help"])
    let named = words.dropFirst().prefix { !["|", ";", "&&", "--"].contains($0) }.filter { $0.hasPrefix("--") }
    let wrong = named.map { String($0.prefix { $0 != "=" && $0 != "," && $0 != ";" }) }.filter { !known.contains($0) }
    return wrong.first.map { "\(command.commandName) has no option \($0)" }
  }
}
