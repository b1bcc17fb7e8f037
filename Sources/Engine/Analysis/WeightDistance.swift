/// How far training has moved a network's weights: for each tensor the Euclidean distance by the number of its values,
/// ||a - b||_2 / numel, for each module the mean over its tensors. Tensors of norms, running statistics among them, do
/// not count. The study's released code means the same. Sums are float64.
package struct WeightDistance: Sendable, Hashable {
  package struct Entry: Sendable, Hashable {
    package let name: String
    /// Nil for a module of which nothing counts.
    package let value: Double?
  }

  /// All that count, in the order of the first state.
  package let tensors: [Entry]
  /// In the order asked for.
  package let modules: [Entry]
  /// The mean over modules; nil where none has a value.
  package let total: Double?

  /// - Parameters:
  ///   - modules: Paths as in the tensors' names. A module's tensors are those whose names go on with a dot after its
  ///     path.
  ///   - roles: Of all of the network's tensors, by name.
  /// - Throws: `EngineError.data` with all tensors that one of the states lacks, that differ in shape or are none of
  ///   the network's; `EngineError.specification` with all modules that have no tensors.
  package init(
    from initial: StateDict, to trained: StateDict, modules: [String], roles: [String: NetworkTensor.Role]
  ) throws {
    let faults = Self.faults(initial, trained, roles)
    guard faults.isEmpty else {
      throw EngineError.data(
        "two states of a network cannot be compared: \(faults.joined(separator: "; ")). Both must be of one network")
    }
    tensors = initial.entries.compactMap { entry in
      guard roles[entry.name]?.isOfNorm == false, let other = trained[entry.name] else { return nil }
      let squares = zip(entry.values, other.values).reduce(0.0) { sum, pair in
        let difference = Double(pair.0) - Double(pair.1)
        return sum + difference * difference
      }
      return Entry(
        name: entry.name, value: entry.values.isEmpty ? nil : squares.squareRoot() / Double(entry.values.count))
    }
    let unknown = modules.filter { module in !initial.names.contains { $0.hasPrefix(module + ".") } }
    guard unknown.isEmpty else {
      throw EngineError.specification("no tensors of the modules \(unknown.map { "'\($0)'" }.joined(separator: ", "))")
    }
    let tensors = tensors
    self.modules = modules.map { module in
      let values = tensors.filter { $0.name.hasPrefix(module + ".") }.compactMap(\.value)
      return Entry(name: module, value: Self.mean(values))
    }
    total = Self.mean(self.modules.compactMap(\.value))
  }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  private static func faults(
    _ initial: StateDict, _ trained: StateDict, _ roles: [String: NetworkTensor.Role]
  ) -> [String] {
    var faults: [String] = []
    for name in initial.names where roles[name] == nil { faults.append("'\(name)' is no tensor of the network") }
    for name in trained.names where roles[name] == nil && initial[name] == nil {
      faults.append("'\(name)' is no tensor of the network")
    }
    for name in roles.keys.sorted() {
      switch (initial[name], trained[name]) {
      case (nil, nil): faults.append("'\(name)' is in neither")
      case (nil, _): faults.append("'\(name)' is missing in the first")
      case (_, nil): faults.append("'\(name)' is missing in the second")
      case (let first?, let second?):
        guard first.shape != second.shape else { continue }
        faults.append("'\(name)' is of shape \(first.shape) in the first and \(second.shape) in the second")
      }
    }
    return faults
  }
}

extension NetworkTensor.Role {
  /// Whether it belongs to a norm.
  package var isOfNorm: Bool {
    switch self {
    case .normScale, .normShift, .runningMean, .runningVariance: true
    default: false
    }
  }
}
