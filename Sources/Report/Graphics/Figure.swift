/// A figure: panels of one size in a grid, legends and notes below. To draw a new one, make its panels of axes and marks;
/// layout, shared axes, labels and text are taken care of here.
package struct Figure: Sendable {
  /// Names the figure's file and its elements: `figure-1`.
  package var name: String
  /// For screen readers and captions.
  package var title: String
  package var description: String
  package var panels: [Panel]
  /// The most panels side by side.
  package var columns: Int
  /// The height of a panel's plotting area in pixels.
  package var panelHeight: Double
  package var legends: [Legend]
  package var notes: [String]
  /// Whether even one or two panels take the width of a page.
  package var isWide: Bool

  package init(
    name: String, title: String, description: String, panels: [Panel], columns: Int = 4, panelHeight: Double = 150,
    legends: [Legend] = [], notes: [String] = [], isWide: Bool = false
  ) {
    self.name = name
    self.title = title
    self.description = description
    self.panels = panels
    self.columns = columns
    self.panelHeight = panelHeight
    self.legends = legends
    self.notes = notes
    self.isWide = isWide
  }

  /// In pixels: 720, 7.5 inches, is the width of a page of two columns; one or two panels take less, so that their type
  /// is still read where the figure is set in one of the columns.
  package var width: Double { isWide || Swift.min(columns, panels.count) > 2 ? 720 : 480 }

  /// The figure as an SVG document.
  package var svg: String { FigureLayout(self).svg }
}

/// Where everything in a figure lies.
struct FigureLayout {
  private static let edge = 8.0
  private static let gap = 16.0
  private static let longestYLabel = 150.0
  private static let axisTitle = 19.0

  private let figure: Figure
  private let columns: Int
  /// Whether all panels of each row have one y axis, and all panels of the figure one x axis.
  private let sharesY: Bool
  private let sharesX: Bool
  private let yLabelWidth: Double
  private let plotWidth: Double
  private let titleHeight: Double
  private let xLabels: PanelDrawing.XLabels

  init(_ figure: Figure) {
    self.figure = figure
    let panels = figure.panels
    let columns = Swift.max(1, Swift.min(figure.columns, panels.count))
    let sharesY = panels.indices.allSatisfy { panels[$0].y == panels[$0 - $0 % columns].y }
    sharesX = panels.allSatisfy { $0.x == panels[0].x }
    let height = figure.panelHeight
    let widest =
      panels.flatMap { $0.y.ticks(length: height, pixelsApart: PanelDrawing.yTickDistance) }
      .map { TextWidth.pixels($0.label, size: FontSize.small) }.max() ?? 0
    let yLabelWidth = Swift.min(Self.longestYLabel, widest) + 14
    let margins = (yLabelWidth + Self.axisTitle) * Double(sharesY ? 1 : columns)
    let plotWidth =
      (figure.width - 2 * Self.edge - margins - Self.gap * Double(columns - 1) - 6) / Double(columns)
    // A lone panel as wide as the page would be out of shape.
    self.plotWidth = Swift.min(plotWidth, 420)
    self.columns = columns
    let width = self.plotWidth
    titleHeight = 12 + 14 * Double(panels.map { TextWidth.boldLines($0.title, width: width).count }.max() ?? 0)
    self.sharesY = sharesY
    self.yLabelWidth = yLabelWidth
    xLabels = PanelDrawing.XLabels(panels: panels, plotWidth: self.plotWidth)
  }

  private var rows: Int { (figure.panels.count + columns - 1) / columns }
  private var marginWidth: Double { yLabelWidth + Self.axisTitle }

  private func isLowest(_ index: Int) -> Bool { index + columns >= figure.panels.count }

  /// A row has room for x labels where a panel of it needs them: the last, the one above a gap in it, or every row where
  /// the axes differ.
  private func hasXLabels(row: Int) -> Bool {
    if !sharesX { return true }
    return (row * columns..<Swift.min((row + 1) * columns, figure.panels.count)).contains(where: isLowest)
  }

