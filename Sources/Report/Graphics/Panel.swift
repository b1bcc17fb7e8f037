/// One pair of axes and what is drawn between them.
package struct Panel: Sendable {
  package var title: String
  package var x: Axis
  package var y: Axis
  /// Drawn in this order, later ones on top.
  package var marks: [Mark]
  /// Whether its axes are drawn as lines.
  package var hasAxisLines: Bool

  package init(title: String, x: Axis, y: Axis, marks: [Mark] = [], hasAxisLines: Bool = true) {
    self.title = title
    self.x = x
    self.y = y
    self.marks = marks
    self.hasAxisLines = hasAxisLines
  }
}

/// An axis: what it measures and on which scale.
package struct Axis: Sendable, Hashable {
  package var title: String
  package var scale: Scale
  /// Ticks of one's own, instead of the scale's.
  package var ticks: [Tick]?

  package init(_ title: String, _ scale: Scale, ticks: [Tick]? = nil) {
    self.title = title
    self.scale = scale
    self.ticks = ticks
  }

  /// - Parameter namesApart: The least distance of two names, for scales of names.
  func ticks(length: Double, pixelsApart: Double, namesApart: Double) -> [Tick] {
    if let ticks { return ticks }
    let own = scale.ticks(Swift.max(2, Int(length / pixelsApart)))
    guard case .band = scale else { return own }
    return Scale.thinned(own, room: Int(length / namesApart))
  }

  /// Whether nothing stands beside it: no label, no title.
  var isBare: Bool { title.isEmpty && ticks?.isEmpty == true }
}

/// Where a panel's plotting area lies in its figure, in pixels.
struct PlotArea {
  let left: Double
  let top: Double
  let width: Double
  let height: Double

  var right: Double { left + width }
  var bottom: Double { top + height }

  func x(_ position: Position, _ axis: Axis) -> Double? { axis.scale.place(position).map { left + $0 * width } }
  /// Linear and logarithmic values rise upwards; names are read from the top.
  func y(_ position: Position, _ axis: Axis) -> Double? {
    axis.scale.place(position).map { share in
      if case .band = axis.scale { return top + share * height }
      return bottom - share * height
    }
  }
}

/// Draws one panel.
struct PanelDrawing {
  let panel: Panel
  let area: PlotArea
  let showsXLabels: Bool
  let showsYLabels: Bool
  /// The room for the labels of the y axis and below the x axis.
  let yLabelWidth: Double
  let xLabels: XLabels
  /// Whether the figure has more marks than a viewer can be told of one by one.
  let isCrowded: Bool

  /// How the labels of a row's x axes are set: level, or turned where the names are too long for their bands.
  struct XLabels {
    let isTurned: Bool
    let height: Double

    static let longest = 110.0

    init(panels: ArraySlice<Panel>, plotWidth: Double) {
      var isTurned = false
      var longest = 0.0
      for panel in panels {
        guard case .band(let names) = panel.x.scale, panel.x.ticks == nil else { continue }
        let room = plotWidth / Double(Swift.max(1, names.count))
        for name in names {
          let width = TextWidth.pixels(name, size: FontSize.small)
          longest = Swift.max(longest, width)
          if width > room * 0.96 { isTurned = true }
        }
      }
      self.isTurned = isTurned
      height = isTurned ? 14 + Swift.min(Self.longest, longest) * 0.71 : 18
    }
  }

  func draw(_ svg: inout SVGWriter) {
    svg.open("g")
    let lines = TextWidth.boldLines(panel.title, width: area.width)
    for (index, line) in lines.enumerated() {
      svg.label(line, area.left, area.top - 7 - Double(lines.count - 1 - index) * 14, TextStyle(isBold: true))
    }
    drawGrid(&svg)
    if panel.hasAxisLines {
      svg.line(area.left, area.bottom, area.right, area.bottom, .rule)
      svg.line(area.left, area.top, area.left, area.bottom, .rule)
    }
    if showsXLabels { drawXLabels(&svg) }
    if showsYLabels { drawYLabels(&svg) }
    for mark in isCrowded ? Mark.clouded(panel.marks) : panel.marks { draw(mark, &svg) }
    svg.close("g")
  }

  static func yTicks(_ axis: Axis, height: Double) -> [Tick] {
    axis.ticks(length: height, pixelsApart: 27, namesApart: FontSize.small + 1.5)
  }

  /// Names may be turned: then they are as far apart as the height of their type asks, along the axis.
  private var xTicks: [Tick] {
    panel.x.ticks(length: area.width, pixelsApart: 46, namesApart: FontSize.small * 1.5)
  }
  private var yTicks: [Tick] { Self.yTicks(panel.y, height: area.height) }

  private func drawGrid(_ svg: inout SVGWriter) {
    for tick in xTicks {
      guard let x = area.x(tick.position, panel.x) else { continue }
      svg.line(x, area.top, x, area.bottom, .grid)
    }
    for tick in yTicks {
      guard let y = area.y(tick.position, panel.y) else { continue }
      svg.line(area.left, y, area.right, y, .grid)
    }
  }

