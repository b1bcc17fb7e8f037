import Engine
import Files
import Foundation
import Planner
import WorkerProtocol

extension StageFailure {
  /// The failure that an error of the engine or the planner comes to: its class says whether another try makes sense.
  ///
  /// What is neither is a fault of ours, or of the machine: a crash.
  init(explaining error: any Error) {
    switch error {
    case let failure as StageFailure: self = failure
    // Several faults have a remedy each.
    case DataFault.several(let faults): self.init(.data, "\(DataFault.several(faults))")
    case let fault as DataFault: self.init(fault.failureClass, Self.split(fault.description))
    case let fault as FileFault: self.init(fault)
    case let fault as ParameterFault:
      self.init(.spec, fault.description, remedy: "run `graft` and `graft-worker` of the same build")
    case let error as EngineError:
      switch error {
      case .data(let text): self.init(.data, Self.split(text))
      case .specification(let text): self.init(.spec, Self.split(text))
      case .machine(let text): self.init(.machine, Self.split(text))
      case .memory(let text): self.init(.memory, Self.split(text))
      case .native(let text): self.init(.crash, Self.split(text))
      }
    default: self.init(.crash, "\(error)")
    }
  }

  private init(_ failureClass: FailureClass, _ text: (message: String, remedy: String?)) {
    self.init(failureClass, text.message, remedy: text.remedy)
  }

  /// What is wrong and what to do about it, which the engine's texts part by a semicolon at the end.
  private static func split(_ text: String) -> (message: String, remedy: String?) {
    guard let place = text.range(of: "; ", options: .backwards) else { return (text, nil) }
    return (String(text[..<place.lowerBound]), String(text[place.upperBound...]))
  }
}

extension DataFault {
  /// Faults of the study's numbers are the study's; all others the data's.
  fileprivate var failureClass: FailureClass {
    switch self {
    case .badShares, .badStoreSize, .cropTooLarge, .badTransform, .varyingSizes, .unequalSizes, .channelMismatch,
      .badNormalisation, .badPhantom:
      .spec
    case .processing: .crash
    case .noSpace: .machine
    default: .data
    }
  }
}
