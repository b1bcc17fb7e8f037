import Foundation
import Store
import WorkerProtocol

extension RunError: CustomStringConvertible {
  /// What is wrong and where.
  public var description: String {
    switch self {
    case .workerCannotStart(let path, let code): "cannot start the worker \(path): \(String(cString: strerror(code)))"
    case .workerEndsAtOnce(let status, let output):
      "the worker ends with status \(status) before it greets" + (output.isEmpty ? "" : "; it printed:\n\(output)")
    case .workerOfOtherVersion(let version):
      "the worker speaks version \(version) of the protocol, not \(ProtocolVersion.current)"
    case .disorderedPlan(let label): "the plan names \(label) before a stage that it reads"
    case .deviceMissing(let choice, let available):
      "\(choice.wording) asked for, and graft-worker finds "
        + (available == 0
          ? "no CUDA device" : available == 1 ? "one CUDA device, cuda:0" : "cuda:0 to cuda:\(available - 1)")
    case .noWorkers(let failure): failure.message
    case .workspace(let error): error.description
    case .lockRemoved(let workspace): "\(workspace)/lock was removed while the run went on"
    case .tooFewDescriptors(let limit, let needed):
      "the run needs \(needed) open files, and this process may have \(limit)"
    case .diskFull(let failure): failure.message
    }
  }

  /// What to do about it.
  public var remedy: String {
    switch self {
    case .workerCannotStart(_, EMFILE), .workerCannotStart(_, ENFILE):
      "raise the number of open files (`ulimit -n`), or use fewer jobs (`--jobs`)"
    case .workerCannotStart(_, EAGAIN), .workerCannotStart(_, ENOMEM):
      "use fewer jobs (`--jobs`), or raise the number of processes (`ulimit -u`)"
    case .workerCannotStart: "build it with `swift build -c release --product graft-worker`, or put it beside `graft`"
    case .workerEndsAtOnce: "`graft doctor` shows which libraries it finds"
    case .workerOfOtherVersion: "build `graft` and `graft-worker` from the same sources"
    case .disorderedPlan: "this is a fault of Graft: please report it with the study file"
    case .deviceMissing:
      "`--device auto` takes what there is, `--device cpu` the processor; `graft doctor` shows which libtorch is in use, and "
        + "docs/gpu.md how to build with one for CUDA"
    case .noWorkers(let failure): failure.remedy ?? "run the same command again"
    case .workspace(let error): error.remedy
    case .lockRemoved:
      "leave that file alone, and run the same command again when no other run works there; what was done is kept"
    case .tooFewDescriptors(_, let needed):
      "raise the limit (`ulimit -n \(needed)`; the hard limit may need an administrator), or use fewer jobs (`--jobs`)"
    case .diskFull(let failure): failure.remedy ?? "free some space, then run the same command again"
    }
  }
}

extension DeviceChoice {
  fileprivate var wording: String {
    switch self {
    case .automatic: "any device is"
    case .cpu: "the CPU is"
    case .everyCUDA: "device cuda is"
    case .firstCUDA(let count): count == 1 ? "1 CUDA device (gpus) is" : "\(count) CUDA devices (gpus) are"
    case .oneCUDA(let index): "device cuda:\(index) is"
    }
  }
}

extension WorkerLoss {
  /// The loss of a worker as the failure of the stage that it ran.
  var failure: StageFailure {
    let log = "`graft logs` shows what it printed last"
    return switch self {
    case .exited(let status): StageFailure(.crash, "the worker ended with status \(status) in mid-stage", remedy: log)
    case .signalled(let number, outOfMemory: true):
      StageFailure(
        .memory, "the system ended the worker for want of memory (signal \(number))",
        remedy: "use fewer jobs (`--jobs`), a smaller batch, or `resources.memory` in the study")
    case .signalled(let number, outOfMemory: false):
      StageFailure(.crash, "the worker died of signal \(number) (\(Self.name(ofSignal: number)))", remedy: log)
    case .babbled(let text):
      StageFailure(.crash, "the worker wrote what is no message: \(text.debugDescription)", remedy: log)
    case .neverGreeted(let status, let output):
      StageFailure(
        .machine, RunError.workerEndsAtOnce(status: status, output: output).description, remedy: "`graft doctor`")
    case .otherVersion(let version):
      StageFailure(
        .machine, RunError.workerOfOtherVersion(version).description, remedy: "build both from the same sources")
    case .ended(let failure), .unavailable(let failure): failure
    }
  }

  private static func name(ofSignal number: Int32) -> String {
    strsignal(number).map { String(cString: $0) } ?? "unknown"
  }
}
