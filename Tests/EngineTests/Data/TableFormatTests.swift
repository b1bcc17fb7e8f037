import Engine
import Foundation
import Testing

private let png: [UInt8] = (try? slopes(width: 8, height: 8, channels: 1).encoded(as: .png)) ?? []

/// Tables of any kind: delimiters, several classes, and everything wrong at once.
@Suite struct TableFormatTests {
  private func folder(_ names: [String] = ["a.png", "b.png", "ç d.png"]) throws -> ScratchFolder {
    let folder = try ScratchFolder()
    for name in names { try folder.write(name, png) }
    return folder
  }

  @Test(arguments: [
    ("file;class\na.png;yes, sir\nb.png;no\n", nil), ("file\tclass\na.png\tyes, sir\nb.png\tno\n", nil),
    ("\u{FEFF}file;class\r\n\"a.png\";\"yes, sir\"\r\nb.png;no\r\n", nil),
    ("\"file\",\"class\"\n\"a.png\",\"yes, sir\"\nb.png,no\n", nil),
    ("\"file,x;y;z\",file,class\n1,a.png,\"yes, sir\"\n2,b.png,no\n", nil),
    ("file;class,1;class\na.png;x;yes, sir\nb.png;y;no\n", Delimiter.semicolon),
  ])
  func findsTheDelimiter(table: String, delimiter: Delimiter?) throws {
    let folder = try folder()
    let labels = try folder.write("labels.csv", table)
    let listing = try LabelFileReader(
      root: folder.path, labels: labels, image: "file", target: "class", delimiter: delimiter
    ).listing()
    #expect(listing.classes == ["no", "yes, sir"] && listing.items.map(\.label) == [1, 0] && listing.unlisted == 1)
  }

