import Foundation

/// Where the files that a study extends come from: planning itself opens none.
public struct BaseFiles: Sendable {
  /// A file that a study extends.
  public struct File: Sendable {
    /// What errors call it.
    public let name: String
    public let data: Data
    /// Equal for two names of one file, so that files which extend each other are found out.
    public let identity: String

    public init(name: String, data: Data, identity: String) {
      self.name = name
      self.data = data
      self.identity = identity
    }
  }

  /// Why there is no such file to read: `there is no such file`.
  public struct Unreadable: Error, Sendable {
    public let reason: String

    public init(_ reason: String) { self.reason = reason }
  }

  /// The study's own file; nil where it is none.
  let ownIdentity: String?
  let read: @Sendable (_ path: String) throws(Unreadable) -> File

  /// - Parameters:
  ///   - ownIdentity: The identity of the study's own file; nil where it lies in no file.
  ///   - read: Reads the file at a path that is absolute or relative to the study's folder.
  public init(ownIdentity: String?, read: @escaping @Sendable (_ path: String) throws(Unreadable) -> File) {
    self.ownIdentity = ownIdentity
    self.read = read
  }

  /// For a study whose text lies in no folder.
  public static let none = BaseFiles(ownIdentity: nil) { (_) throws(Unreadable) in
    throw Unreadable("a study without a file has no folder to look for it in")
  }

  /// Texts by path, the paths as they are joined from the names in `extends`.
  public init(_ texts: [String: Data], ownIdentity: String? = nil) {
    self.init(ownIdentity: ownIdentity) { (path) throws(Unreadable) in
      guard let data = texts[path] else { throw Unreadable("there is no such file") }
      return File(name: path, data: data, identity: path)
    }
  }
}
