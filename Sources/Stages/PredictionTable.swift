import Files
import Foundation
import Planner
import WorkerProtocol

/// What a model said of every image of a split, as CSV: `image,class,p(<class>)...`.
struct PredictionTable {
  let images: [String]
  let classes: [String]
  /// The class index of each image.
  let labels: [Int]
  /// [image][class].
  let probabilities: [Float]

  func write(to path: String) throws {
    var text = CSVText.line(["image", "class"] + classes.map { "p(\($0))" })
    for (row, image) in images.enumerated() {
      text += CSVText.field(image) + "," + CSVText.field(classes[labels[row]])
      for probability in probabilities[(row * classes.count)..<((row + 1) * classes.count)] {
        text += ",\(probability)"
      }
      text += "\n"
    }
    try DurableFiles.write(Array(text.utf8), to: path)
  }
}
