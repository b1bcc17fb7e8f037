import Files
import Foundation
import Store
import Testing
import WorkerProtocol

@Suite("Content digests")
struct ContentDigestTests {
  /// A tree of images with settled modification times, and its workspace.
  func folder() throws -> TestFolder {
    let folder = try TestFolder()
    for (name, text) in [
      ("images/a/1.png", "one"), ("images/a/2.png", "two"), ("images/b/3.JPG", "three"), ("images/notes.txt", "x"),
    ] {
      try folder.write(name, text)
      try folder.age(name, by: 100)
    }
    return folder
  }

  func digest(_ folder: TestFolder, extensions: Set<String>? = nil) throws -> ContentDigest {
    try Workspace.open(folder.workspace, command: "test").contentDigest(
      of: "\(folder.path)/images", extensions: extensions)
  }

  @Test func countsFilesAndBytes() throws {
    let folder = try folder()
    guard case .content(let hash, 4, 12) = try digest(folder) else { return #expect(Bool(false)) }
    #expect(hash.count == 64)
    guard case .content(_, 3, 11) = try digest(folder, extensions: ["png", "jpg"]) else { return #expect(Bool(false)) }
  }

  @Test func aTouchChangesNothing() throws {
    let folder = try folder()
    let before = try digest(folder)
    try folder.age("images/a/1.png", by: 50)
    #expect(try digest(folder) == before)
  }

  @Test(arguments: ["byte", "added", "removed", "renamed", "moved"])
  func aChangeShows(change: String) throws {
    let folder = try folder()
    let before = try digest(folder)
    switch change {
    case "byte":
      try folder.write("images/a/1.png", "onE")
      try folder.age("images/a/1.png", by: 50)
    case "added": try folder.write("images/a/9.png", "")
    case "removed": try DurableFiles.remove("\(folder.path)/images/a/1.png")
    case "renamed": rename("\(folder.path)/images/a/1.png", "\(folder.path)/images/a/0.png")
    default: rename("\(folder.path)/images/a/1.png", "\(folder.path)/images/b/1.png")
    }
    #expect(try digest(folder) != before)
    #expect(
      try digest(folder)
        == (try Workspace.openForReading("\(folder.path)/elsewhere").contentDigest(of: "\(folder.path)/images")))
  }

  @Test func whatWasReadIsNotReadAgain() throws {
    let folder = try folder()
    let path = "\(folder.path)/images/a/1.png"
    let before = try digest(folder)
    var status = stat()
    try #require(stat(path, &status) == 0)
    // The same file, size and time with another byte: only a reader of the bytes could tell.
    let file = open(path, O_WRONLY)
    try DurableFiles.writeAll(Array("ONE".utf8), to: file, path: path)
    close(file)
    try #require(utimensat(AT_FDCWD, path, [status.st_mtim, status.st_mtim], 0) == 0)
    #expect(try digest(folder) == before)
    #expect(try Workspace.openForReading(folder.workspace).contentDigest(of: "\(folder.path)/images") == before)
    #expect(
      try Workspace.openForReading("\(folder.path)/elsewhere").contentDigest(of: "\(folder.path)/images") != before)
  }

  @Test func whatIsNotThereIsMissing() throws {
    let folder = try TestFolder()
    let workspace = try Workspace.openForReading(folder.workspace)
    #expect(try workspace.contentDigest(of: "\(folder.path)/nowhere") == .missing)
    #expect(ContentDigest.joined([.missing, .content(sha256: "", files: 1, bytes: 1)]) == .missing)
  }

  @Test func aFileThatCannotBeReadIsNamed() throws {
    let folder = try folder()
    // This process's memory: a regular file whose first byte no one may read.
    try #require(symlink("/proc/self/mem", "\(folder.path)/images/broken.png") == 0)
    #expect(throws: WorkspaceError.file(FileFault(action: "read", path: "\(folder.path)/images/broken.png", code: EIO)))
    {
      try digest(folder)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func linksInACircleEnd() throws {
    let folder = try folder()
    let before = try digest(folder)
    try #require(symlink("..", "\(folder.path)/images/a/up") == 0)
    try #require(symlink("nowhere", "\(folder.path)/images/a/dangling.png") == 0)
    #expect(try digest(folder) == before)
  }

  @Test func oneFileIsItsOwnHash() throws {
    let folder = try TestFolder()
    try folder.write("weights.safetensors", "abc")
    let workspace = try Workspace.openForReading(folder.workspace)
    // SHA-256 of "abc": FIPS 180-4's first example.
    #expect(
      try workspace.contentDigest(of: "\(folder.path)/weights.safetensors")
        == .content(
          sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", files: 1, bytes: 3))
  }
}
