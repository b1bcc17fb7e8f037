import Files

/// The files that TensorBoard's embedding projector opens: `tensors.tsv`, a row of numbers an image; `metadata.tsv`, a
/// row of names an image; and `projector_config.pbtxt`, which names both, for `tensorboard --logdir` on the folder. The
/// first two load into the projector's page too.
///
/// Metadata of two columns begin with a row of their titles; of a single one they must not, for the projector takes
/// every row for an image's label then.
package enum ProjectorFiles {
  package static let tensors = "tensors.tsv"
  package static let metadata = "metadata.tsv"
  package static let configuration = "projector_config.pbtxt"

  /// Rows that are written at a time.
  private static let block = 1024

  /// Writes the three files into a folder that is there.
  ///
  /// - Parameters:
  ///   - features: [n, d], row-major; each written as the shortest decimal that float32 reads back.
  ///   - names: Of each image. What would begin another column or row becomes a space; an empty one `-`, since the
  ///     projector passes over empty rows.
  ///   - classes: Of each image, likewise; nil for names alone.
  ///   - title: What the projector lists the features as.
  /// - Throws: `EngineError.specification` for counts that do not fit, or no numbers at all; `EngineError.data` for a
  ///   number that is not finite; `FileFault`.
  package static func write(
    features: [Float], d: Int, names: [String], classes: [String]? = nil, title: String, to folder: String
  ) throws {
    let matrix = try FeatureMatrix(features, n: names.count, d: d)
    guard matrix.n > 0, d > 0 else {
      throw EngineError.specification(
        "the projector shows no \(names.count) images of \(d) features: give at least one")
    }
    if let classes, classes.count != names.count {
      throw EngineError.specification("\(classes.count) classes cannot be those of \(names.count) images")
    }
    let file = try OutputFile(path: "\(folder)/\(tensors)")
    for start in stride(from: 0, to: matrix.n, by: block) {
      var text = ""
      for row in start..<min(matrix.n, start + block) {
        text += matrix.values[row * d..<(row + 1) * d].lazy.map(\.description).joined(separator: "\t") + "\n"
      }
      try text.withUTF8 { try file.append(UnsafeRawBufferPointer($0)) }
    }
    try file.commit()

    var rows = names.map(field)
    if let classes { rows = ["name\tclass"] + zip(rows, classes).map { "\($0)\t\(field($1))" } }
    try DurableFiles.write(Array(rows.map { $0 + "\n" }.joined().utf8), to: "\(folder)/\(metadata)")
    let text = """
      embeddings {
        tensor_name: "\(quoted(title))"
        tensor_path: "\(tensors)"
        metadata_path: "\(metadata)"
      }

      """
    try DurableFiles.write(Array(text.utf8), to: "\(folder)/\(configuration)")
  }

  /// A name on one line and in one column.
  private static func field(_ name: String) -> String {
    let line = String(String.UnicodeScalarView(name.unicodeScalars.map { breaks.contains($0) ? " " : $0 }))
    return line.allSatisfy { $0 == " " } ? "-" : line
  }

  /// Tabs, and what Python or a browser may take for the end of a line.
  private static let breaks: Set<Unicode.Scalar> = [
    "\t", "\n", "\r", "\u{b}", "\u{c}", "\u{1c}", "\u{1d}", "\u{1e}", "\u{85}", "\u{2028}", "\u{2029}", "\0",
  ]

  /// Within a string of protocol buffers' text format.
  private static func quoted(_ text: String) -> String {
    text.reduce(into: "") { quoted, character in
      switch character {
      case "\\", "\"": quoted += "\\\(character)"
      case "\n", "\r\n", "\r": quoted += "\\n"
      default: quoted.append(character)
      }
    }
  }
}
