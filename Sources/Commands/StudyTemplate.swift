import Foundation
import Planner

/// What `graft init` writes: the template with the places filled in that hang on the data.
struct StudyTemplate {
  /// The file's first line.
  var title: String
  var study: String
  /// The folder that data sets lie in, relative to the study file or from the root.
  var data: String
  /// The data sets of the axis.
  var datasets: [String]
  /// Their entries, as lines below `datasets:`.
  var declared: [String]
  var fractions: [Double]
  var batchSize: Int
  var imageSize: Int
  var epochs: Int
  /// Of a small fraction of the training images.
  var epochsOfFew: Int

  /// What the template calls the images that source weights are learnt from.
  static let sourceName = "shapes"

  /// A study of images that Graft draws.
  static let drawn = StudyTemplate(
    title: "A transfer study that runs as it is, on images that Graft draws.", study: "my-study", data: "datasets",
    datasets: ["grading"],
    declared: [
      "  # Drawn by Graft: four ordered grades.",
      "  grading:",
      "    format: phantom",
      "    domain: grading",
      "    images: {train: 300, val: 150, test: 300}",
      "    size: 40",
      "    seed: 8",
      "    difficulty: 0.3",
    ], fractions: [0.25, 1], batchSize: 32, imageSize: 32, epochs: 12, epochsOfFew: 36)

  /// - Parameter file: The study file as commands are to name it.
  func text(file: String) -> String {
    let places = [
      "title": title, "file": Self.shellWord(file), "study": study, "data": Self.yaml(data),
      "datasets": datasets.joined(separator: ", "), "declared": declared.joined(separator: "\n"),
      "fraction": "[\(fractions.map { JSONValue.number($0).canonicalText }.joined(separator: ", "))]",
      "batch": "\(batchSize)", "size": "\(imageSize)", "epochs": "\(epochs)", "epochs_of_few": "\(epochsOfFew)",
    ]
    let template = String(decoding: Data(PackageResources.template_yaml), as: UTF8.self)
    // Every other part is a place's name; no percent sign stands for itself.
    return template.split(separator: "%", omittingEmptySubsequences: false).enumerated()
      .map { number, part in number.isMultiple(of: 2) ? String(part) : places[String(part)] ?? "" }.joined()
  }

  /// A text as a YAML value: bare where that reads as the same.
  static func yaml(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "_-./".utf8.contains(byte)
    }
    let begins = text.utf8.first.map { (97...122).contains($0 | 32) || $0 == UInt8(ascii: "/") } ?? false
    let isWord = ["null", "true", "false", "y", "n", "yes", "no", "on", "off"].contains(text.lowercased())
    return isPlain && begins && !isWord || text == "."
      ? text : JSONValue.string(text.replacingOccurrences(of: "$", with: "$$")).canonicalText
  }

  private static func shellWord(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "_-./".utf8.contains(byte)
    }
    return isPlain ? text : "'\(text.replacingOccurrences(of: "'", with: "'\\''"))'"
  }
}
