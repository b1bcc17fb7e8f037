/// A matrix of values as colours of the sequential map.
package struct Raster: Sendable {
  let rows: Int
  let columns: Int
  /// Row by row, the lowest first; nil is crossed out.
  let values: [Double?]
  /// What the ends of the colour map stand for; values beyond take its ends.
  let range: Interval

  package init(rows: Int, columns: Int, values: [Double?], range: Interval) {
    precondition(values.count == rows * columns, "a value for each place")
    self.rows = rows
    self.columns = columns
    self.values = values
    self.range = range
  }

  /// Colours that nobody tells apart are drawn as one, so that a map of thousands of places stays a small file.
  static let levels = 100

  func level(row: Int, column: Int) -> Int? {
    values[row * columns + column].map { value in
      let share = (value - range.low) / (range.high - range.low)
      return Int((Swift.min(1, Swift.max(0, share)) * Double(Self.levels)).rounded())
    }
  }
}

extension SVGWriter {
  /// Each level of colour is one path, a stroke one place high for each run of places in a row.
  mutating func raster(_ raster: Raster, in area: PlotArea) {
    guard raster.rows > 0, raster.columns > 0 else { return }
    var paths: [Int: String] = [:]
    var crosses = ""
    let (width, height) = (area.width / Double(raster.columns), area.height / Double(raster.rows))
    for row in 0..<raster.rows {
      // Rows of a picture count from its top.
      let line = raster.rows - 1 - row
      var column = 0
      while column < raster.columns {
        let level = raster.level(row: row, column: column)
        var end = column + 1
        while end < raster.columns, raster.level(row: row, column: end) == level { end += 1 }
        if let level {
          // A little longer, so that no seam shows between neighbours.
          paths[level, default: ""] += "M\(column) \(line)h\(end - column)" + (end < raster.columns ? ".05" : "")
        } else {
          for place in column..<end {
            let (left, top) = (area.left + Double(place) * width, area.top + Double(line) * height)
            crosses += "M\(Self.number(left)) \(Self.number(top))l\(Self.number(width)) \(Self.number(height))"
          }
        }
        column = end
      }
    }
    let corner = "translate(\(Self.number(area.left)) \(NumberText.trimmed(area.top + height / 2, 4)))"
    let size = "scale(\(NumberText.trimmed(width, 4)) \(NumberText.trimmed(height, 4)))"
    empty(
      "rect",
      [
        ("x", Self.number(area.left)), ("y", Self.number(area.top)), ("width", Self.number(area.width)),
        ("height", Self.number(area.height)), ("fill", Palette.paper),
      ])
    open(
      "g",
      [
        ("transform", "\(corner) \(size)"), ("fill", "none"), ("stroke-width", "1.05"),
        ("shape-rendering", "crispEdges"),
      ])
    for (level, path) in paths.sorted(by: { $0.key < $1.key }) {
      empty("path", [("stroke", Palette.sequential(Double(level) / Double(Raster.levels))), ("d", path)])
    }
    close("g")
    if !crosses.isEmpty {
      empty("path", [("d", crosses), ("fill", "none")] + Stroke(Palette.muted, width: 0.7).attributes)
    }
  }

  /// Points of one style as one path; their places in tenths of a pixel.
  mutating func cloud(_ places: [(x: Double, y: Double)], _ style: PointStyle) {
    guard !places.isEmpty else { return }
    func number(_ value: Double) -> String { NumberText.trimmed(value, 1) }
    let r = style.radius
    let isStroked = style.shape == .circle || style.shape == .cross
    var path = ""
    for place in places {
      func move(_ x: Double, _ y: Double) -> String { "M\(number(place.x + x)) \(number(place.y + y))" }
      // The areas are those of `point`.
      switch style.shape {
      // The round caps of a line of next to no length.
      case .circle: path += move(0, 0) + "h.01"
      case .square:
        path += move(-r * 0.886, -r * 0.886) + "h\(number(r * 1.772))v\(number(r * 1.772))h-\(number(r * 1.772))z"
      case .diamond:
        let h = number(r * 1.253)
        path += move(0, -r * 1.253) + "l\(h) \(h)l-\(h) \(h)l-\(h)-\(h)z"
      case .triangle:
        let h = number(r * 1.347)
        path += move(0, -r * 1.556) + "l\(h) \(number(r * 2.333))h-\(number(r * 2.694))z"
      case .cross:
        let h = number(r * 1.772)
        path += move(-r * 0.886, -r * 0.886) + "l\(h) \(h)m-\(h) 0l\(h)-\(h)"
      }
    }
    let color = style.fill ?? Palette.ink
    var attributes = [("d", path), ("fill", isStroked ? "none" : color)]
    if style.opacity < 1 { attributes.append(("opacity", Self.number(style.opacity))) }
    if style.shape == .circle { attributes.append(("stroke-linecap", "round")) }
    if isStroked { attributes += Stroke(color, width: style.shape == .circle ? 2 * r : 1.1).attributes }
    empty("path", attributes)
  }
}
