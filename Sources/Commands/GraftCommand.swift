import ArgumentParser
import Foundation

/// The command line.
public struct GraftCommand: AsyncParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "graft",
    abstract: "Run a transfer-learning study from one YAML file: plan it, run it, go on with it, report it.",
    version: Provenance.version,
    subcommands: [
      InitCommand.self, CheckCommand.self, PlanCommand.self, RunCommand.self, RetryCommand.self, StopCommand.self,
      TrainCommand.self, TestCommand.self,
      MeasureCommand<KNNMeasure>.self, MeasureCommand<LayerwiseKNNMeasure>.self,
      MeasureCommand<LayerImportanceMeasure>.self, MeasureCommand<L2Measure>.self, MeasureCommand<CKAMeasure>.self,
      MeasureCommand<CrossCKAMeasure>.self, MeasureCommand<EmbeddingMeasure>.self,
      MeasureCommand<DistanceMeasure>.self, StatusCommand.self, ServeCommand.self, PreviewCommand.self,
      ExplainCommand.self, LogsCommand.self, AcceptCommand.self, ReportCommand.self, ExportCommand.self,
      ImportCommand.self,
      FetchCommand.self, DoctorCommand.self,
      OptionsCommand.self, SchemaCommand.self, NoopCommand.self,
    ])

  public init() {}

  /// Runs the command that the process's arguments name, and ends the process with its status.
  public static func perform() async {
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let failure as CommandFailure {
      Console.note(failure.text)
      Foundation.exit(failure.status.rawValue)
    } catch let status as ExitCode {
      Foundation.exit(status.rawValue)
    } catch {
      exit(withError: error)
    }
  }
}

extension CommandFailure {
  /// A study file's faults come with their own places; any other message is given one.
  var text: String {
    let first = status == .studyOrData && message.contains(": error: ") ? message : "graft: error: \(message)"
    return remedy.map { "\(first)\n  help: \($0)" } ?? first
  }
}
