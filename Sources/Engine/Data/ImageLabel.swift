/// What is known of an image's classes.
public enum ImageLabel: Sendable, Hashable {
  /// It is of one class: an index into the classes.
  case one(Int)
  /// It may show several: what is known of each class, in their order.
  case each([Presence])

  /// The classes that it shows, in ascending order.
  public var shown: [Int] {
    switch self {
    case .one(let label): [label]
    case .each(let presences): presences.indices.filter { presences[$0] == .present }
    }
  }

  /// The class of an image of one class; nil where it may show several.
  public var index: Int? { if case .one(let label) = self { label } else { nil } }

  /// The classes that it shows by name, joined by `+`.
  public func text(_ classes: [String]) -> String { shown.map { classes[$0] }.joined(separator: "+") }

  /// What is known of a class.
  public subscript(label: Int) -> Presence {
    switch self {
    case .one(let own): own == label ? .present : .absent
    case .each(let presences): presences[label]
    }
  }
}

/// Whether an image shows a class. The raw values are those of image stores.
public enum Presence: UInt8, Sendable, Hashable {
  case absent = 0
  case present = 1
  /// Nobody can say: losses and metrics pass the class over for this image.
  case unknown = 2

  /// As losses and metrics are told: 0, 1, and for unknown a number below 0.
  public var target: Float {
    switch self {
    case .absent: 0
    case .present: 1
    case .unknown: -1
    }
  }
}

extension ImageLabel: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int) { self = .one(value) }
}