  private func rowHeight(_ row: Int) -> Double {
    titleHeight + figure.panelHeight + (hasXLabels(row: row) ? xLabels.height + Self.axisTitle : 8)
  }

  private func area(_ index: Int, top: Double) -> PlotArea {
    let column = Double(index % columns)
    let left =
      Self.edge + marginWidth + column * (plotWidth + Self.gap) + (sharesY ? 0 : column * marginWidth)
    return PlotArea(left: left, top: top + titleHeight, width: plotWidth, height: figure.panelHeight)
  }

  var svg: String {
    let legend = LegendLayout(figure.legends, width: figure.width - 2 * Self.edge)
    let noteLines = figure.notes.flatMap {
      Self.wrapped($0, width: figure.width - 2 * Self.edge, size: FontSize.small)
    }
    let panelsHeight = (0..<rows).reduce(0) { $0 + rowHeight($1) }
    let height = panelsHeight + legend.height + Double(noteLines.count) * 15 + 2 * Self.edge + 6

    var svg = SVGWriter()
    svg.open(
      "svg",
      [
        ("xmlns", "http://www.w3.org/2000/svg"), ("width", SVGWriter.number(figure.width)),
        ("height", SVGWriter.number(height)),
        ("viewBox", "0 0 \(SVGWriter.number(figure.width)) \(SVGWriter.number(height))"),
        ("font-family", SVGWriter.fontFamily), ("role", "img"),
        ("aria-labelledby", "\(figure.name)-title \(figure.name)-description"),
      ])
    svg.leaf("title", [("id", "\(figure.name)-title")], figure.title)
    svg.leaf("desc", [("id", "\(figure.name)-description")], figure.description)
    svg.empty("rect", [("width", "100%"), ("height", "100%"), ("fill", Palette.paper)])

    var top = Self.edge
    for row in 0..<rows {
      for index in row * columns..<Swift.min((row + 1) * columns, figure.panels.count) {
        drawPanel(index, top: top, &svg)
      }
      top += rowHeight(row)
    }
    legend.draw(&svg, left: Self.edge, top: top + 4)
    top += legend.height + 4
    for line in noteLines {
      svg.label(line, Self.edge, top + 11, TextStyle(size: FontSize.small))
      top += 15
    }
    svg.close("svg")
    return svg.text
  }

  private func drawPanel(_ index: Int, top: Double, _ svg: inout SVGWriter) {
    let panel = figure.panels[index]
    let area = area(index, top: top)
    let showsX = !sharesX || isLowest(index)
    let showsY = !sharesY || index.isMultiple(of: columns)
    PanelDrawing(
      panel: panel, area: area, showsXLabels: showsX, showsYLabels: showsY, yLabelWidth: yLabelWidth, xLabels: xLabels
    ).draw(&svg)
    if showsX, !panel.x.title.isEmpty {
      svg.label(
        TextWidth.fitted(panel.x.title, width: area.width + 12, size: FontSize.small), area.left + area.width / 2,
        area.bottom + xLabels.height + 12, TextStyle(size: FontSize.small, anchor: .middle))
    }
    if showsY, !panel.y.title.isEmpty {
      let x = area.left - yLabelWidth - 4
      svg.label(
        TextWidth.fitted(panel.y.title, width: area.height + 36, size: FontSize.small), x, area.top + area.height / 2,
        TextStyle(size: FontSize.small, anchor: .middle, turn: -90))
    }
  }

  /// The text in lines of at most the width; a word longer than a line is shortened.
  private static func wrapped(_ text: String, width: Double, size: Double) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      let longer = line.isEmpty ? String(word) : "\(line) \(word)"
      if line.isEmpty || TextWidth.pixels(longer, size: size) <= width {
        line = longer
      } else {
        lines.append(line)
        line = String(word)
      }
    }
    if !line.isEmpty { lines.append(line) }
    return lines.map { TextWidth.fitted($0, width: width, size: size) }
  }
}
