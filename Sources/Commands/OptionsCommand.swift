import ArgumentParser
import Planner

/// `graft options`: every option of a study file.
struct OptionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "options", abstract: "List every option of a study file: type, default, meaning.")

  @Option(help: "table, json or csv.") var format = ListFormat.table

  func run() {
    let entries = OptionListing().entries
    if format == .table {
      Console.write(OptionListing().text)
      return
    }
    var listing = Listing(columns: ["section", "option", "type", "default", "meaning"])
    listing.rows = entries.map {
      [.string($0.section), .string($0.name), .string($0.type), .string($0.standard), .string($0.meaning)]
    }
    Console.write(listing.rendered(as: format))
  }
}

/// `graft schema`: the study file's JSON Schema.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Print the JSON Schema of a study file, for editors to complete and check by.")

  func run() { Console.write(StudySchema.text) }
}
