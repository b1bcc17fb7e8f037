import Foundation

extension DurableFiles {
  /// What the file system of a path has free for this user, in bytes: of the path itself, or of the nearest folder above it that
  /// is there. Nil where it cannot be told.
  public static func availableSpace(at path: String) -> Int? {
    var place = path.isEmpty ? "." : path
    var status = statvfs()
    while statvfs(place, &status) != 0 {
      guard place.count > 1 else { return nil }
      place = (place as NSString).deletingLastPathComponent
      if place.isEmpty { place = "." }
    }
    return Int(status.f_bavail) * Int(status.f_frsize)
  }
}
