import Foundation
import Testing

/// Every wrong input ends in one clear error that names what, where and what to do.
@Suite struct BadInputTests {
  /// A study file that is wrong, what its error must say, and the exit status.
  @Test(arguments: [
    ("study: x\naxes: {dataset: [a], backbone: [resnet18], init: [RI]}\ntrainnig: {}\n", "trainnig", "training"),
    ("study: x\naxes: {dataset: [a], backbone: [resnet19], init: [RI]}\n", "resnet19", "resnet18"),
    ("study: x\naxes: {dataset: [a], backbone: [resnet18], init: [RI]}\ntraining: {epocs: 3}\n", "epocs", "epochs"),
  ])
  func aTypoIsShownWithItsPlaceAndTheNearestName(text: String, wrong: String, right: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(text, to: "x.yaml")
    for command in ["check", "plan", "run"] {
      let result = try GraftProcess.run([command, "x.yaml"], in: folder)
      #expect(result.status == 65, "\(command): \(result.errors)")
      #expect(result.errors.contains("x.yaml:"), "\(result.errors)")
      #expect(result.errors.contains(wrong) && result.errors.contains(right), "\(result.errors)")
    }
  }

  @Test func aStudyFileThatIsNotThere() throws {
    let folder = try TemporaryFolder()
    let result = try GraftProcess.run(["run", "nowhere.yaml"], in: folder)
    #expect(result.status == 66)
    #expect(result.errors.contains("nowhere.yaml"))
  }

  @Test func wrongUsage() throws {
    let folder = try TemporaryFolder()
    #expect(try GraftProcess.run(["rnu"], in: folder).status == 64)
    #expect(try GraftProcess.run(["run", "--jobs", "none", "x.yaml"], in: folder).status == 64)
  }

  /// A file or folder of images that is wrong, and what the error must name.
  enum Damage: String, CaseIterable {
    case missingRoot, emptyClass, truncatedJPEG, textNamedPNG
  }

  @Test(.timeLimit(.minutes(2)), arguments: Damage.allCases) func damagedData(damage: Damage) throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.folder(root: "images"), to: "own.yaml")
    var names: [String] = ["images"]
    if damage != .missingRoot {
      try Self.writeImages(to: folder)
      switch damage {
      case .missingRoot: break
      case .emptyClass:
        try FileManager.default.createDirectory(
          at: folder.url.appendingPathComponent("images/empty"), withIntermediateDirectories: true)
        names = ["empty"]
      case .truncatedJPEG:
        let whole = try folder.data("images/a/3.jpg")
        try folder.write(whole.prefix(whole.count / 2), to: "images/a/3.jpg")
        names = ["a/3.jpg"]
      case .textNamedPNG:
        try folder.write("not an image", to: "images/b/text.png")
        names = ["b/text.png"]
      }
    }
    let result = try GraftProcess.run(["run", "own.yaml"], in: folder)
    #expect(result.status == 1, "\(result.errors)")
    for name in names { #expect(result.errors.contains(name), "\(result.errors)") }
    #expect(result.errors.contains("help:"), "\(result.errors)")
  }

  /// `unreadable: skip` leaves damaged images out, and the report counts them.
  @Test(.timeLimit(.minutes(2))) func unreadableImagesAreSkippedAndCountedWhereTheStudySaysSo() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.folder(root: "images", further: ", unreadable: skip"), to: "own.yaml")
    try Self.writeImages(to: folder)
    try folder.write("not an image", to: "images/b/text.png")
    let result = try GraftProcess.run(["run", "own.yaml"], in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(try GraftProcess.run(["report", "own.yaml"], in: folder).status == 0)
    #expect(try folder.text("results/own/report.html").contains("Unreadable, skipped"))
    let explained = try GraftProcess.run(["explain", "own.yaml", "images/resnet_micro/1.0/RI/0"], in: folder)
    #expect(explained.output.contains("\"unreadable\":1"), "\(explained.output)")
  }

  /// Without its weights file, what needs it fails with the place to put it, and the rest runs.
  @Test(.timeLimit(.minutes(2))) func missingWeightsFailTheirCellsAlone() throws {
    let folder = try TemporaryFolder()
    let study =
      Studies.folder(root: "images").replacing("init: [RI]", with: "init: [RI, WT]")
      + "weights: {resnet_micro: {file: weights/micro.safetensors}}\n"
    try folder.write(study, to: "own.yaml")
    try Self.writeImages(to: folder)
    let result = try GraftProcess.run(["run", "own.yaml"], in: folder)
    #expect(result.status == 1)
    #expect(result.errors.contains("weights/micro.safetensors"), "\(result.errors)")
    #expect(try GraftProcess.run(["report", "own.yaml"], in: folder).status == 0)
    let cells = try folder.text("results/own/cells.csv")
    #expect(cells.contains("done") && cells.contains("failed") || cells.contains("missing"), "\(cells)")
  }

  /// A weights file that is none, and what the error must name: the run goes on with the rest.
  enum WrongWeights: String, CaseIterable {
    case cutOff, anotherModels, calling, fortyGigabytes
  }

  @Test(.timeLimit(.minutes(2)), arguments: WrongWeights.allCases) func wrongWeightsAreRefused(wrong: WrongWeights)
    throws
  {
    let folder = try TemporaryFolder()
    let study =
      Studies.folder(root: "images").replacing("init: [RI]", with: "init: [WT]")
      + "weights: {resnet_micro: {file: weights/micro.pth}}\n"
    try folder.write(study, to: "own.yaml")
    try Self.writeImages(to: folder)
    let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "EngineTests/Fixtures/torch")
    func fixture(_ name: String) throws -> Data { try Data(contentsOf: fixtures.appending(path: name)) }
    let words: String
    switch wrong {
    case .cutOff:
      try folder.write(fixture("views.pth").prefix(2000), to: "weights/micro.pth")
      words = "cut off after 2000 bytes"
    case .anotherModels:
      try folder.write(fixture("views.pth"), to: "weights/micro.pth")
      words = "missing: conv1.weight"
    case .calling:
      try folder.write(fixture("calls-system.pth"), to: "weights/micro.pth")
      words = "asks for posix.system, which weights have no use for"
    case .fortyGigabytes:
      try folder.write("PK", to: "weights/micro.pth")
      try #require(truncate(folder.url.appendingPathComponent("weights/micro.pth").path, 40 << 30) == 0)
      words = "has more than 8 GiB, more than any weights"
    }
    let result = try GraftProcess.run(["run", "own.yaml"], in: folder)
    #expect(result.status == 1, "\(result.errors)")
    #expect(result.errors.contains("weights/micro.pth") && result.errors.contains(words), "\(result.errors)")
    #expect(result.errors.contains("help:"), "\(result.errors)")
  }

  /// Two classes of ten JPEG images, drawn by Graft's own phantom through a tiny study.
  private static func writeImages(to folder: TemporaryFolder) throws {
    let source = try TemporaryFolder()
    try source.write(Studies.small(), to: "small.yaml")
    let made = try GraftProcess.run(
      ["run", "small.yaml", "--only", "init=RI,backbone=resnet_micro,seed=0"], in: source)
    try #require(made.status == 0, "\(made.errors)")
    let images = source.files(under: ".graft/artifacts/dataset").filter { $0.hasSuffix(".jpg") }.sorted()
    try #require(images.count >= 40)
    for (index, image) in images.prefix(40).enumerated() {
      let data = try source.data(".graft/artifacts/dataset/\(image)")
      try folder.write(data, to: "images/\(index < 20 ? "a" : "b")/\(index % 20).jpg")
    }
  }
}
