import Files
import Planner

/// A figure and the numbers it is drawn from.
package struct DrawnFigure: Sendable {
  package let figure: Figure
  package let svg: String
  package let csv: BytePieces

  init(figure: Figure, csv: BytePieces) {
    self.figure = figure
    svg = figure.svg
    self.csv = csv
  }

  /// A figure of thousands of panels helps nobody: from this number on the rest is in its CSV alone, and a note says so.
  static let mostPanels = 120

  static func limited(_ panels: [Panel]) -> (panels: [Panel], notes: [String]) { limited(panels) { $0 } }

  /// - Parameter panel: Makes the panel of one of the items; those that are not drawn are not made either.
  static func limited<Item>(_ items: [Item], _ panel: (Item) -> Panel) -> (panels: [Panel], notes: [String]) {
    let panels = items.prefix(mostPanels).map(panel)
    let rest = items.count - panels.count
    return (panels, rest == 0 ? [] : ["\(rest) more panels are not drawn; their numbers are in the CSV file."])
  }
}

extension TransferCase {
  /// Above a panel that shows one case.
  func title(withFraction: Bool) -> String {
    var title = "\(dataset) · \(backbone)"
    if withFraction { title += " · \(NumberText.exact(fraction))" }
    if !furtherText.isEmpty { title += ", \(furtherText)" }
    return title
  }
}

/// What a panel of a figure is about: a backbone, with the values of the further axes where there are any.
struct Facet: Hashable, Sendable {
  let backbone: String
  let furtherAxes: String

  init(_ transferCase: TransferCase) {
    backbone = transferCase.backbone
    furtherAxes = transferCase.furtherText
  }

  var title: String { furtherAxes.isEmpty ? backbone : "\(backbone), \(furtherAxes)" }
}
