/// Whether a state dict fits a network, with every misfit named at once.
enum StrictLoading {
  /// What to do about source weights that do not fit.
  static let remedy =
    "use weights of this backbone: its library's own file (torchvision, timm), or its official release"

  /// Checks that the state dict has exactly the tensors, in their shapes, with finite values.
  ///
  /// - Parameters:
  ///   - expected: The tensors that must be there.
  ///   - optional: Names that may be there besides.
  ///   - what: What the state dict is, for the message: `weights/resnet18.safetensors`.
  static func check(
    _ state: StateDict, against expected: [NetworkTensor], what: String, optional: (String) -> Bool = { _ in false }
  ) throws {
    var found: [String: [Int]] = [:]
    for entry in state.entries { found[entry.name] = entry.shape }
    var faults = misfits(found, against: expected)
    for tensor in expected {
      if let entry = state[tensor.name], entry.shape == tensor.shape, let fault = notFinite(entry.values, tensor.name) {
        faults.append(fault)
      }
    }
    let known = Set(expected.map(\.name))
    for name in state.names where !known.contains(name) && !optional(name) { faults.append("left over: \(name)") }
    try refuse(what, faults)
  }

  /// Tensors that are missing or of the wrong shape.
  ///
  /// - Parameter resizable: Whether another size than the network's will do where it can be resized later.
  static func misfits(
    _ found: [String: [Int]], against expected: [NetworkTensor], resizable: Bool = false
  ) -> [String] {
    expected.compactMap { tensor in
      guard let shape = found[tensor.name] else { return "missing: \(tensor.name) \(tensor.shape)" }
      if shape == tensor.shape { return nil }
      if resizable, tensor.resizing?.sides(from: shape, to: tensor.shape) != nil { return nil }
      return "wrong shape: \(tensor.name) is \(shape), not \(tensor.shape)"
    }
  }

  static func notFinite(_ values: [Float], _ name: String) -> String? {
    values.firstIndex { !$0.isFinite }.map { "not a number or infinite: \(name), value \($0)" }
  }

  /// - Throws: `EngineError.data` where there are faults.
  static func refuse(_ what: String, _ faults: [String]) throws {
    guard !faults.isEmpty else { return }
    throw EngineError.data(
      "\(what) does not fit this backbone (\(faults.count) tensor(s)):\n  " + faults.joined(separator: "\n  ")
        + "; \(remedy)")
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
