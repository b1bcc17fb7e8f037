import Foundation
import Testing

/// `graft doctor --data`: what lies where data sets are looked for.
@Suite(.serialized) struct DoctorDataTests {
  private static let study = """
    study: eyes
    data: images
    axes: {dataset: [aptos2019, own], backbone: [resnet_micro], init: [RI]}
    seeds: 1
    datasets:
      own: {format: csv, root: own, labels: l.csv, image: f, target: [Edema, Mass], split: {group: who}}

    """

  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write(Self.study, to: "eyes.yaml")
    var table = "id_code,diagnosis\n"
    for number in 0..<100 {
      table += "i\(number),\(number % 5)\n"
      // Nothing is decoded, so anything may stand for an image.
      try folder.write("image", to: "images/APTOS2019/train_images/i\(number).png")
    }
    try folder.write(table, to: "images/APTOS2019/train.csv")
    table = "f;Edema;Mass;who\n"
    for number in 0..<40 {
      table += "\(number).jpg;\(number % 2);\(number % 3 / 2);p\(number / 2)\n"
      try folder.write("image", to: "images/own/\(number).jpg")
    }
    try folder.write(table, to: "images/own/l.csv")
    return folder
  }

  private func rows(_ text: String) -> [[String]] {
    text.split(separator: "\n").map {
      $0.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
    }
  }

  @Test func countsImagesOfEachClassAndSplit() throws {
    let folder = try folder()
    let result = try GraftProcess.run(["doctor", "--data", "eyes.yaml", "--format", "csv"], in: folder)
    #expect(result.status == 0, "\(result.output)\(result.errors)")
    let rows = rows(result.output)
    func found(_ dataset: String, _ what: String) -> String? { rows.first { $0[0] == dataset && $0[1] == what }?[2] }
    #expect(found("aptos2019", "images") == "\"train 70, val 15, test 15\",yes")
    #expect(found("aptos2019", "class severe") == "\"train 15, val 2, test 3\",")
    #expect(found("aptos2019", "labels") == "train.csv,yes")
    #expect(found("aptos2019", "from")?.contains("kaggle.com/c/aptos2019") == true)
    #expect(found("aptos2019", "terms") != nil && found("own", "terms") == nil)
    #expect(found("own", "class Edema") != nil && found("own", "missing") == nil)
  }

  @Test func saysWhatIsMissingAndEndsWithItsStatus() throws {
    let folder = try folder()
    let images = folder.url.appendingPathComponent("images")
    try FileManager.default.removeItem(at: images.appendingPathComponent("APTOS2019/train_images/i3.png"))
    try folder.write("image", to: "images/own/stray.jpg")
    try folder.write("f;Edema;Mas;who\n0.jpg;1;0;p\n", to: "images/own/l.csv")
    let result = try GraftProcess.run(["doctor", "--data", "eyes.yaml", "--format", "csv"], in: folder)
    #expect(result.status == 69)
    #expect(result.output.contains("aptos2019,missing,\"1 images, first train_images/i3.png\",NO"), "\(result.output)")
    #expect(result.output.contains("has no column \"\"Mass\"\" for the target"), "\(result.output)")
    #expect(result.output.contains("Did you mean \"\"Mas\"\"?"))
  }

  @Test func withoutAStudyItListsTheKnownOnes() throws {
    let result = try GraftProcess.run(["doctor", "--data"], in: try TemporaryFolder())
    #expect(result.status == 69)
    for name in ["APTOS2019", "ISIC2019", "CheXpert", "DDSM", "CBIS-DDSM", "Camelyon"] {
      #expect(result.output.contains("/datasets/\(name)"), "\(result.output)")
    }
  }
}
