/// What a user wants stages to run on.
public enum DeviceChoice: Sendable, Hashable {
  /// Every CUDA device where there is one, else the CPU.
  case automatic
  case cpu
  /// Every CUDA device.
  case everyCUDA
  /// So many CUDA devices, the first ones.
  case firstCUDA(count: Int)
  case oneCUDA(index: Int)

  /// As the command line has it: `auto`, `cpu`, `cuda`, `cuda:N`; nil for anything else.
  public init?(_ text: String) {
    switch text {
    case "auto": self = .automatic
    case "cpu": self = .cpu
    case "cuda": self = .everyCUDA
    default:
      let prefix = "cuda:"
      let digits = text.dropFirst(prefix.count)
      guard text.hasPrefix(prefix), digits.allSatisfy({ ("0"..."9").contains($0) }), let index = Int(digits) else {
        return nil
      }
      self = .oneCUDA(index: index)
    }
  }

  /// As a study's `gpus` has it; nil is `auto`.
  public init(gpus: Int?) {
    switch gpus {
    case nil: self = .automatic
    case 0?: self = .cpu
    case let count?: self = .firstCUDA(count: count)
    }
  }

  /// The devices that stages run on, of the CUDA devices that the worker can use.
  ///
  /// - Throws: `RunError.deviceMissing` where one that is asked for is not among them.
  public func devices(available: Int) throws(RunError) -> StageDevices {
    let missing = RunError.deviceMissing(self, available: available)
    switch self {
    case .cpu: return .cpu
    case .automatic: return available > 0 ? .cuda(Array(0..<available)) : .cpu
    case .everyCUDA:
      guard available > 0 else { throw missing }
      return .cuda(Array(0..<available))
    case .firstCUDA(let count):
      guard count <= available else { throw missing }
      return .cuda(Array(0..<count))
    case .oneCUDA(let index):
      guard index < available else { throw missing }
      return .cuda([index])
    }
  }
}

/// The devices that the stages of a run are shared out to.
public enum StageDevices: Sendable, Hashable {
  /// The processor, which all slots share.
  case cpu
  /// CUDA devices by index, at least one.
  case cuda([Int])

  /// How many devices; nil for the processor, which is as many as there are jobs.
  public var count: Int? {
    switch self {
    case .cpu: nil
    case .cuda(let indices): max(1, indices.count)
    }
  }

  /// The device of a slot, as stages are told it: `cpu`, `cuda:0`.
  /// Slots take the devices in turn.
  public func name(slot: Int) -> String {
    switch self {
    case .cpu: "cpu"
    case .cuda(let indices): "cuda:\(indices[slot % indices.count])"
    }
  }
}
