/// What the marks of a figure mean; legends stand side by side below the panels.
package enum Legend: Sendable {
  case keys(title: String?, [Key])
  /// A bar of the sequential map from 0 to 1, with the labels of its ends and middle.
  case colorBar(title: String, labels: [String])

  package struct Key: Sendable {
    package let style: PointStyle
    package let line: Stroke?
    package let label: String

    package init(_ label: String, _ style: PointStyle, line: Stroke? = nil) {
      self.label = label
      self.style = style
      self.line = line
    }
  }
}

/// Sets legends into the width of a figure.
struct LegendLayout {
  private static let gap = 28.0
  private static let barWidth = 160.0
  private let rows: [[(legend: Legend, width: Double)]]
  private let width: Double

  init(_ legends: [Legend], width: Double) {
    var rows: [[(legend: Legend, width: Double)]] = []
    var used = 0.0
    for legend in legends {
      let needed = Swift.min(width, Self.naturalWidth(legend))
      if let last = rows.indices.last, used + Self.gap + needed <= width {
        rows[last].append((legend, needed))
        used += Self.gap + needed
      } else {
        rows.append([(legend, needed)])
        used = needed
      }
    }
    self.rows = rows
    self.width = width
  }

  var height: Double { rows.reduce(0) { $0 + rowHeight($1) } }

  func draw(_ svg: inout SVGWriter, left: Double, top: Double) {
    var y = top
    for row in rows {
      var x = left
      for item in row {
        draw(item.legend, &svg, left: x, top: y, width: item.width)
        x += item.width + Self.gap
      }
      y += rowHeight(row)
    }
  }

  private func rowHeight(_ row: [(legend: Legend, width: Double)]) -> Double {
    (row.map { Self.height($0.legend, width: $0.width) }.max() ?? 0) + 10
  }

  private static func keyWidth(_ key: Legend.Key) -> Double {
    symbolWidth(key) + 5 + TextWidth.pixels(key.label, size: FontSize.small) + 14
  }

  private static func symbolWidth(_ key: Legend.Key) -> Double {
    Swift.max(key.line == nil ? 8 : 18, key.style.radius * 2 + 2)
  }

  private static func naturalWidth(_ legend: Legend) -> Double {
    switch legend {
    case .keys(let title, let keys):
      Swift.max(
        keys.reduce(0) { $0 + keyWidth($1) }, title.map { TextWidth.pixels($0, size: FontSize.small) } ?? 0)
    case .colorBar(let title, _): Swift.max(barWidth + 20, TextWidth.pixels(title, size: FontSize.small))
    }
  }

  /// The keys of each line.
  private static func lines(_ keys: [Legend.Key], width: Double) -> [[Legend.Key]] {
    var lines: [[Legend.Key]] = []
    var used = 0.0
    for key in keys {
      let needed = keyWidth(key)
      if let last = lines.indices.last, used + needed <= width + 14 {
        lines[last].append(key)
        used += needed
      } else {
        lines.append([key])
        used = needed
      }
    }
    return lines
  }

  private static func lineHeight(_ keys: [Legend.Key]) -> Double {
    Swift.max(16, (keys.map(\.style.radius).max() ?? 0) * 2 + 4)
  }

  private static func height(_ legend: Legend, width: Double) -> Double {
    switch legend {
    case .keys(let title, let keys):
      (title == nil ? 0 : 17) + lines(keys, width: width).reduce(0) { $0 + lineHeight($1) }
    case .colorBar: 17 + 12 + 16
    }
  }

  private func draw(_ legend: Legend, _ svg: inout SVGWriter, left: Double, top: Double, width: Double) {
    svg.open("g")
    var y = top
    switch legend {
    case .keys(let title, let keys):
      if let title {
        svg.label(
          TextWidth.fitted(title, width: width, size: FontSize.small), left, y + 11, TextStyle(size: FontSize.small))
        y += 17
      }
      for line in Self.lines(keys, width: width) {
        let height = Self.lineHeight(line)
        let middle = y + height / 2
        var x = left
        for key in line {
          let symbol = Self.symbolWidth(key)
          if let stroke = key.line { svg.line(x, middle, x + symbol, middle, stroke) }
          if key.style.radius > 0 { svg.point(x + symbol / 2, middle, key.style) }
          svg.label(
            TextWidth.fitted(key.label, width: self.width - symbol, size: FontSize.small), x + symbol + 5, middle + 3.9,
            TextStyle(size: FontSize.small))
          x += Self.keyWidth(key)
        }
        y += height
      }
    case .colorBar(let title, let labels):
      svg.label(
        TextWidth.fitted(title, width: self.width, size: FontSize.small), left, y + 11, TextStyle(size: FontSize.small))
      y += 17
      let steps = 50
      let step = Self.barWidth / Double(steps)
      for index in 0..<steps {
        // A little wider than its step, so that no seam shows between neighbours.
        let stepWidth = index == steps - 1 ? step : step + 0.4
        svg.empty(
          "rect",
          [
            ("x", SVGWriter.number(left + Double(index) * step)), ("y", SVGWriter.number(y)),
            ("width", SVGWriter.number(stepWidth)), ("height", "10"),
            ("fill", Palette.sequential((Double(index) + 0.5) / Double(steps))),
          ])
      }
      for (index, label) in labels.enumerated() {
        let share = labels.count < 2 ? 0 : Double(index) / Double(labels.count - 1)
        let anchor: TextStyle.Anchor = index == 0 ? .start : index == labels.count - 1 ? .end : .middle
        svg.label(
          label, left + share * Self.barWidth, y + 22, TextStyle(size: FontSize.small, anchor: anchor))
      }
    }
    svg.close("g")
  }
}
