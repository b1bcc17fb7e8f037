import Foundation
import Testing

/// `graft preview`: what the networks see, before and after a run.
@Suite struct PreviewTests {
  private static let study = """
    study: look
    axes: {dataset: [grades, slides], backbone: [resnet_micro, vit_micro], fraction: [1.0], init: [RI]}
    seeds: 1
    training:
      epochs: 1
      batch_size: 8
      image_size: 32
      schedule: []
      transforms:
        train: [{name: random_rotation, degrees: 20}, {name: multi_crop, count: 2}, {name: gaussian_blur, p: 0.5}]
        eval: [{name: resize, keep_aspect: true}, center_crop]
    rules:
      - {when: {backbone: vit_micro}, set: {training.batch_size: 16}}
    datasets:
      grades: {format: phantom, domain: grading, images: {train: 40, val: 8, test: 8}, size: 40}
      slides: {format: phantom, domain: screening, images: {train: 40, val: 8, test: 8}, size: 40}

    """

  private static func preview(_ arguments: [String], in folder: TemporaryFolder) throws -> String {
    let result = try GraftProcess.run(["preview", "look.yaml"] + arguments, in: folder)
    try #require(result.status == 0, "\(result.errors)")
    return try String(
      contentsOfFile: result.output.trimmingCharacters(in: .whitespacesAndNewlines), encoding: .utf8)
  }

  private static func count(_ part: String, in text: String) -> Int { text.components(separatedBy: part).count - 1 }

  /// A sheet for each data set: the backbones see the same. The few images that are decoded before a run are those that the
  /// store has after it.
  @Test(.timeLimit(.minutes(5))) func showsTheSameBeforeAndAfterARun() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.study, to: "look.yaml")
    let before = try Self.preview([], in: folder)
    #expect(!folder.exists(".graft"))
    #expect(Self.count("<h2>", in: before) == 2)
    // Eight images of either: as stored, as evaluated, and five draws of two crops.
    #expect(Self.count("data:image/png;base64,", in: before) == 2 * 8 * 12)
    #expect(before.contains("For 2 cells, such as") && before.contains("grade0"))
    let run = try GraftProcess.run(["run", "look.yaml", "--quiet"], in: folder)
    try #require(run.status == 0, "\(run.errors)")
    #expect(try Self.preview([], in: folder) == before)
    #expect(try Self.preview(["--seed", "1"], in: folder) != before)
  }

  @Test(.timeLimit(.minutes(2))) func showsTheCellsAndSplitAskedFor() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.study, to: "look.yaml")
    let page = try Self.preview(
      ["--cell", "slides/vit_micro/1.0/RI/0", "--split", "test", "--images", "3", "--output", "one/look.html"],
      in: folder)
    #expect(folder.exists("one/look.html"))
    #expect(Self.count("<h2>", in: page) == 1)
    #expect(Self.count("data:image/png;base64,", in: page) == 3 * 2)
    #expect(page.contains("For the cell"))
  }

  /// A folder of one's own, its images drawn from another's page; one file is damaged.
  @Test(.timeLimit(.minutes(2))) func leavesOutDamagedImages() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.study, to: "look.yaml")
    let page = try Self.preview(["--cell", "dataset=grades", "--images", "12", "--draws", "0"], in: folder)
    let pictures = page.components(separatedBy: "base64,").dropFirst().compactMap {
      Data(base64Encoded: String($0.prefix { $0 != "\"" }))
    }
    try #require(pictures.count == 24)
    for (number, picture) in pictures.enumerated() {
      let place = folder.url.appendingPathComponent("own/\(number % 2 == 0 ? "even" : "odd")")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      try picture.write(to: place.appendingPathComponent("\(number).png"))
    }
    try folder.write("no image", to: "own/even/0.png")
    try folder.write(Studies.folder(root: "own", further: ", unreadable: skip"), to: "look.yaml")
    let own = try Self.preview(["--images", "100"], in: folder)
    #expect(own.contains("odd/") && own.contains("even/") && !own.contains("even/0.png"))
    try folder.write(Studies.folder(root: "own"), to: "look.yaml")
    let refused = try GraftProcess.run(["preview", "look.yaml", "--images", "100"], in: folder)
    #expect(refused.status == 65 && refused.errors.contains("0.png"), "\(refused.errors)")
  }

  @Test(arguments: [
    (["--cell", "nothing"], 64, "graft plan --cells"), (["--cell", "dataset=nothing"], 64, "matches none of the 4"),
    (["--images", "0"], 64, "1 to 500"), (["--split", "half"], 64, "train"),
    (
      [
        "--set", "training.transforms.eval=[gaussian_blur, {name: center_crop, size: 32}]", "--set",
        "datasets.grades.store={size: 12}",
      ], 65, "transform 2 crops 32 x 32 pixels"
    ),
  ])
  func saysWhatIsWrong(_ arguments: [String], status: Int32, _ part: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.study, to: "look.yaml")
    let result = try GraftProcess.run(["preview", "look.yaml"] + arguments, in: folder)
    #expect(result.status == status)
    #expect(result.errors.contains(part), "\(result.errors)")
  }
}