  private func drawXLabels(_ svg: inout SVGWriter) {
    for tick in xTicks {
      guard let x = area.x(tick.position, panel.x) else { continue }
      svg.line(x, area.bottom, x, area.bottom + 3.5, .rule)
      if xLabels.isTurned {
        let text = TextWidth.fitted(tick.label, width: XLabels.longest, size: FontSize.small)
        svg.label(text, x + 3, area.bottom + 13, TextStyle(size: FontSize.small, anchor: .end, turn: -45))
      } else {
        svg.label(tick.label, x, area.bottom + 15, TextStyle(size: FontSize.small, anchor: .middle))
      }
    }
  }

  /// Labels too near each other are moved apart, with a line from each to its tick.
  private func drawYLabels(_ svg: inout SVGWriter) {
    let placed = yTicks.compactMap { tick in area.y(tick.position, panel.y).map { (tick: tick, y: $0) } }
      .sorted { $0.y < $1.y }
    var heights = placed.map(\.y)
    for index in heights.indices.dropFirst() {
      heights[index] = Swift.max(heights[index], heights[index - 1] + FontSize.small + 1.5)
    }
    if let last = heights.last, last > area.bottom + 4 {
      heights[heights.count - 1] = Swift.max(area.bottom, placed[placed.count - 1].y)
      for index in heights.indices.dropLast().reversed() {
        heights[index] = Swift.min(heights[index], heights[index + 1] - FontSize.small - 1.5)
      }
    }
    for (item, height) in zip(placed, heights) {
      svg.line(area.left - 3.5, item.y, area.left, item.y, .rule)
      let isMoved = (height - item.y).magnitude > 0.5
      if isMoved { svg.line(area.left - 9, height, area.left - 3.5, item.y, .rule) }
      let text = TextWidth.fitted(item.tick.label, width: yLabelWidth - 8, size: FontSize.small)
      svg.label(
        text, area.left - (isMoved ? 11 : 6), height + 3.9, TextStyle(size: FontSize.small, anchor: .end))
    }
  }

  private func draw(_ mark: Mark, _ svg: inout SVGWriter) {
    switch mark {
    case .point(let x, let y, let style, let note):
      guard let x = area.x(x, panel.x), let y = area.y(y, panel.y) else { return }
      if let note {
        svg.open("g")
        svg.leaf("title", [], note)
      }
      svg.point(x, y, style)
      if note != nil { svg.close("g") }
    case .line(let points, let stroke):
      var path = ""
      var isDown = false
      for point in points {
        guard let x = area.x(point.x, panel.x), let y = area.y(point.y, panel.y) else {
          isDown = false
          continue
        }
        path += "\(isDown ? "L" : "M")\(SVGWriter.number(x)) \(SVGWriter.number(y))"
        isDown = true
      }
      if !path.isEmpty {
        svg.empty("path", [("d", path), ("fill", "none"), ("stroke-linejoin", "round")] + stroke.attributes)
      }
    case .interval(let x, let low, let high, let stroke):
      guard let x = area.x(x, panel.x), let low = area.y(.value(low), panel.y), let high = area.y(.value(high), panel.y)
      else { return }
      // An end beyond the axis is cut off, and has no cap.
      svg.line(x, Swift.min(low, area.bottom), x, Swift.max(high, area.top), stroke)
      if low <= area.bottom { svg.line(x - 3, low, x + 3, low, stroke) }
      if high >= area.top { svg.line(x - 3, high, x + 3, high, stroke) }
    case .area(let points, let color, let opacity):
      let corners = points.compactMap { point -> (x: Double, low: Double, high: Double)? in
        guard let x = area.x(point.x, panel.x), let low = area.y(.value(point.low), panel.y),
          let high = area.y(.value(point.high), panel.y)
        else { return nil }
        return (x, low, high)
      }
      guard corners.count > 1 else { return }
      let outline = corners.map { ($0.x, $0.high) } + corners.reversed().map { ($0.x, $0.low) }
      let path = outline.map { "\(SVGWriter.number($0.0)) \(SVGWriter.number($0.1))" }.joined(separator: "L")
      svg.empty("path", [("d", "M\(path)Z"), ("fill", color), ("fill-opacity", SVGWriter.number(opacity))])
    case .text(let x, let y, let text, let below):
      guard let x = area.x(x, panel.x), let y = area.y(y, panel.y) else { return }
      svg.label(text, x, y + below, TextStyle(size: FontSize.small, anchor: .middle, hasHalo: true))
    case .raster(let raster): svg.raster(raster, in: area)
    case .cloud(let points, let style):
      let places = points.compactMap { point -> (x: Double, y: Double)? in
        guard let x = area.x(point.x, panel.x), let y = area.y(point.y, panel.y) else { return nil }
        return (x, y)
      }
      svg.cloud(places, style)
    }
  }
}
