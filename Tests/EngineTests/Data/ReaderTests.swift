import Engine
import Foundation
import Testing

private let png: [UInt8] = (try? slopes(width: 8, height: 8, channels: 1).encoded(as: .png)) ?? []

/// What a call throws, as a `DataFault`.
func fault(_ body: () throws -> Void) -> DataFault? {
  do {
    try body()
  } catch {
    return error as? DataFault
  }
  return nil
}

@Suite struct FolderReaderTests {
  @Test func namesImagesThatLieElsewhere() throws {
    let (folder, other) = (try ScratchFolder(), try ScratchFolder())
    for name in ["a/1.png", "a/2.png", "b/1.png"] { try folder.write(name, [0]) }
    try other.write("x/3.png", [0])
    let files = FileManager.default
    try files.createSymbolicLink(atPath: "\(folder.path)/b/far.png", withDestinationPath: "\(other.path)/x/3.png")
    try files.createSymbolicLink(atPath: "\(folder.path)/b/near.png", withDestinationPath: "1.png")
    try files.createSymbolicLink(atPath: "\(folder.path)/c", withDestinationPath: "\(other.path)/x")
    #expect(
      fault { _ = try FolderReader(root: folder.path).listing() }
        == .linkedFilesLeaveRoot(paths: ["b/far.png", "c/3.png"], root: folder.path))
    // The folder itself may be a link.
    try files.createSymbolicLink(atPath: "\(other.path)/root", withDestinationPath: folder.path)
    try files.removeItem(atPath: "\(folder.path)/b/far.png")
    try files.removeItem(atPath: "\(folder.path)/c")
    #expect(try FolderReader(root: "\(other.path)/root").listing().items.count == 4)
  }

  @Test func readsAFolderAClass() throws {
    let folder = try ScratchFolder()
    for name in ["b/2.PNG", "b/1.jpeg", "a/x y.png", "a/deep/é.jpg", "a/.hidden.png", "a/README.txt", "notes.md"] {
      try folder.write(name, png)
    }
    let listing = try FolderReader(root: folder.path).listing()
    #expect(listing.classes == ["a", "b"])
    #expect(listing.items.map(\.path) == ["a/deep/é.jpg", "a/x y.png", "b/1.jpeg", "b/2.PNG"])
    #expect(listing.items.map(\.label) == [0, 0, 1, 1])
    #expect(listing.items.allSatisfy { $0.split == nil && $0.group == nil })
    #expect(listing.ignored == ["a/README.txt", "notes.md"])
    let ordered = try FolderReader(root: folder.path, classes: ["b", "a"]).listing()
    #expect(ordered.items.map(\.label) == [1, 1, 0, 0])
  }

  @Test func readsGivenSplits() throws {
    let folder = try ScratchFolder()
    for split in ["train", "TEST"] { for name in ["n", "p"] { try folder.write("\(split)/\(name)/1.png", png) } }
    let listing = try FolderReader(root: folder.path).listing()
    #expect(listing.classes == ["n", "p"])
    #expect(listing.items.map(\.path) == ["TEST/n/1.png", "TEST/p/1.png", "train/n/1.png", "train/p/1.png"])
    #expect(listing.items.map(\.split) == [.test, .test, .train, .train])
  }

  @Test func takesOddNamesForClasses() throws {
    let folder = try ScratchFolder()
    for name in ["test", "control"] { try folder.write("\(name)/1.png", png) }
    #expect(try FolderReader(root: folder.path).listing().classes == ["control", "test"])
  }

  @Test func reportsFaults() throws {
    let folder = try ScratchFolder()
    let root = folder.path
    #expect(fault { _ = try FolderReader(root: root + "/none").listing() } == .missingFolder(path: root + "/none"))
    try folder.write("one.png", png)
    #expect(fault { _ = try FolderReader(root: root + "/one.png").listing() } == .notAFolder(path: root + "/one.png"))
    #expect(fault { _ = try FolderReader(root: root).listing() } == .noClassFolders(root: root, images: 1))
    try folder.write("a/1.png", png)
    #expect(fault { _ = try FolderReader(root: root).listing() } == .tooFewClasses(names: ["a"], place: root))
    for name in ["b", "c"] { try folder.write("\(name)/readme.txt", "no image") }
    #expect(fault { _ = try FolderReader(root: root).listing() } == .emptyClasses(names: ["b", "c"], root: root))
    let empty = DataFault.emptyClasses(names: ["b", "c"], root: root)
    #expect(
      fault { _ = try FolderReader(root: root, classes: ["a", "b"]).listing() }
        == .several([.unlistedClasses(names: ["c"], listed: ["a", "b"], root: root), empty]))
    #expect(
      fault { _ = try FolderReader(root: root, classes: ["a", "b", "c", "d"]).listing() }
        == .several([.missingClasses(names: ["d"], root: root, split: nil), empty]))
    #expect(
      "\(DataFault.emptyClasses(names: ["b", "c"], root: "/d"))"
        == "no image file in class folders b, c of /d; add images or remove the empty folder")
  }
}

@Suite struct LabelFileReaderTests {
  private func reader(_ folder: ScratchFolder, _ table: String, classes: [String]? = nil) throws -> LabelFileReader {
    let labels = try folder.write("labels.csv", table)
    return LabelFileReader(root: folder.path, labels: labels, image: "file", target: "class", classes: classes)
  }

