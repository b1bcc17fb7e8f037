/// The steps of a training: a pass forward and back over a batch, and the parameters' move by the gradients that it leaves.
///
/// Where there is a recorder the first steps are computed operation by operation, by which libraries settle what they need; then
/// pass and move are recorded, and computed again at every further step.
final class TrainingStep {
  /// How many steps come before a recording; so many as torch advises.
  static let stepsBeforeRecording = 3

  private let network: any Network
  private let loss: BatchLoss
  private let optimizer: Optimizer
  private let precision: Precision
  /// Whether the backbone is frozen: batch norms then stand at their running statistics.
  private let isFrozen: Bool
  private let device: Device
  private let log: (String) -> Void
  private var recorder: (any OperationRecorder)?
  private var recorded: Recorded?
  private var count = 0
  /// What the last pass's gradients were multiplied by, and where it has come to, [loss, norm].
  private var last: (scale: Double, outcome: Tensor)?

  /// A pass and a move, and the memory that they read.
  private struct Recorded {
    let inputs: StepInputs
    /// What the gradients are seeded with; nil for 1.
    let seed: Tensor?
    let outcome: Tensor
    let numbers: Tensor
    let pass: any OperationRecording
    let move: any OperationRecording
  }

  /// - Parameters:
  ///   - recorder: What records the steps; nil where each is computed operation by operation.
  ///   - log: Receives why a recording was given up.
  init(
    _ network: any Network, loss: BatchLoss, optimizer: Optimizer, precision: Precision, isFrozen: Bool, device: Device,
    recorder: (any OperationRecorder)?, log: @escaping (String) -> Void
  ) {
    self.network = network
    self.loss = loss
    self.optimizer = optimizer
    self.precision = precision
    self.isFrozen = isFrozen
    self.device = device
    self.recorder = recorder
    self.log = log
  }

  /// Sends a pass to the device.
  ///
  /// - Parameter lossScale: What its gradients are multiplied by; nil for 1.
  func begin(_ inputs: StepInputs, lossScale: Double?) throws {
    let seed = try lossScale.map { try Tensor([Float($0)], shape: [], device: device) }
    if recorded == nil, count == Self.stepsBeforeRecording, let recorder {
      do {
        recorded = try record(inputs, seed: seed, by: recorder)
      } catch let error as EngineError {
        try optimizer.clearGradients()
        self.recorder = nil
        log("the steps are computed operation by operation: they could not be recorded: \(error.message)")
      }
    }
    count += 1
    guard let recorded else {
      last = (lossScale ?? 1, try pass(inputs, seed: seed))
      return
    }
    try recorded.inputs.take(inputs)
    if let seed { try recorded.seed?.take(seed) }
    try recorded.pass.replay()
    last = (lossScale ?? 1, recorded.outcome)
  }

  /// Waits for the pass that was begun, and sends the parameters' move to the device.
  ///
  /// - Parameter clip: The greatest norm of the gradients; nil clips nothing.
  /// - Returns: What the pass has come to. Where the gradients' norm is not finite, nothing was moved.
  func finish(rate: Double, clip: Double?) throws -> PassOutcome {
    guard let (scale, outcome) = last else { throw EngineError.native("a step is finished that was not begun") }
    return try optimizer.move(
      after: outcome, rate: rate, clip: clip, lossScale: scale, by: recorded.map { ($0.move, $0.numbers) })
  }

  /// One pass forward and back; the gradients stay at the parameters. Returns [loss, norm].
  private func pass(_ inputs: StepInputs, seed: Tensor?) throws -> Tensor {
    try Native.recording(true) {
      let loss = try precision.apply {
        let pass: Pass = isFrozen ? .evaluation : .training(drops: inputs.drops)
        return try self.loss(network(inputs.images, pass: pass), inputs.answers)
      }
      // Without a scale the gradient is seeded by the loss itself.
      try loss.backward(seed: seed)
      return try optimizer.outcome(of: loss)
    }
  }

  private func record(
    _ inputs: StepInputs, seed: Tensor?, by recorder: any OperationRecorder
  ) throws -> Recorded {
    let own = try inputs.cloned()
    let seed = try seed?.cloned()
    let numbers = try Tensor(optimizer.nextNumbers(rate: 0, factor: 1), device: device)
    var outcome: Tensor?
    let pass = try recorder.record(after: nil) { outcome = try self.pass(own, seed: seed) }
    let move = try recorder.record(after: pass) { try optimizer.move(rate: 0, factor: 1, numbers: numbers) }
    guard let outcome else { throw EngineError.native("a pass came to nothing") }
    return Recorded(inputs: own, seed: seed, outcome: outcome, numbers: numbers, pass: pass, move: move)
  }
}
