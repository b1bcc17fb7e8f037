import Planner

extension Reporting.Correction {
  /// The corrected p values of a family, in the order given.
  package func corrected(_ values: [Double]) -> [Double] {
    switch self {
    case .holm: HolmCorrection.corrected(values)
    case .benjaminiHochberg: BenjaminiHochbergCorrection.corrected(values)
    }
  }

  /// Where there is little room.
  var shortTitle: String {
    switch self {
    case .holm: "Holm"
    case .benjaminiHochberg: "BH"
    }
  }

  /// Named for a reader.
  var title: String {
    switch self {
    case .holm: "Holm"
    case .benjaminiHochberg: "Benjamini and Hochberg"
    }
  }
}

/// Holm's step-down correction: the chance of any false discovery in the family stays below the level, whatever the
/// dependence between tests (Holm, Scandinavian Journal of Statistics 6, 1979).
package enum HolmCorrection {
  /// The corrected p values, in the order given.
  package static func corrected(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var corrected = values
    var floor = 0.0
    for (rank, index) in order.enumerated() {
      floor = Swift.max(floor, Swift.min(1, values[index] * Double(values.count - rank)))
      corrected[index] = floor
    }
    return corrected
  }
}

/// Benjamini and Hochberg's step-up correction: of what is called significant, the expected share of false discoveries stays
/// below the level where the tests are independent or positively dependent (Journal of the Royal Statistical Society B 57, 1995).
package enum BenjaminiHochbergCorrection {
  /// The corrected p values, in the order given.
  package static func corrected(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { (values[$0], $0) > (values[$1], $1) }
    var corrected = values
    var ceiling = 1.0
    for (rank, index) in order.enumerated() {
      ceiling = Swift.min(ceiling, values[index] * Double(values.count) / Double(values.count - rank))
      corrected[index] = ceiling
    }
    return corrected
  }
}
