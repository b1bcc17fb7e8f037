import Planner
import WorkerProtocol

/// What the networks of a study see, as one HTML page with its pictures in it.
public struct PreviewPage: Sendable {
  /// Images of one data set by the transforms of one group of cells.
  public struct Sheet: Sendable {
    public let dataset: String
    /// The cells that it is true of.
    public let cells: [CellID]
    public let training: TrainingOptions
    public let images: [PreviewedImage]

    public init(dataset: String, cells: [CellID], training: TrainingOptions, images: [PreviewedImage]) {
      self.dataset = dataset
      self.cells = cells
      self.training = training
      self.images = images
    }
  }

  public let study: String
  /// `train`, `val` or `test`.
  public let split: String
  public let seed: Int
  public let sheets: [Sheet]

  public init(study: String, split: String, seed: Int, sheets: [Sheet]) {
    self.study = study
    self.split = split
    self.seed = seed
    self.sheets = sheets
  }

  public var html: String {
    var page = HTMLWriter()
    page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n")
    page.element("head") { page in
      page.raw("<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
      page.leaf("title", "\(study): preview")
      page.element("style") { $0.raw("\n\(PageStyle.css)\n\(Self.css)\n") }
    }
    page.element("body") { page in
      page.element("main") { page in
        page.leaf("h1", "\(study): what the networks see")
        page.leaf("p", "class=\"lead\"", lead)
        for sheet in sheets { write(sheet, &page) }
      }
    }
    page.raw("</html>\n")
    return page.text
  }

  private static let css = """
    .sheet { border-collapse: separate; border-spacing: .4rem .5rem; font-size: .85rem; }
    .sheet th, .sheet td { padding: 0; border: 0 !important; vertical-align: middle; }
    .sheet thead th { color: var(--quiet); font-weight: 400; }
    main { max-width: 120rem; }
    .sheet tbody th { min-width: 9rem; max-width: 13rem; padding-right: .6rem; white-space: normal; overflow-wrap: anywhere; }
    .sheet tbody th b { display: block; font-size: .95rem; }
    .sheet tbody th small { color: var(--quiet); }
    .sheet td div { display: flex; gap: 3px; }
    .sheet img { display: block; height: 8.5rem; width: auto; background: #000; border-radius: 2px; }
    .sheet img.small { image-rendering: pixelated; }
    .sheet td.stored, .sheet td.evaluated { padding-right: .5rem; }
    ol.steps { max-width: none; padding-left: 1.4rem; margin: .3rem 0; }
    .lists { display: flex; flex-wrap: wrap; gap: 0 3rem; font-size: .9rem; }
    """

  private var lead: String {
    let name = ["train": "training", "val": "validation"][split] ?? split
    let draws = sheets.first?.images.first?.draws.count ?? 0
    return "Images of the \(name) split, chosen and drawn by seed \(seed): as stored, as evaluated"
      + (draws == 0 ? "." : ", and \(draws) of the ways in which training may see them.")
  }

  private func write(_ sheet: Sheet, _ page: inout HTMLWriter) {
    page.element("section") { page in
      let size = sheet.training.imageSize
      page.leaf("h2", "\(sheet.dataset), \(size) x \(size) pixels")
      page.element("p", "class=\"quiet\"") { page in
        page.write(sheet.cells.count == 1 ? "For the cell " : "For \(sheet.cells.count) cells, such as ")
        page.leaf("code", sheet.cells.first?.text ?? "")
      }
      page.element("div", "class=\"lists\"") { page in
        write("Training", sheet.training.trainingTransforms, &page)
        write("Evaluation", sheet.training.evaluationTransforms, &page)
      }
      page.element("div", "class=\"scroll\"") { page in
        page.element("table", "class=\"sheet\"") { page in
          let draws = sheet.images.first?.draws.count ?? 0
          page.element("thead") { page in
            page.element("tr") { page in
              for heading in ["", "stored", "evaluated"] { page.leaf("th", "scope=\"col\"", heading) }
              for draw in 0..<draws { page.leaf("th", "scope=\"col\"", "draw \(draw + 1)") }
            }
          }
          page.element("tbody") { page in
            for image in sheet.images { write(image, &page) }
          }
        }
      }
    }
  }

  private func write(_ title: String, _ steps: [TransformSpec], _ page: inout HTMLWriter) {
    page.element("details", "open") { page in
      page.leaf("summary", "\(title) transforms")
      page.element("ol", "class=\"steps\"") { page in
        for step in steps {
          page.element("li") { page in
            page.leaf("b", step.name)
            page.write(" " + Self.arguments(of: step))
          }
        }
      }
    }
  }

  /// `scale 0.7 to 1, size 32`
  private static func arguments(of step: TransformSpec) -> String {
    (step.canonical.objectValue ?? [:]).filter { $0.key != "name" }.sorted { $0.key < $1.key }
      .map { "\($0.key) \(text(of: $0.value))" }.joined(separator: ", ")
  }

  /// `0.75 to 1.333`
  private static func text(of value: JSONValue) -> String {
    if let number = value.doubleValue { return JSONValue.number((number * 1000).rounded() / 1000).canonicalText }
    if let values = value.arrayValue { return values.map(text).joined(separator: " to ") }
    return value.stringValue ?? value.canonicalText
  }

  private func write(_ image: PreviewedImage, _ page: inout HTMLWriter) {
    page.element("tr") { page in
      page.element("th", "scope=\"row\"") { page in
        page.leaf("b", image.label)
        page.leaf("small", image.path)
      }
      write([image.stored], "stored", image, &page)
      write([image.evaluated], "evaluated", image, &page)
      for (number, views) in image.draws.enumerated() { write(views, "draw \(number + 1)", image, &page) }
    }
  }

  private func write(
    _ pictures: [PreviewedPicture], _ what: String, _ image: PreviewedImage, _ page: inout HTMLWriter
  ) {
    page.element("td", "class=\"\(what.split(separator: " ")[0])\"") { page in
      page.element("div") { page in
        for picture in pictures {
          let name = HTMLWriter.attribute("alt", "\(image.label), \(what)")
          let size = HTMLWriter.attribute(
            "title", "\(image.path), \(what), \(picture.width) x \(picture.height) pixels")
          let style = picture.height < 100 ? " class=\"small\"" : ""
          page.raw("<img\(style) \(name) \(size) src=\"data:image/png;base64,\(picture.png.base64EncodedString())\">")
        }
      }
    }
  }
}
