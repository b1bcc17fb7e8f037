internal import CTorch

/// The numbers that matrix products and convolutions are computed with in training steps. Weights, sums, norms and
/// evaluations are float32 in any case.
public enum Precision: String, Sendable, Codable, Hashable, CaseIterable {
  case float32
  case bfloat16
  case float16

  private var native: Int32 {
    switch self {
    case .float32: Int32(GRAFT_FLOAT32)
    case .bfloat16: Int32(GRAFT_BFLOAT16)
    case .float16: Int32(GRAFT_FLOAT16)
    }
  }

  /// Runs the body with products and convolutions in these numbers, on this thread.
  func apply<Value>(_ body: () throws -> Value) rethrows -> Value {
    graft_set_precision(native)
    defer { graft_set_precision(Int32(GRAFT_FLOAT32)) }
    return try body()
  }

  /// Tries a small product and convolution, there and back.
  ///
  /// - Throws: `EngineError.machine` where the device or the libtorch in use cannot compute with such numbers.
  func check(on device: Device) throws {
    guard self != .float32 else { return }
    if self == .float16, device == .cpu {
      throw EngineError.machine(
        "mixed_precision fp16 is for CUDA devices, and this training is on the CPU; set bf16 or off")
    }
    do {
      try Native.recording(true) {
        try apply {
          let image = try Tensor([Float](repeating: 0.5, count: 64), shape: [1, 1, 8, 8], device: device)
          let kernel = try Tensor([Float](repeating: 0.25, count: 36), shape: [4, 1, 3, 3], device: device)
          let matrix = try Tensor([Float](repeating: 0.25, count: 8), shape: [2, 4], device: device)
          for weight in [kernel, matrix] { try weight.requireGradient() }
          let output = try image.channelsLast().convolution(kernel, stride: 1, padding: (1, 1)).averagePool()
            .linear(matrix, bias: nil)
          try output.backward(seed: Tensor([1, 1], shape: [1, 2], device: device))
        }
      }
    } catch EngineError.native(let reason) {
      throw EngineError.machine(
        "mixed_precision \(self == .bfloat16 ? "bf16" : "fp16") cannot be had on \(device) with libtorch "
          + "\(Runtime.libtorchVersion): \(reason)")
    }
  }
}

/// What a float16 loss is multiplied by so that small gradients do not vanish: doubled after `growthInterval` steps without
/// an overflow, halved at each overflow, whose step is left out (Micikevicius et al., *Mixed Precision Training*, ICLR 2018).
package struct LossScale: Sendable, Codable, Hashable {
  package static let growthInterval = 2000
  private static let smallest = 1.0
  private static let largest = 0x1p32

  package private(set) var value: Double = 0x1p16
  private var stepsWithoutOverflow = 0

  package init() {}

  /// Enters a step. Returns false where it overflowed and no smaller scale can help.
  package mutating func observe(overflow: Bool) -> Bool {
    guard overflow else {
      stepsWithoutOverflow += 1
      if stepsWithoutOverflow == Self.growthInterval {
        value = min(value * 2, Self.largest)
        stepsWithoutOverflow = 0
      }
      return true
    }
    guard value > Self.smallest else { return false }
    value /= 2
    stepsWithoutOverflow = 0
    return true
  }
}
