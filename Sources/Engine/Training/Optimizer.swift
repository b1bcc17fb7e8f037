internal import CTorch

/// What a pass forward and back has come to.
package struct PassOutcome: Sendable, Hashable {
  package let loss: Double
  /// The gradients' Euclidean norm, of the loss itself, before clipping.
  package let gradientNorm: Double
}

/// An update rule's state over parameters, moved in one pass over memory a step.
package final class Optimizer {
  /// A tensor that is moved, by its name.
  package typealias Parameter = (name: String, tensor: Tensor)

  private let rule: UpdateRule
  private let weightDecay: Double
  private let parameters: [Parameter]
  private let shapes: [[Int]]
  /// The momentum or the first moments, and the second ones; empty where the rule keeps none.
  private let first: [Tensor]
  private let second: [Tensor]
  private let decays: [UInt8]
  /// Steps done.
  package private(set) var step = 0

  package init(_ parameters: [Parameter], rule: UpdateRule, weightDecay: Double) throws {
    self.rule = rule
    self.weightDecay = weightDecay
    self.parameters = parameters
    shapes = parameters.map(\.tensor.shape)
    first = rule.keeps.first ? try parameters.map { try $0.tensor.zerosLike() } : []
    second = rule.keeps.second ? try parameters.map { try $0.tensor.zerosLike() } : []
    decays = shapes.map { $0.count > 1 ? 1 : 0 }
  }

  convenience init(_ parameters: [NetworkTensor], rule: UpdateRule, weightDecay: Double) throws {
    try self.init(parameters.map { ($0.name, $0.tensor) }, rule: rule, weightDecay: weightDecay)
  }

  /// Where a pass has come to, on the device: [loss, Euclidean norm of the gradients that `backward` left], in float64.
  package func outcome(of loss: Tensor) throws -> Tensor {
    try Native.made { graft_step_outcome(loss.handle, handles, Int64(handles.count), &$0) }
  }

  /// Moves the parameters by the gradients of a pass, and clears those.
  ///
  /// - Parameters:
  ///   - outcome: Where the pass has come to.
  ///   - clip: The greatest norm of the gradients; nil clips nothing.
  ///   - lossScale: What the loss was multiplied by before its gradients were computed.
  ///   - recorded: A recording of `move` and the numbers that it reads, where there is one.
  /// - Returns: What the pass has come to. Where the gradients' norm is not finite, nothing was moved.
  package func move(
    after outcome: Tensor, rate: Double, clip: Double?, lossScale: Double = 1,
    by recorded: (move: any OperationRecording, numbers: Tensor)? = nil
  ) throws -> PassOutcome {
    let values = try outcome.doubles()
    let norm = values[1] / lossScale
    guard norm.isFinite else {
      try clearGradients()
      return PassOutcome(loss: values[0], gradientNorm: norm)
    }
    let factor = (clip.map { min(1, $0 / (norm + 1e-6)) } ?? 1) / lossScale
    if let recorded {
      try recorded.numbers.write(nextNumbers(rate: rate, factor: factor))
      try recorded.move.replay()
    } else {
      try move(rate: rate, factor: factor)
    }
    step += 1
    return PassOutcome(loss: values[0], gradientNorm: norm)
  }

  /// Moves the parameters by the gradients, and clears those.
  ///
  /// - Parameters:
  ///   - factor: What the gradients are multiplied by.
  ///   - numbers: Where rate, factor and the step's number are read from instead, as `nextNumbers` gives them.
  func move(rate: Double, factor: Double, numbers: Tensor? = nil) throws {
    var update = update(rate: rate, factor: factor)
    try Native.check(
      graft_optimizer_move(
        handles, handles(of: first), handles(of: second), decays, Int64(parameters.count), &update, numbers?.handle))
  }

  /// What changes from step to step in the next move.
  func nextNumbers(rate: Double, factor: Double) -> [Float] {
    var update = update(rate: rate, factor: factor)
    var numbers = [Float](repeating: 0, count: Int(GRAFT_STEP_NUMBERS))
    graft_step_numbers(&update, &numbers)
    return numbers
  }

  /// Takes the gradients away without a move.
  func clearGradients() throws {
    for parameter in parameters { try parameter.tensor.clearGradient() }
  }

  private var handles: [OpaquePointer?] { parameters.map(\.tensor.handle) }

  /// One a parameter; null where the rule keeps none.
  private func handles(of tensors: [Tensor]) -> [OpaquePointer?] {
    tensors.isEmpty ? parameters.map { _ in nil } : tensors.map(\.handle)
  }

  private func update(rate: Double, factor: Double) -> graft_update {
    var update = rule.update
    update.rate = rate
    update.decay = weightDecay
    update.step = Int64(step + 1)
    update.factor = factor
    return update
  }

  /// The state, named after the parameters.
  func append(to state: inout StateDict) throws {
    for (index, parameter) in parameters.enumerated() {
      if !first.isEmpty {
        try state.append("first/\(parameter.name)", shape: shapes[index], values: first[index].values())
      }
      if !second.isEmpty {
        try state.append("second/\(parameter.name)", shape: shapes[index], values: second[index].values())
      }
    }
  }

  /// Takes the state back from what `append` wrote.
  ///
  /// - Throws: `EngineError.data`, before anything is changed, where a tensor's state is missing.
  func restore(from state: StateDict, step: Int) throws {
    func saved(_ kind: String, _ tensors: [Tensor]) throws -> [[Float]] {
      try tensors.indices.map { index in
        guard let entry = state["\(kind)/\(parameters[index].name)"], entry.shape == shapes[index] else {
          throw EngineError.data("no \(kind) moments of \(parameters[index].name)")
        }
        return entry.values
      }
    }
    let (firsts, seconds) = (try saved("first", first), try saved("second", second))
    for (tensor, values) in zip(first, firsts) { try tensor.write(values) }
    for (tensor, values) in zip(second, seconds) { try tensor.write(values) }
    self.step = step
  }
}

extension UpdateRule {
  /// Which tensors of state a parameter has.
  fileprivate var keeps: (first: Bool, second: Bool) {
    switch self {
    case .sgd(let momentum, _), .lars(let momentum, _): (momentum > 0, false)
    case .adam, .adamw: (true, true)
    }
  }

  /// The numbers of the rule, for the C interface.
  fileprivate var update: graft_update {
    var update = graft_update()
    switch self {
    case .sgd(let momentum, let nesterov):
      update.rule = Int32(GRAFT_DESCENT)
      update.momentum = momentum
      update.nesterov = nesterov ? 1 : 0
    case .adam(let beta1, let beta2, let epsilon):
      update.rule = Int32(GRAFT_ADAM)
      (update.beta1, update.beta2, update.epsilon) = (beta1, beta2, epsilon)
    case .adamw(let beta1, let beta2, let epsilon):
      update.rule = Int32(GRAFT_ADAMW)
      (update.beta1, update.beta2, update.epsilon) = (beta1, beta2, epsilon)
    case .lars(let momentum, let trust):
      update.rule = Int32(GRAFT_LARS)
      (update.momentum, update.trust) = (momentum, trust)
    }
    return update
  }
}
