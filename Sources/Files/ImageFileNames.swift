/// Which files are taken for images by their names. What a file really is, its content says.
public enum ImageFileNames {
  /// Lower case, without the dot.
  public static let extensions: Set<String> = ["jpg", "jpeg", "png", "tif", "tiff", "dcm"]

  /// Whether a file's name ends in one of the extensions, in any case.
  public static func isImage(_ name: String) -> Bool {
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return false }
    return extensions.contains(name[name.index(after: dot)...].lowercased())
  }
}
