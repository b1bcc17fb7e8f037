import Foundation
import Planner
import Store
import Synchronization

/// A study file's bytes and place.
struct StudyFile {
  let data: Data
  /// What messages call it.
  let name: String
  /// The folder that its relative paths start from; absolute.
  let folder: String
  /// The files that it extends, as far as they were read.
  let bases: BaseFileReader

  /// A file in memory.
  init(data: Data, name: String, folder: String) {
    self.init(data: data, name: name, folder: folder, identity: nil)
  }

  private init(data: Data, name: String, folder: String, identity: String?) {
    self.data = data
    self.name = name
    self.folder = folder
    bases = BaseFileReader(name: name, folder: folder, identity: identity)
  }

  /// A study as a workspace has recorded it.
  ///
  /// - Parameter folder: Where its relative paths start from.
  init(recorded source: StudySource, folder: String) {
    data = Data(source.text.utf8)
    name = source.file
    self.folder = folder
    bases = BaseFileReader(
      name: source.file,
      recorded: source.bases.map { BaseFiles.File(name: $0.file, data: Data($0.text.utf8), identity: $0.file) })
  }

  /// - Parameter path: Nil for the embedded quickstart, at home in the current folder.
  /// - Throws: `CommandFailure`: 66 where there is none that can be read, 65 where it is too large to be one.
  init(path: String?) throws {
    guard let path else {
      self.init(
        data: Data(PackageResources.quickstart_yaml), name: "quickstart.yaml",
        folder: FileManager.default.currentDirectoryPath)
      return
    }
    let content: BoundedFile
    do throws(BoundedFile.Refusal) {
      content = try BoundedFile(path: path)
    } catch {
      switch error {
      case .missing:
        throw CommandFailure(
          .noSuchFile, "there is no study file \(path)", remedy: "`graft init` writes one to start from")
      case .tooLarge:
        throw CommandFailure(
          .studyOrData, "\(path): \(error.reason)", remedy: "a grid is written as axes, not cell by cell")
      case .folder, .noFile, .failed:
        throw CommandFailure(
          .noSuchFile, "the study file \(path) cannot be read: \(error.reason)",
          remedy: "name a YAML file that you may read")
      }
    }
    self.init(
      data: content.data, name: path, folder: (absolutePath(path) as NSString).deletingLastPathComponent,
      identity: content.identity)
  }

  /// Reads the study.
  ///
  /// - Throws: `CommandFailure` 65 with all faults.
  func study(overrides: [(name: String, value: String)] = []) throws -> Study {
    do {
      return try StudyReader.read(
        data: data, fileName: name, environment: ProcessInfo.processInfo.environment, overrides: overrides,
        bases: bases.files)
    } catch {
      throw CommandFailure(.studyOrData, "\(error)")
    }
  }
}

/// Reads the files that a study extends, and remembers them.
final class BaseFileReader: Sendable {
  private let name: String
  private let folder: String
  private let identity: String?
  /// Files that stand in for those of the disk; nil where there are none.
  private let recorded: [BaseFiles.File]?
  private let found = Mutex<[BaseFiles.File]>([])
  private let places = Mutex<[String]>([])

  /// - Parameters:
  ///   - name: What messages call the study's own file.
  ///   - folder: Its folder, absolute.
  ///   - identity: As `BoundedFile` has it; nil for a file in memory.
  init(name: String, folder: String, identity: String?) {
    self.name = name
    self.folder = folder
    self.identity = identity
    recorded = nil
  }

  /// Files that were read once, by the names that messages had for them.
  init(name: String, recorded: [BaseFiles.File]) {
    self.name = name
    folder = ""
    identity = nil
    self.recorded = recorded
  }

  /// Each file that was read, once, in the order of reading.
  var read: [BaseFiles.File] { found.withLock { $0 } }
  /// Where each of those lies, from the root of the file system.
  var paths: [String] { places.withLock { $0 } }

  var files: BaseFiles {
    BaseFiles(ownIdentity: identity) { [self] (path) throws(BaseFiles.Unreadable) in
      let beside = (name as NSString).deletingLastPathComponent
      let shown = path.hasPrefix("/") || beside.isEmpty ? path : "\(beside)/\(path)"
      if let recorded {
        guard let file = recorded.first(where: { $0.name == shown }) else {
          throw BaseFiles.Unreadable("it was not recorded with the study")
        }
        return file
      }
      let place = path.hasPrefix("/") ? path : "\(folder)/\(path)"
      let content: BoundedFile
      do throws(BoundedFile.Refusal) {
        content = try BoundedFile(path: place)
      } catch {
        throw BaseFiles.Unreadable(error.reason)
      }
      let file = BaseFiles.File(name: shown, data: content.data, identity: content.identity)
      found.withLock { found in
        if found.contains(where: { $0.identity == file.identity }) { return }
        found.append(file)
        places.withLock { $0.append(place) }
      }
      return file
    }
  }
}

/// The bytes of a regular file of at most a study's size: what never ends, waits or is no file is not read.
struct BoundedFile {
  let data: Data
  /// Device and inode.
  let identity: String

  enum Refusal: Error {
    case missing, folder
    /// A pipe, socket or device.
    case noFile
    case tooLarge(bytes: Int)
    case failed(code: Int32)

    /// In words that go on from the file's name.
    var reason: String {
      switch self {
      case .missing: "there is no such file"
      case .folder: "it is a folder"
      case .noFile: "it is a pipe or a device, not a file"
      case .tooLarge(let bytes): "it has \(bytes) bytes; a study may have \(StudyReader.sizeLimit)"
      case .failed(let code): String(cString: strerror(code))
      }
    }
  }

  init(path: String) throws(Refusal) {
    // Without waiting for whoever would write into a pipe.
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard file >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { throw .missing }
      // What a socket says.
      if errno == ENXIO { throw .noFile }
      throw .failed(code: errno)
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw .failed(code: errno) }
    if status.st_mode & S_IFMT == S_IFDIR { throw .folder }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .noFile }
    let limit = StudyReader.sizeLimit
    guard status.st_size <= limit else { throw .tooLarge(bytes: Int(status.st_size)) }
    identity = "\(status.st_dev):\(status.st_ino)"
    // A file under /proc says that it is empty, and one may grow: so as many bytes are taken as there are, and one too many.
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var count = 0
    while count <= limit {
      let size = bytes.count - count
      let taken = bytes.withUnsafeMutableBytes { buffer in
        buffer.baseAddress.map { Glibc.read(file, $0 + count, size) } ?? 0
      }
      if taken == 0 { break }
      if taken < 0 {
        if errno == EINTR { continue }
        throw .failed(code: errno)
      }
      count += taken
    }
    guard count <= limit else { throw .tooLarge(bytes: count) }
    data = Data(bytes[..<count])
  }
}
