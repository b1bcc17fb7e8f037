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
  /// Whether a lone panel takes all of the width.
  package var isStretched: Bool
  /// Whether the plotting areas are as high as wide, whatever `panelHeight` says.
  package var isSquare: Bool
  /// What stands above each row of panels; empty where nothing does.
  package var rowTitles: [String]

  package init(
    name: String, title: String, description: String, panels: [Panel], columns: Int = 4, panelHeight: Double = 150,
    legends: [Legend] = [], notes: [String] = [], isWide: Bool = false, isStretched: Bool = false,
    isSquare: Bool = false, rowTitles: [String] = []
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
    self.isStretched = isStretched
    self.isSquare = isSquare
    self.rowTitles = rowTitles
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
  /// With more marks than these, the file would be of many megabytes.
  private static let mostMarks = 10_000

  private let figure: Figure
  private let columns: Int
  /// Whether all panels of each row have one y axis.
  private let sharesY: Bool
  private let yLabelWidth: Double
  private let yTitleWidth: Double
  private let plotWidth: Double
  private let plotHeight: Double
  private let titleHeight: Double
  /// How the labels of each row's x axes are set.
  private let xLabels: [PanelDrawing.XLabels]
  private let isCrowded: Bool

  init(_ figure: Figure) {
    self.figure = figure
    let panels = figure.panels
    let columns = Swift.max(1, Swift.min(figure.columns, panels.count))
    let sharesY = panels.indices.allSatisfy { panels[$0].y == panels[$0 - $0 % columns].y }
    let widest =
      panels.flatMap { PanelDrawing.yTicks($0.y, height: figure.panelHeight) }
      .map { TextWidth.pixels($0.label, size: FontSize.small) }.max() ?? 0
    let isBare = panels.allSatisfy(\.y.isBare)
    let yLabelWidth = isBare ? 0 : Swift.min(Self.longestYLabel, widest) + 14
    yTitleWidth = isBare ? 0 : Self.axisTitle
    let margins = (yLabelWidth + yTitleWidth) * Double(sharesY ? 1 : columns)
    let plotWidth =
      (figure.width - 2 * Self.edge - margins - Self.gap * Double(columns - 1) - 6) / Double(columns)
    // A lone panel as wide as the page would mostly be out of shape.
    self.plotWidth = figure.isStretched ? plotWidth : Swift.min(plotWidth, 420)
    plotHeight = figure.isSquare ? self.plotWidth : figure.panelHeight
    self.columns = columns
    let width = self.plotWidth
    titleHeight =
      panels.allSatisfy(\.title.isEmpty)
      ? 8
      : 12 + 14
        * Double(panels.map { TextWidth.boldLines($0.title, width: width).count }.max() ?? 0)
    self.sharesY = sharesY
    isCrowded = panels.reduce(0) { $0 + $1.marks.count } > Self.mostMarks
    self.yLabelWidth = yLabelWidth
    xLabels = stride(from: 0, to: panels.count, by: columns).map { first in
      PanelDrawing.XLabels(panels: panels[first..<Swift.min(first + columns, panels.count)], plotWidth: width)
    }
  }

  private var rows: Int { (figure.panels.count + columns - 1) / columns }
  private var marginWidth: Double { yLabelWidth + yTitleWidth }

  private func indices(row: Int) -> Range<Int> {
    row * columns..<Swift.min((row + 1) * columns, figure.panels.count)
  }

  /// A panel has x labels where it is the lowest of its column; all panels of a row have them where one below has another axis.
  private func hasXLabels(_ index: Int) -> Bool {
    if figure.panels[index].x.isBare { return false }
    return index + columns >= figure.panels.count
      || indices(row: index / columns).contains { above in
        let below = above + columns
        return below < figure.panels.count && figure.panels[below].x != figure.panels[above].x
      }
  }

  private func hasXLabels(row: Int) -> Bool { indices(row: row).contains { hasXLabels($0) } }

  private var rowTitleHeight: Double { figure.rowTitles.isEmpty ? 0 : 26 }

  private func rowHeight(_ row: Int) -> Double {
    rowTitleHeight + titleHeight + plotHeight + (hasXLabels(row: row) ? xLabels[row].height + Self.axisTitle : 8)
  }

  private func area(_ index: Int, top: Double) -> PlotArea {
    let column = Double(index % columns)
    let left =
      Self.edge + marginWidth + column * (plotWidth + Self.gap) + (sharesY ? 0 : column * marginWidth)
    return PlotArea(
      left: left, top: top + rowTitleHeight + titleHeight, width: plotWidth, height: plotHeight)
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
      if figure.rowTitles.indices.contains(row) {
        let room = (figure.width - 2 * Self.edge) / TextWidth.bold
        svg.label(
          TextWidth.fitted(figure.rowTitles[row], width: room), Self.edge, top + 24, TextStyle(isBold: true))
      }
      for index in indices(row: row) {
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
    let showsX = hasXLabels(index)
    let xLabels = xLabels[index / columns]
    let showsY = !sharesY || index.isMultiple(of: columns)
    PanelDrawing(
      panel: panel, area: area, showsXLabels: showsX, showsYLabels: showsY, yLabelWidth: yLabelWidth, xLabels: xLabels,
      isCrowded: isCrowded
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
