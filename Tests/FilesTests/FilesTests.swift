import Files
import Foundation
import Testing

/// Files are there whole or not at all, and a fault names what is in the way.
@Suite struct FilesTests {
  private static func inNewFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("graft-files-\(UUID().uuidString)").path
    try DurableFiles.makeFolder(folder)
    defer { try? DurableFiles.remove(folder) }
    try body(folder)
  }

  @Test func aFileLetGoLeavesNothingAndChangesNothing() throws {
    try Self.inNewFolder { folder in
      let path = "\(folder)/a"
      try DurableFiles.write(Array("old".utf8), to: path)
      do {
        let file = try OutputFile(path: path)
        try Array("new".utf8).withUnsafeBytes { try file.append($0) }
        #expect(try DurableFiles.read(path) == Array("old".utf8))
      }
      #expect(try DurableFiles.names(in: folder) == ["a"])
      #expect(try DurableFiles.read(path) == Array("old".utf8))
    }
  }

  @Test func bytesBeforeTheEndCanBeReplacedUntilItIsCommitted() throws {
    try Self.inNewFolder { folder in
      let file = try OutputFile(path: "\(folder)/a")
      try Array("....tail".utf8).withUnsafeBytes { try file.append($0) }
      try Array("head".utf8).withUnsafeBytes { try file.write($0, at: 0) }
      #expect(file.length == 8)
      try file.commit()
      #expect(try DurableFiles.read("\(folder)/a") == Array("headtail".utf8))
      #expect(try DurableFiles.names(in: folder) == ["a"])
    }
  }

  @Test func aFileInTheWayOfAFolderIsNamed() throws {
    try Self.inNewFolder { folder in
      try DurableFiles.write([], to: "\(folder)/taken")
      for path in ["\(folder)/taken", "\(folder)/taken/b/c"] {
        #expect(throws: FileFault(action: "use", path: "\(folder)/taken", purpose: "as a folder", code: ENOTDIR)) {
          try DurableFiles.makeFolder(path)
        }
      }
      try DurableFiles.makeFolder("\(folder)/x/y/z")
      try DurableFiles.makeFolder("\(folder)/x/y/z")
      #expect(DurableFiles.isFolder("\(folder)/x/y/z"))
    }
  }

  @Test func faultsSayWhatTheyAre() {
    let full = FileFault(action: "write", path: "/a", code: ENOSPC)
    #expect(full.description == "cannot write /a: No space left on device")
    #expect(full.isOutOfSpace && !full.isReadOnly && !full.isMissing)
    #expect(FileFault(action: "open", path: "/a", code: ENOENT).isMissing)
    #expect(FileFault(action: "open", path: "/a", code: EROFS).isReadOnly)
  }
}
