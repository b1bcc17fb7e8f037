import ArgumentParser
import Foundation

/// `graft init`: writes a study file to start from.
struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Write a study file to start from: the quickstart, with comments.")

  @Argument(help: "The file to write.")
  var file = "study.yaml"

  func run() throws {
    guard !FileManager.default.fileExists(atPath: file) else {
      throw CommandFailure(.cannotWrite, "\(file) is already there, and is left as it is", remedy: "name another file")
    }
    guard FileManager.default.createFile(atPath: file, contents: Data(PackageResources.quickstart_yaml)) else {
      throw CommandFailure(
        .cannotWrite, "\(file) cannot be written: \(String(cString: strerror(errno)))",
        remedy: "name a place that you may write to")
    }
    Console.writeLine("wrote \(file); now: graft plan \(file)")
  }
}
