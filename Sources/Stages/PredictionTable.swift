import Foundation
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
    var text = (["image", "class"] + classes.map { "p(\($0))" }).map(Self.quoted).joined(separator: ",") + "\n"
    for (row, image) in images.enumerated() {
      text += Self.quoted(image) + "," + Self.quoted(classes[labels[row]])
      for probability in probabilities[(row * classes.count)..<((row + 1) * classes.count)] {
        text += ",\(probability)"
      }
      text += "\n"
    }
    try DurableFiles.write(Array(text.utf8), to: path)
  }

  private static func quoted(_ text: String) -> String {
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
