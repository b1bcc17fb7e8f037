import ArgumentParser
import Foundation
import Planner

/// `graft init`: writes a study file to start from.
struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Write a study file to start from, with every block explained.",
    discussion: """
      The file runs as it is. With --data FOLDER its data set is that folder: a folder a class, such folders within \
      train, val and test, or a table with a row an image. What is found is said, and can be changed in the file. \
      Without it, the images are drawn by Graft.
      """)

  @Argument(help: "The file to write.", completion: .file(extensions: ["yaml", "yml"]))
  var file = "study.yaml"
  @Option(help: ArgumentHelp("Your folder of images.", valueName: "folder"), completion: .directory) var data: String?
  @Flag(help: "Write the quickstart that is built into graft instead.") var quickstart = false

  func validate() throws {
    if quickstart, data != nil { throw ValidationError("--quickstart has data sets of its own: leave --data out") }
  }

  func run() throws {
    guard !FileManager.default.fileExists(atPath: file) else {
      throw CommandFailure(.cannotWrite, "\(file) is already there, and is left as it is", remedy: "name another file")
    }
    guard FileManager.default.createFile(atPath: file, contents: try contents()) else {
      throw CommandFailure(
        .cannotWrite, "\(file) cannot be written: \(String(cString: strerror(errno)))",
        remedy: "name a place that you may write to")
    }
    Console.writeLine("wrote \(file); now: graft plan \(file)")
  }

  private func contents() throws -> Data {
    if quickstart { return Data(PackageResources.quickstart_yaml) }
    guard let data else { return Data(StudyTemplate.drawn.text(file: file).utf8) }
    let found = try FoundImages(in: data, studyFile: file)
    for line in found.remarks { Console.note(line) }
    return Data(found.template.text(file: file).utf8)
  }
}
