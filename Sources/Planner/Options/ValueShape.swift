/// What a value of the study file may be: the one declaration that reading, defaults, error texts, the list of options
/// and the JSON Schema come from.
public indirect enum ValueShape: Sendable {
  case integer(ClosedRange<Int>)
  case number(NumberRange)
  /// Two numbers in ascending order.
  case span(NumberRange)
  case flag
  case text
  /// A time, in seconds: `90s`, `12h`.
  case duration
  /// An amount of memory, in bytes: `16GiB`.
  case memory
  case choice([String])
  case list(ValueShape, count: ClosedRange<Int>)
  /// A value of the first shape that is written as such a value is: a number, a word or a list.
  case either(ValueShape, ValueShape)
  /// A mapping with these members and no others.
  case members([OptionDeclaration])
  case variant(VariantShape)
}

/// A value of one of several named forms: `resize`, or `{name: resize, size: 256}`.
public struct VariantShape: Sendable {
  /// What one is called in an error: `transform`, `schedule`.
  public let noun: String
  /// The member that names the form.
  public let tag: String
  public let forms: [VariantForm]
  /// The form that is meant where nothing tells; nil where the tag must be given.
  public let fallback: String?

  init(noun: String, tag: String, forms: [VariantForm], fallback: String? = nil) {
    self.noun = noun
    self.tag = tag
    self.forms = forms
    self.fallback = fallback
  }
}

/// One form of a value.
public struct VariantForm: Sendable {
  public let name: String
  /// The member whose presence alone tells that this form is meant.
  public let tellingMember: String?
  public let members: [OptionDeclaration]
  public let meaning: String

  init(_ name: String, tellingMember: String? = nil, members: [OptionDeclaration] = [], meaning: String) {
    self.name = name
    self.tellingMember = tellingMember
    self.members = members
    self.meaning = meaning
  }
}

/// One named option: its shape, its default and what it means.
public struct OptionDeclaration: Sendable {
  public let name: String
  public let shape: ValueShape
  public let standard: StandardValue
  public let meaning: String

  init(_ name: String, _ shape: ValueShape, _ standard: StandardValue, _ meaning: String) {
    self.name = name
    self.shape = shape
    self.standard = standard
    self.meaning = meaning
  }
}

/// What an option is where the study does not say.
public enum StandardValue: Sendable {
  case required
  case value(JSONValue)
  /// It follows from something else, said in words.
  case derived(String)
}

/// A range of numbers; an end may be left out.
public struct NumberRange: Sendable {
  public let low: Double
  public let includesLow: Bool
  public let high: Double
  public let includesHigh: Bool

  static func from(_ low: Double, to high: Double) -> NumberRange {
    NumberRange(low: low, includesLow: true, high: high, includesHigh: true)
  }

  static func above(_ low: Double, to high: Double = .infinity) -> NumberRange {
    NumberRange(low: low, includesLow: false, high: high, includesHigh: true)
  }

  static func atLeast(_ low: Double) -> NumberRange { .from(low, to: .infinity) }

  func contains(_ value: Double) -> Bool {
    value.isFinite && (includesLow ? value >= low : value > low) && (includesHigh ? value <= high : value < high)
  }

  /// `a number above 0 and at most 1`.
  var text: String {
    func text(_ end: Double) -> String { JSONValue.number(end).canonicalText }
    if high == .infinity { return "a number \(includesLow ? "of at least" : "above") \(text(low))" }
    if includesLow, includesHigh { return "a number from \(text(low)) to \(text(high))" }
    return "a number \(includesLow ? "of at least" : "above") \(text(low)) and "
      + "\(includesHigh ? "at most" : "below") \(text(high))"
  }
}

extension ValueShape {
  /// What is expected, for an error and for the list of options.
  public var expectation: String {
    switch self {
    case .integer(let range):
      range.upperBound == Int(0x1p53) - 1
        ? "a whole number of at least \(range.lowerBound)"
        : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .number(let range): range.text
    case .span(let range): "a list of two values in ascending order, each \(range.text)"
    case .flag: "true or false"
    case .text: "a text"
    case .duration: Quantity.duration.expectation
    case .memory: Quantity.memory.expectation
    case .choice(let names): names.count == 1 ? "`\(names[0])`" : "one of \(names.joined(separator: ", "))"
    case .list(let element, let count):
      if case .variant(let variant) = element {
        "a list of \(variant.noun)s"
      } else {
        count.lowerBound == count.upperBound
          ? "a list of \(count.lowerBound) values, each \(element.expectation)"
          : "a list of values, each \(element.expectation)"
      }
    case .either(let first, let second): "\(first.expectation), or \(second.expectation)"
    case .members(let members): "a mapping with \(members.map(\.name).joined(separator: ", "))"
    case .variant(let variant): "one of \(variant.forms.map(\.name).joined(separator: ", "))"
    }
  }

  /// Whether a number may be a value.
  var takesNumbers: Bool {
    switch self {
    case .integer, .number: true
    case .choice(let names): names.contains { Double($0) != nil }
    case .either(let first, let second): first.takesNumbers || second.takesNumbers
    case .span, .flag, .text, .duration, .memory, .list, .members, .variant: false
    }
  }

  /// Whether the numbers among its values are whole.
  var takesWholeNumbersOnly: Bool {
    switch self {
    case .integer: true
    case .choice(let names): names.compactMap(Double.init).allSatisfy { $0 == $0.rounded() }
    case .either(let first, let second):
      [first, second].filter(\.takesNumbers).allSatisfy(\.takesWholeNumbersOnly)
    case .number, .span, .flag, .text, .duration, .memory, .list, .members, .variant: false
    }
  }

  /// Whole numbers from `low` on.
  static func integer(from low: Int) -> ValueShape { .integer(low...Int(0x1p53) - 1) }
}
