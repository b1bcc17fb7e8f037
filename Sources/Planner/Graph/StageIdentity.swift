import Hashing

extension StageKey {
  /// The key of a stage: SHA-256 of the canonical JSON object of `inputs` (by role, ascending), `kind`, `parameters` and
  /// `version`.
  public init(kind: StageKind, parameters: JSONValue, inputs: [StageInput]) {
    self.init(kind: kind, parametersText: parameters.canonicalText, inputs: inputs)
  }

  /// The same from parameters already written canonically.
  init(kind: StageKind, parametersText: String, inputs: [StageInput]) {
    var text = "{\"inputs\":["
    text.reserveCapacity(parametersText.utf8.count + 300)
    for (index, input) in inputs.sorted(by: { $0.role < $1.role }).enumerated() {
      if index > 0 { text += "," }
      text += "{\"key\":\""
      text += input.key.hex
      text += "\",\"role\":\""
      text += input.role
      text += "\"}"
    }
    text += "],\"kind\":\""
    text += kind.rawValue
    text += "\",\"parameters\":"
    text += parametersText
    text += ",\"version\":\(kind.version)}"
    hex = SHA256.digest(of: text.utf8).hex
  }
}

extension Stage {
  /// A stage whose key follows from what it is.
  init(
    kind: StageKind, parameters: JSONValue, parametersText: String? = nil, inputs: [StageInput] = [],
    locations: [String: String] = [:], manner: JSONValue = [:], label: String
  ) {
    let inputs = inputs.sorted { $0.role < $1.role }
    self.init(
      key: StageKey(kind: kind, parametersText: parametersText ?? parameters.canonicalText, inputs: inputs),
      kind: kind, parameters: parameters, inputs: inputs, locations: locations, manner: manner, label: label)
  }
}