  /// The same two rows in every dress that a table comes in.
  @Test(arguments: [
    "file,class\na.png,yes\nb.png,no\n", "file,class\r\na.png,yes\r\nb.png,no",
    "\u{FEFF}file,class\na.png,yes\n\nb.png,no\n",
    "\"file\",\"class\"\n\"a.png\",\"yes\"\n\"b.png\",no\n",
    "x, file ,class\n\"one, two\",a.png,yes\n\"a\nb \"\"c\"\"\",b.png,no\n",
    "file,class,y\na.png, yes ,\nb.png,no,", "file,class\ra.png,yes\rb.png,no\r",
  ])
  func readsTables(table: String) throws {
    let folder = try ScratchFolder()
    for name in ["a.png", "b.png"] { try folder.write(name, png) }
    let listing = try reader(folder, table).listing()
    #expect(listing.classes == ["no", "yes"])
    #expect(listing.items == [ImageItem(path: "a.png", label: 1), ImageItem(path: "b.png", label: 0)])
  }

  @Test func readsGroupsSplitsAndSuffixes() throws {
    let folder = try ScratchFolder()
    for name in ["1.png", "2.png", "10.png"] { try folder.write(name, png) }
    let labels = try folder.write("l.csv", "id,grade,patient,part\n1,10,p,train\n2,9,q,Validation\n10,9,p,test\n")
    let listing = try LabelFileReader(
      root: folder.path, labels: labels, image: "id", target: "grade", group: "patient", split: "part", suffix: ".png"
    ).listing()
    #expect(listing.classes == ["9", "10"])
    #expect(
      listing.items == [
        ImageItem(path: "1.png", label: 1, group: "p", split: .train),
        ImageItem(path: "10.png", label: 0, group: "p", split: .test),
        ImageItem(path: "2.png", label: 0, group: "q", split: .validation),
      ])
  }

  @Test(arguments: [
    ("file,class\na.png,yes\nb.png\n", 3, "1 fields where the header has 2; quote fields that hold a comma"),
    ("file,class\n\"a.png,yes\n", 2, "a quoted field is never closed"),
    ("file,class\na\"b.png,yes\n", 2, "a quote inside an unquoted field"),
    ("file,class\n\"a\"b,yes\n", 2, "text after a closing quote"),
    ("", 1, "it is empty; the first row must name the columns"),
  ])
  func reportsMalformedTables(table: String, line: Int, reason: String) throws {
    let folder = try ScratchFolder()
    let reader = try reader(folder, table)
    #expect(
      fault { _ = try reader.listing() } == .malformedLabelFile(path: reader.labels, line: line, reason: reason))
  }

  @Test func reportsOtherEncodings() throws {
    let folder = try ScratchFolder()
    var reader = try reader(folder, "")
    reader.labels = try folder.write("latin.csv", Array("file,class\na.png,".utf8) + [0xE9, 0x0A])
    #expect(
      fault { _ = try reader.listing() }
        == .malformedLabelFile(path: reader.labels, line: 2, reason: "it is not UTF-8 text; save the table as UTF-8"))
  }

  @Test func reportsFaultsOfRows() throws {
    let folder = try ScratchFolder()
    let root = folder.path
    for name in ["a.png", "b.png"] { try folder.write(name, png) }
    func found(_ table: String, classes: [String]? = nil) throws -> DataFault? {
      let reader = try reader(folder, table, classes: classes)
      return fault { _ = try reader.listing() }
    }
    let path = root + "/labels.csv"
    #expect(
      try found("file,clas\na.png,x\n")
        == .missingColumn(name: "class", role: "target", path: path, columns: ["file", "clas"]))
    #expect(
      try found("file,class\na.png,yes\nb.png,maybe\n", classes: ["no", "yes"])
        == .unknownLabels(
          lines: [LabelledLine(line: 3, value: "maybe")], classes: ["no", "yes"], column: "class", path: path))
    #expect(try found("file,class\na.png,\nb.png,x\n") == .blankFields(lines: [2], column: "class", path: path))
    #expect(
      try found("file,class\na.png,x\na.png,y\n")
        == .duplicateImages(lines: [LabelledLine(line: 3, value: "a.png")], path: path))
    #expect(
      try found("file,class\n../a.png,x\n/etc/b,y\n")
        == .pathsLeaveRoot(
          lines: [LabelledLine(line: 2, value: "../a.png"), LabelledLine(line: 3, value: "/etc/b")], root: root,
          path: path))
    #expect(
      try found("file,class\na.png,x\nc.png,y\nd.png,x\n")
        == .missingImages(names: ["c.png", "d.png"], root: root, path: path))
    #expect(try found("file,class\n") == .noRows(path: path))
    #expect(try found("file,class\na.png,x\nb.png,x\n") == .tooFewClasses(names: ["x"], place: path))
  }

  @Test func wordsItsFaults() {
    #expect(
      "\(DataFault.missingColumn(name: "clas", role: "target", path: "l.csv", columns: ["file", "class"]))"
        == "l.csv has no column \"clas\" for the target; its columns are file, class. Did you mean \"class\"?")
    let names = (0..<11).map { "\($0).png" }
    #expect(
      "\(DataFault.missingImages(names: names, root: "/d", path: "l.csv"))"
        == "l.csv names 11 images not found in /d: 0.png, 1.png, 2.png, 3.png, 4.png, 5.png, 6.png, 7.png and 3 more;"
        + " add the files, remove the rows, give `extension:` if the table leaves it out, or leave them out and have them"
        + " counted with `missing: skip`")
  }
}
