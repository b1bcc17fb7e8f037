/// Whether a state dict fits a network, with every misfit named at once.
enum StrictLoading {
  /// Checks that the state dict has exactly the tensors, in their shapes, with finite values.
  ///
  /// - Parameters:
  ///   - expected: The tensors that must be there.
  ///   - optional: Names that may be there besides.
  ///   - what: What the state dict is, for the message: `weights/resnet18.safetensors`.
  static func check(
    _ state: StateDict, against expected: [NetworkTensor], what: String, optional: (String) -> Bool = { _ in false }
  ) throws {
    var faults: [String] = []
    for tensor in expected {
      guard let entry = state[tensor.name] else {
        faults.append("missing: \(tensor.name) \(tensor.shape)")
        continue
      }
      if entry.shape != tensor.shape {
        faults.append("wrong shape: \(tensor.name) is \(entry.shape), not \(tensor.shape)")
      } else if let place = entry.values.firstIndex(where: { !$0.isFinite }) {
        faults.append("not a number or infinite: \(tensor.name), value \(place)")
      }
    }
    let known = Set(expected.map(\.name))
    for name in state.names where !known.contains(name) && !optional(name) { faults.append("left over: \(name)") }
    guard faults.isEmpty else {
      throw EngineError.data(
        "\(what) does not fit this backbone (\(faults.count) tensor(s)):\n  " + faults.joined(separator: "\n  ")
          + "\nUse weights of the same backbone with its library's own tensor names")
    }
  }
}

extension Network {
  /// Checks that source weights fit everything but the head, whose tensors may be there in any shape or be absent.
  /// Batch norms' counts of batches (`num_batches_tracked`) may be there too.
  public func checkSource(_ source: StateDict, what: String) throws {
    let heads = Set(tensors.filter(\.isHead).map(\.name))
    try StrictLoading.check(source, against: tensors.filter { !$0.isHead }, what: what) { name in
      heads.contains(name) || name.hasSuffix(".num_batches_tracked")
    }
  }
}
