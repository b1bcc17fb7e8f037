import Engine
import Files
import Foundation
import Planner
import WorkerProtocol

/// What a model said of every image of a split, as CSV: `image,class,p(<class>)...`; where images may show several classes
/// `image,<class>...,p(<class>)...`, with 1, 0, or nothing where nobody can say.
struct PredictionTable {
  let images: [String]
  let classes: [String]
  let labels: [ImageLabel]
  /// [image][class].
  let probabilities: [Float]

  init(_ source: StoredImageSource, of store: StoredImages, probabilities: [Float]) {
    images = source.positions.map(store.imagePath)
    classes = store.classes
    labels = source.positions.map(store.label)
    self.probabilities = probabilities
  }

  func write(to path: String) throws {
    let isSingle = labels.allSatisfy { $0.index != nil }
    var text = CSVText.line(["image"] + (isSingle ? ["class"] : classes) + classes.map { "p(\($0))" })
    for (row, image) in images.enumerated() {
      text += CSVText.field(image)
      switch labels[row] {
      case .one(let label): text += "," + CSVText.field(classes[label])
      case .each(let presences):
        for presence in presences { text += presence == .unknown ? "," : ",\(presence.rawValue)" }
      }
      for probability in probabilities[(row * classes.count)..<((row + 1) * classes.count)] {
        text += ",\(probability)"
      }
      text += "\n"
    }
    try DurableFiles.write(Array(text.utf8), to: path)
  }
}