  @Test func readsAColumnAClass() throws {
    let folder = try folder()
    let labels = try folder.write(
      "labels.csv", "file;Ödem;Brust korb;x\na.png;1;0;\nb.png;1.0;-1;\n\"ç d.png\";false;yes;\n")
    let reader = LabelFileReader(
      root: folder.path, labels: labels, image: "file", target: .columns(["Brust korb", "Ödem"]))
    let listing = try reader.listing()
    #expect(listing.classes == ["Brust korb", "Ödem"])
    #expect(
      listing.items.map(\.label) == [
        .each([.absent, .present]), .each([.unknown, .present]), .each([.present, .absent]),
      ])
    var blank = reader
    blank.target = .columns(["Ödem", "x"])
    #expect(fault { _ = try blank.listing() } == .blankFields(lines: [2, 3, 4], column: "x", path: labels))
    blank.blank = .unknown
    #expect(try blank.listing().items[0].label == .each([.present, .unknown]))
    blank.blank = .absent
    #expect(try blank.listing().items[0].label == .each([.present, .absent]))
  }

  @Test func readsSeveralClassesOfAColumn() throws {
    let folder = try folder()
    let labels = try folder.write("labels.csv", "file,findings\na.png,Mass | Edema\nb.png,\nç d.png,Edema\n")
    var reader = LabelFileReader(
      root: folder.path, labels: labels, image: "file", target: .separated("findings", by: "|"))
    #expect(fault { _ = try reader.listing() } == .blankFields(lines: [3], column: "findings", path: labels))
    reader.blank = .absent
    let listing = try reader.listing()
    #expect(listing.classes == ["Edema", "Mass"])
    #expect(
      listing.items.map(\.label) == [
        .each([.present, .present]), .each([.absent, .absent]), .each([.present, .absent]),
      ])
    reader.classes = ["Edema"]
    #expect(
      fault { _ = try reader.listing() }
        == .unknownLabels(
          lines: [LabelledLine(line: 2, value: "Mass")], classes: ["Edema"], column: "findings", path: labels))
  }

  /// One reading, every fault.
  @Test func saysAllThatIsWrongAtOnce() throws {
    let folder = try folder()
    let outside = try ScratchFolder()
    try outside.write("far.png", png)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/link.png", withDestinationPath: outside.path + "/far.png")
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/near.png", withDestinationPath: "a.png")
    let labels = try folder.write(
      "labels.csv",
      "file,class,part\na.png,x,train\na.png,y,test\nnone.png,,train\n../b.png,x,later\nlink.png,z,test\nnear.png,x,val\n"
    )
    let reader = LabelFileReader(
      root: folder.path, labels: labels, image: "file", target: "class", split: "part", classes: ["x", "y"])
    func lines(_ line: Int, _ value: String) -> [LabelledLine] { [LabelledLine(line: line, value: value)] }
    let faults: [DataFault] = [
      .blankFields(lines: [4], column: "class", path: labels),
      .unknownLabels(lines: lines(6, "z"), classes: ["x", "y"], column: "class", path: labels),
      .unknownSplits(lines: lines(5, "later"), column: "part", path: labels),
      .pathsLeaveRoot(lines: lines(5, "../b.png"), root: folder.path, path: labels),
      .linksLeaveRoot(lines: lines(6, "link.png"), root: folder.path, path: labels),
      .duplicateImages(lines: lines(3, "a.png"), path: labels),
      .missingImages(names: ["none.png"], root: folder.path, path: labels),
    ]
    #expect(fault { _ = try reader.listing() } == .several(faults))
    let text = "\(DataFault.several(faults))"
    #expect(text.hasPrefix("7 things are wrong with the data set:\n  \(labels): column \"class\" is empty in 1 row"))
    #expect(text.split(separator: "\n").count == 8)
    var columns = reader
    columns.image = "fle"
    columns.target = "clas"
    #expect(
      fault { _ = try columns.listing() }
        == .several(
          [("fle", "image"), ("clas", "target")].map { name, role in
            .missingColumn(name: name, role: role, path: labels, columns: ["file", "class", "part"])
          }))
  }

  @Test func namesEveryRowOfAnotherLength() throws {
    let folder = try folder()
    let labels = try folder.write("labels.csv", "file;class\na.png;x\nb.png\nc.png;x;y\nd.png\n")
    let reader = LabelFileReader(root: folder.path, labels: labels, image: "file", target: "class")
    #expect(
      fault { _ = try reader.listing() }
        == .malformedLabelFile(
          path: labels, line: 3,
          reason:
            "1 fields where the header has 2 (other lengths are also in line 4, 5); quote fields that hold a semicolon")
    )
  }

  @Test func leavesOutWhatIsMissingWhereAllowed() throws {
    let folder = try folder()
    let labels = try folder.write("labels.csv", "file,class\na.png,x\nnone.png,y\nb.png,y\n")
    var reader = LabelFileReader(root: folder.path, labels: labels, image: "file", target: "class")
    reader.absent = .leftOut
    let listing = try reader.listing()
    #expect(
      listing.items.map(\.path) == ["a.png", "b.png"] && listing.missing == ["none.png"] && listing.unlisted == 1)
    let none = try folder.write("none.csv", "file,class\nnone.png,x\nnil.png,y\n")
    reader.labels = none
    #expect(
      fault { _ = try reader.listing() }
        == .missingImages(names: ["none.png", "nil.png"], root: folder.path, path: none))
  }

  /// The faults that only the published layouts can have.
  @Test func publishedLayoutsNameTheirFaults() throws {
    let folder = try folder([])
    let root = folder.path
    func reader(_ split: PublishedReader.GivenSplit = .released) -> PublishedReader {
      PublishedReader(root: root, split: split, absent: .listed)
    }
    #expect(fault { _ = try reader().aptos2019() } == .missingLabelFile(path: root + "/train.csv"))
    try folder.write("train.csv", "id_code,diagnosis\na,5\nb,x\nc,2\n")
    #expect(
      fault { _ = try reader().aptos2019() }
        == .unknownLabels(
          lines: [LabelledLine(line: 2, value: "5"), LabelledLine(line: 3, value: "x")],
          classes: ["0", "1", "2", "3", "4"], column: "diagnosis", path: root + "/train.csv"))
    let truth = try folder.write(
      "ISIC_2019_Training_GroundTruth.csv",
      "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK\na,1,0,0,0,0,0,0,0,0\nb,1,1,0,0,0,0,0,0,0\nc,0,0,0,0,0,0,0,0,1\n")
    #expect(
      fault { _ = try reader().isic2019(needsLesions: false) }
        == .notOneClass(lines: [LabelledLine(line: 3, value: "b"), LabelledLine(line: 4, value: "c")], path: truth))
    let lists = root + "/ddsm_raw_image_lists"
    try folder.write("ddsm_raw_image_lists/train.txt", "x/normal_1.png\r\ny/odd_2.png\n\n")
    #expect(
      fault { _ = try reader().ddsm() }
        == .several([
          .unknownNames(
            lines: [LabelledLine(line: 2, value: "y/odd_2.png")], expected: ["normal_", "benign_", "cancer_"],
            path: lists + "/train.txt"), .missingLabelFile(path: lists + "/val.txt"),
          .missingLabelFile(path: lists + "/test.txt"),
        ]))
    for (name, text) in [("train", "[0, 1]"), ("valid", "[0, 2]"), ("test", "{}")] {
      try folder.write("\(name)_labels.json", text)
    }
    guard case .several(let faults)? = fault({ _ = try reader().patchCamelyon(scratch: folder.path) }) else {
      Issue.record("PatchCamelyon's lists were taken")
      return
    }
    #expect(faults.count == 2)
  }
}
