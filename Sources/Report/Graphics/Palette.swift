import Foundation

/// Colours that the colour-blind tell apart and that stay apart in grey.
package enum Palette {
  package static let ink = "#1c1c1c"
  package static let grid = "#dcdcdc"
  package static let paper = "#ffffff"
  package static let muted = "#757575"

  /// The colour of an initialisation: the same in every figure. Grey, amber and blue differ in lightness as well as hue.
  package static func initialisation(_ name: String) -> String {
    switch name {
    case "RI": "#6e6e6e"
    case "ST": "#e39a00"
    case "WT": "#005a9c"
    default: mixture(name)
    }
  }

  /// Purples for WT-ST-n, the darker the more comes from the weights.
  private static func mixture(_ name: String) -> String {
    guard let depth = Int(name.dropFirst("WT-ST-".count)), name.hasPrefix("WT-ST-") else { return purple }
    return mixture(depth, lighter: 0)
  }

  private static func mixture(_ depth: Int, lighter: Double) -> String {
    let share = Double(depth + 2) / Double(Swift.max(depth, -2) + 8)
    return OKLab(lightness: 0.72 + lighter - 0.38 * Swift.min(1, Swift.max(0, share)), a: 0.07, b: -0.09).hex
  }

  private static let purple = "#7d4f9e"
  private static let blue = "#0072b2"
  private static let brown = "#8c5a2b"

  /// What stands for a colour where the page behind a figure is dark; others are seen on either.
  static let onDark: [(color: String, dark: String)] =
    [
      (paper, "#1b1e22"), (ink, "#e4e3de"), (grid, "#383c41"), (muted, "#a2a6ab"),
      (initialisation("RI"), "#a0a0a0"), (initialisation("WT"), "#5aa7e0"), (purple, "#b48ad2"), (blue, "#4aa3de"),
      (brown, "#c08d5a"),
    ] + (-1...24).map { (mixture($0, lighter: 0), mixture($0, lighter: 0.24)) }

  /// The mark of an initialisation, for where colour is not seen.
  package static func shape(_ initialisation: String) -> Shape {
    switch initialisation {
    case "RI": .circle
    case "ST": .diamond
    case "WT": .square
    default: .triangle
    }
  }

  /// Marks of classes that the colour-blind tell apart, by shape as well (colours after Okabe and Ito, their yellow darker).
  static let classes: [(color: String, shape: Shape)] = [
    (blue, .circle), ("#e69f00", .square), ("#009e73", .triangle), ("#cc79a7", .diamond), ("#1c1c1c", .cross),
    ("#56b4e9", .square), ("#d55e00", .circle), ("#b0a000", .diamond), (purple, .triangle), (brown, .cross),
  ]
  /// The colour of what has no mark of its own.
  static let others = "#b8b8b8"

  /// A sequential map for shares of 0 to 1 (values beyond are clipped): from dark blue through grey-olive to yellow, its
  /// lightness rising evenly, so that it reads the same in grey and with any colour blindness.
  package static func sequential(_ share: Double) -> String {
    let place = (share.isFinite ? Swift.min(1, Swift.max(0, share)) : 0) * Double(anchors.count - 1)
    let index = Swift.min(anchors.count - 2, Int(place))
    let rest = place - Double(index)
    let (from, to) = (anchors[index], anchors[index + 1])
    return OKLab(
      lightness: from.lightness + (to.lightness - from.lightness) * rest, a: from.a + (to.a - from.a) * rest,
      b: from.b + (to.b - from.b) * rest
    ).hex
  }

  private static let anchors = [
    OKLab(lightness: 0.26, a: -0.005, b: -0.085),
    OKLab(lightness: 0.43, a: -0.008, b: -0.055),
    OKLab(lightness: 0.60, a: -0.008, b: 0.015),
    OKLab(lightness: 0.77, a: -0.008, b: 0.090),
    OKLab(lightness: 0.94, a: -0.025, b: 0.165),
  ]
}

/// A colour in Ottosson's OKLab, in which equal steps look equal.
struct OKLab {
  let lightness: Double
  let a: Double
  let b: Double

  /// The nearest sRGB colour as `#rrggbb`.
  var hex: String {
    let l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b)
    let m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b)
    let s = cube(lightness - 0.0894841775 * a - 1.2914855480 * b)
    let channels = [
      4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
      -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
      -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    ]
    return "#" + channels.map(Self.byteText).joined()
  }

  private func cube(_ value: Double) -> Double { value * value * value }

  private static func byteText(_ linear: Double) -> String {
    let clipped = Swift.min(1, Swift.max(0, linear))
    let encoded = clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * pow(clipped, 1 / 2.4) - 0.055
    let hex = String(Int((encoded * 255).rounded()), radix: 16)
    return hex.count == 1 ? "0" + hex : hex
  }
}
