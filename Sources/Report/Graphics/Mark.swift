/// What is drawn in a panel, in data coordinates.
package enum Mark: Sendable {
  /// A point, with the text that a viewer shows when it is pointed at.
  case point(x: Position, y: Position, style: PointStyle, note: String? = nil)
  /// A line through points; what a scale has no place for breaks it.
  case line([(x: Position, y: Position)], Stroke)
  /// A vertical interval with caps.
  case interval(x: Position, low: Double, high: Double, Stroke)
  /// The area between two lines over the same x: a band of uncertainty.
  case area([(x: Position, low: Double, high: Double)], color: String, opacity: Double)
  /// Small type below (positive) or above a point, moved by so many pixels.
  case text(x: Position, y: Position, String, below: Double)
  /// A matrix over the panel's whole plotting area; a panel has one.
  case raster(Raster)
  /// Points of one style without notes: one element, however many they are.
  case cloud([(x: Position, y: Position)], PointStyle)
}

extension Mark {
  /// The marks with neighbouring filled points of one style as clouds, whose notes are given up: for a figure of so many that
  /// nobody points at one.
  static func clouded(_ marks: [Mark]) -> [Mark] {
    var result: [Mark] = []
    var waiting: [Mark] = []
    var places: [(x: Position, y: Position)] = []
    var waitingStyle: PointStyle?
    func flush() {
      // One by itself keeps its note.
      if let style = waitingStyle, places.count > 1 { result.append(.cloud(places, style)) } else { result += waiting }
      waiting.removeAll(keepingCapacity: true)
      places.removeAll(keepingCapacity: true)
    }
    for mark in marks {
      guard case .point(let x, let y, let style, _) = mark, style.fill != nil, style.stroke == nil else {
        flush()
        waitingStyle = nil
        result.append(mark)
        continue
      }
      if style != waitingStyle {
        flush()
        waitingStyle = style
      }
      waiting.append(mark)
      places.append((x, y))
    }
    flush()
    return result
  }
}

package enum Shape: Sendable, Hashable {
  case circle, square, diamond, triangle, cross
}

/// How a point is drawn.
package struct PointStyle: Sendable, Hashable {
  package var shape: Shape
  /// Half the width of a circle in pixels; other shapes have the circle's area.
  package var radius: Double
  /// Nil for a hollow shape.
  package var fill: String?
  package var stroke: Stroke?
  package var opacity: Double

  package init(
    _ shape: Shape = .circle, radius: Double = 3, fill: String? = Palette.ink, stroke: Stroke? = nil,
    opacity: Double = 1
  ) {
    self.shape = shape
    self.radius = radius
    self.fill = fill
    self.stroke = stroke
    self.opacity = opacity
  }
}

extension SVGWriter {
  /// Draws a point whose middle is at (x, y).
  mutating func point(_ x: Double, _ y: Double, _ style: PointStyle) {
    var attributes = [("fill", style.shape == .cross ? "none" : style.fill ?? "none")]
    if style.opacity < 1 { attributes.append(("fill-opacity", Self.number(style.opacity))) }
    if let stroke = style.stroke { attributes += stroke.attributes }
    let r = style.radius
    func path(_ points: [(Double, Double)], closed: Bool = true) -> String {
      points.enumerated().map { index, point in
        "\(index == 0 ? "M" : "L")\(Self.number(x + point.0)) \(Self.number(y + point.1))"
      }.joined() + (closed ? "Z" : "")
    }
    // Half the sides and diagonals that give each shape the area of the circle, pi r^2.
    switch style.shape {
    case .circle:
      empty("circle", [("cx", Self.number(x)), ("cy", Self.number(y)), ("r", Self.number(r))] + attributes)
    case .square:
      let h = r * 0.886
      empty("path", [("d", path([(-h, -h), (h, -h), (h, h), (-h, h)]))] + attributes)
    case .diamond:
      let h = r * 1.253
      empty("path", [("d", path([(0, -h), (h, 0), (0, h), (-h, 0)]))] + attributes)
    case .triangle:
      let h = r * 1.347
      empty("path", [("d", path([(0, -h * 1.155), (h, h * 0.577), (-h, h * 0.577)]))] + attributes)
    case .cross:
      let h = r * 0.886
      let strokes = path([(-h, -h), (h, h)], closed: false) + path([(-h, h), (h, -h)], closed: false)
      empty("path", [("d", strokes)] + attributes)
    }
  }
}
