import Foundation

/// The files that a study was read from, and whether they still say the same.
struct WatchedFiles {
  private struct File {
    let path: String
    let data: Data
    var stamp: [Int]
    var hasChanged = false
  }

  private var files: [File]

  init(of file: StudyFile) {
    let own = "\(file.folder)/\((file.name as NSString).lastPathComponent)"
    // The embedded study lies in no file.
    let isFile = FileManager.default.fileExists(atPath: own)
    files = (isFile ? [(own, file.data)] : []).map { File(path: $0, data: $1, stamp: Self.stamp($0)) }
    files += zip(file.bases.paths, file.bases.read).map {
      File(path: $0, data: $1.data, stamp: Self.stamp($0))
    }
  }

  /// The first file that says something else than it did; a file that is only touched is not read twice.
  mutating func changed() -> String? {
    for place in files.indices {
      let stamp = Self.stamp(files[place].path)
      guard stamp != files[place].stamp else { continue }
      files[place].stamp = stamp
      files[place].hasChanged = (try? BoundedFile(path: files[place].path))?.data != files[place].data
    }
    return files.first { $0.hasChanged }?.path
  }

  /// Empty where there is no file.
  private static func stamp(_ path: String) -> [Int] {
    var status = stat()
    guard stat(path, &status) == 0 else { return [] }
    return [
      Int(status.st_dev), Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
    ]
  }
}
