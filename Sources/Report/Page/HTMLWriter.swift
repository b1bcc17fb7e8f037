/// Writes HTML elements in the order in which they are called for; every text is escaped.
struct HTMLWriter {
  private(set) var text = ""

  /// An element round what `content` writes.
  mutating func element(_ name: String, _ attributes: String = "", _ content: (inout HTMLWriter) -> Void) {
    text += attributes.isEmpty ? "<\(name)>" : "<\(name) \(attributes)>"
    content(&self)
    text += "</\(name)>\n"
  }

  /// An element that holds text alone.
  mutating func leaf(_ name: String, _ content: String) { leaf(name, "", content) }

  mutating func leaf(_ name: String, _ attributes: String, _ content: String) {
    element(name, attributes) { $0.write(content) }
  }

  mutating func write(_ content: String) { text += SVGWriter.escaped(content) }

  /// Markup that is right as it is.
  mutating func raw(_ markup: String) { text += markup }

  static func attribute(_ name: String, _ value: String) -> String { "\(name)=\"\(SVGWriter.escaped(value))\"" }

  /// A table that scrolls by itself where the screen is narrower, with its heading row.
  mutating func table(_ label: String, headings: [Heading], _ rows: (inout HTMLWriter) -> Void) {
    element("div", "class=\"scroll\" role=\"region\" tabindex=\"0\" \(Self.attribute("aria-label", label))") { page in
      page.element("table") { page in
        page.element("thead") { page in
          page.element("tr") { page in
            for heading in headings {
              page.leaf("th", "scope=\"col\"" + (heading.isNumber ? " class=\"number\"" : ""), heading.text)
            }
          }
        }
        page.element("tbody") { rows(&$0) }
      }
    }
  }

  struct Heading {
    let text: String
    let isNumber: Bool

    static func text(_ text: String) -> Heading { Heading(text: text, isNumber: false) }
    static func number(_ text: String) -> Heading { Heading(text: text, isNumber: true) }
  }
}
