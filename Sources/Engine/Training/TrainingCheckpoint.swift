import Foundation

/// A training's state at a step, in one safetensors file that is replaced as a whole: weights, best weights, optimizer
/// moments as tensors; the rest as text in the header, with a digest of both.
struct TrainingCheckpoint {
  /// All that is not a tensor.
  struct State: Codable {
    var options: TrainingOptions
    /// How many images the training and validation splits have, so that another data set's checkpoint is told apart.
    var trainingCount: Int
    var validationCount: Int
    var step: Int
    /// Steps that moved the weights: `step`, but for those that a float16 overflow left out.
    var updates: Int
    var schedule: LearningRateSchedule
    var lossTotal: Double
    var lossCount: Int
    var history: [ValidationRecord]
    var best: ValidationRecord?
    /// What early stopping and the scaling of float16 losses have seen, where they are on.
    var improvement: ImprovementCount?
    var lossScale: LossScale?
    var order: RandomStream
    var augmentation: RandomStream
  }

  var state: State
  var tensors: StateDict

  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let text = String(decoding: try encoder.encode(state), as: UTF8.self)
    try Safetensors.write(tensors, metadata: ["state": text, "digest": Self.digest(text, tensors)], to: path)
  }

  /// - Throws: `EngineError.data` where the file is damaged or is no checkpoint.
  static func read(_ path: String) throws -> TrainingCheckpoint {
    let content = try Safetensors.read(path)
    guard let text = content.metadata["state"], content.metadata["digest"] == digest(text, content.tensors) else {
      throw EngineError.data("its digest does not match its content")
    }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let state = try? decoder.decode(State.self, from: Data(text.utf8)) else {
      throw EngineError.data("its state is of another version")
    }
    return TrainingCheckpoint(state: state, tensors: content.tensors)
  }

  /// 64 bits over the text, the tensors' names and every value's bits: finds damage, not malice.
  private static func digest(_ text: String, _ tensors: StateDict) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func mix(_ word: UInt64) { hash = (hash ^ word) &* 0x9e37_79b9_7f4a_7c15; hash ^= hash >> 29 }
    for byte in text.utf8 { mix(UInt64(byte)) }
    for entry in tensors.entries {
      for byte in entry.name.utf8 { mix(UInt64(byte)) }
      entry.values.withUnsafeBufferPointer { values in for value in values { mix(UInt64(value.bitPattern)) } }
    }
    return String(hash, radix: 16)
  }
}
