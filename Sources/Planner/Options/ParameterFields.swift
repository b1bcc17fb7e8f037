/// Parameters that are not what this version writes: made by another version, or damaged.
public struct ParameterFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// `training.optimizer.lr`.
  public let path: String
  public let expected: String

  public var description: String { "the parameter `\(path)` is not \(expected)" }
}

/// Reads the members of canonical parameters, each of an expected type.
package struct ParameterFields {
  private let members: [String: JSONValue]
  private let path: String

  init(_ json: JSONValue, of path: String) {
    members = json.objectValue ?? [:]
    self.path = path
  }

  func value(_ name: String) throws(ParameterFault) -> JSONValue {
    guard let value = members[name] else { throw fault(name, "given") }
    return value
  }

  /// Nil for an absent member and for null.
  func optional(_ name: String) -> JSONValue? {
    switch members[name] {
    case .null?, nil: nil
    case let value?: value
    }
  }

  func integer(_ name: String) throws(ParameterFault) -> Int {
    guard let value = members[name]?.intValue else { throw fault(name, "a whole number") }
    return value
  }

  func number(_ name: String) throws(ParameterFault) -> Double {
    guard let value = members[name]?.doubleValue else { throw fault(name, "a number") }
    return value
  }

  func text(_ name: String) throws(ParameterFault) -> String {
    guard let value = members[name]?.stringValue else { throw fault(name, "a text") }
    return value
  }

  func flag(_ name: String) throws(ParameterFault) -> Bool {
    guard let value = members[name]?.boolValue else { throw fault(name, "true or false") }
    return value
  }

  func optionalText(_ name: String) throws(ParameterFault) -> String? {
    guard let value = optional(name) else { return nil }
    guard let text = value.stringValue else { throw fault(name, "a text") }
    return text
  }

  func numbers(_ name: String) throws(ParameterFault) -> [Double] {
    try list(name) { (json) throws(ParameterFault) in
      guard let value = json.doubleValue else { throw fault(name, "a list of numbers") }
      return value
    }
  }

  func texts(_ name: String) throws(ParameterFault) -> [String] {
    try list(name) { (json) throws(ParameterFault) in
      guard let value = json.stringValue else { throw fault(name, "a list of texts") }
      return value
    }
  }

  func range(_ name: String) throws(ParameterFault) -> ClosedRange<Double> {
    let ends = try numbers(name)
    guard ends.count == 2, ends[0] <= ends[1] else { throw fault(name, "two numbers in ascending order") }
    return ends[0]...ends[1]
  }

  func list<Element>(
    _ name: String, _ element: (JSONValue) throws(ParameterFault) -> Element
  ) throws(ParameterFault) -> [Element] {
    guard let values = members[name]?.arrayValue else { throw fault(name, "a list") }
    var result: [Element] = []
    for value in values { result.append(try element(value)) }
    return result
  }

  func object(_ name: String) throws(ParameterFault) -> ParameterFields {
    guard case .object? = members[name] else { throw fault(name, "an object") }
    return ParameterFields(members[name] ?? .null, of: "\(path).\(name)")
  }

  /// One of an enumeration's names.
  func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String) throws(ParameterFault) -> Choice {
    let text = try text(name)
    guard let choice = Choice(rawValue: text) else { throw unknown(name, text) }
    return choice
  }

  /// One of an enumeration's names, or what an absent member stands for.
  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, else standard: Choice
  ) throws(ParameterFault) -> Choice {
    optional(name) == nil ? standard : try choice(name)
  }

  /// Some of an enumeration's names.
  func choices<Choice: RawRepresentable<String> & CaseIterable>(_ name: String) throws(ParameterFault) -> [Choice] {
    var choices: [Choice] = []
    for text in try texts(name) {
      guard let choice = Choice(rawValue: text) else { throw unknown(name, text) }
      choices.append(choice)
    }
    return choices
  }

  func unknown(_ name: String, _ value: String) -> ParameterFault { fault(name, "known: `\(value)`") }

  private func fault(_ name: String, _ expected: String) -> ParameterFault {
    ParameterFault(path: "\(path).\(name)", expected: expected)
  }
}

extension JSONValue {
  static func integer(_ value: Int) -> JSONValue { .number(Double(value)) }

  static func range(_ range: ClosedRange<Double>) -> JSONValue {
    .array([.number(range.lowerBound), .number(range.upperBound)])
  }

  public static func texts(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }
}
