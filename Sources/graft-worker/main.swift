import Foundation
import Stages

exit(WorkerCommand.run(Array(CommandLine.arguments.dropFirst())))
