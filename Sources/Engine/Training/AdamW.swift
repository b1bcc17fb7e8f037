internal import CTorch

/// The optimizer's state over a network's parameters, moved in one pass over memory a step.
final class AdamW {
  private let options: AdamWOptions
  private let parameters: [NetworkTensor]
  private let first: [Tensor]
  private let second: [Tensor]
  private let decays: [UInt8]
  /// Steps done.
  private(set) var step = 0

  init(_ parameters: [NetworkTensor], options: AdamWOptions) throws {
    self.options = options
    self.parameters = parameters
    first = try parameters.map { try $0.tensor.zerosLike() }
    second = try parameters.map { try $0.tensor.zerosLike() }
    decays = parameters.map { $0.shape.count > 1 ? 1 : 0 }
  }

  /// Moves the parameters by the gradients that `backward` left, and clears those.
  ///
  /// - Returns: The gradients' global norm before clipping. Where it is not finite, nothing was moved.
  func move(rate: Double, clip: Double?) throws -> Double {
    var norm = 0.0
    let handles = parameters.map { OpaquePointer?($0.tensor.handle) }
    let firsts = first.map { OpaquePointer?($0.handle) }
    let seconds = second.map { OpaquePointer?($0.handle) }
    try Native.check(
      graft_adamw_step(
        handles, firsts, seconds, decays, Int64(parameters.count), rate, options.beta1, options.beta2, options.epsilon,
        options.weightDecay, Int64(step + 1), clip ?? 0, &norm))
    step += 1
    return norm
  }

  /// The moments, named after the parameters.
  func append(to state: inout StateDict) throws {
    for (index, parameter) in parameters.enumerated() {
      try state.append("first/\(parameter.name)", shape: parameter.shape, values: first[index].values())
      try state.append("second/\(parameter.name)", shape: parameter.shape, values: second[index].values())
    }
  }

  /// Takes the moments back from what `append` wrote.
  func restore(from state: StateDict, step: Int) throws {
    for (index, parameter) in parameters.enumerated() {
      guard let moments = state["first/\(parameter.name)"], let squares = state["second/\(parameter.name)"] else {
        throw EngineError.data("no moments of \(parameter.name)")
      }
      try first[index].write(moments.values)
      try second[index].write(squares.values)
    }
    self.step = step
  }
}
