import Foundation
import Testing

/// `graft init`: what it writes is a study, with all that it offers, and of one's own images.
@Suite(.serialized) struct InitTests {
  private func run(_ arguments: String..., in folder: TemporaryFolder) throws -> GraftProcess.Result {
    try GraftProcess.run(arguments, in: folder)
  }

  /// Nothing is decoded, so anything may stand for an image.
  private func image(_ path: String, in folder: TemporaryFolder) throws { try folder.write("image", to: path) }

  @Test func whatIsWrittenIsAStudy() throws {
    let folder = try TemporaryFolder()
    #expect(try run("init", in: folder).output == "wrote study.yaml; now: graft plan study.yaml\n")
    let checked = try run("check", "study.yaml", in: folder)
    #expect(checked.output == "study.yaml: my-study: 36 cells, no faults\n", "\(checked.errors)")
    #expect(!(try folder.text("study.yaml")).contains("%"))
    let again = try run("init", in: folder)
    #expect(again.status == 73 && again.errors.contains("is left as it is"))
  }

  @Test func theQuickstartIsTheBuiltInOne() throws {
    let folder = try TemporaryFolder()
    #expect(try run("init", "--quickstart", "quick.yaml", in: folder).status == 0)
    #expect(try run("check", "quick.yaml", in: folder).output == "quick.yaml: quickstart: 120 cells, no faults\n")
    #expect(try run("init", "--quickstart", "--data", ".", "x.yaml", in: folder).status == 64)
  }

  /// Each line that is commented out can take the place of the entry that it is another form of.
  @Test func whatIsCommentedOutCanBeTaken() throws {
    let folder = try TemporaryFolder()
    _ = try run("init", in: folder)
    let lines = try folder.text("study.yaml").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    func isOffered(_ line: String) -> Bool {
      let text = line.drop { $0 == " " }
      return text.hasPrefix("#") && text.dropFirst().first.map { $0 != " " } == true
    }
    func indent(_ line: String) -> Int { line.prefix { $0 == " " }.count }
    func name(_ line: String) -> Substring { line.drop { " #".contains($0) }.prefix { $0 != ":" } }
    var offers = 0
    for (place, line) in lines.enumerated() where isOffered(line) {
      // Those further in belong to one above them.
      if place > 0, isOffered(lines[place - 1]), indent(lines[place - 1]) < indent(line) { continue }
      if (0..<place).last(where: { !isOffered(lines[$0]) || indent(lines[$0]) < indent(line) })
        .map({ isOffered(lines[$0]) }) == true
      {
        continue
      }
      var taken = lines
      taken[place] = line.replacing("#", with: "", maxReplacements: 1)
      for next in lines.indices.dropFirst(place + 1) {
        guard isOffered(lines[next]), indent(lines[next]) > indent(line) else { break }
        taken[next] = lines[next].replacing("#", with: "", maxReplacements: 1)
      }
      let replaced = lines.indices.first {
        !isOffered(lines[$0]) && indent(lines[$0]) == indent(line) && name(lines[$0]) == name(line)
          && lines[$0].contains(":") && !lines[$0].drop(while: { $0 == " " }).hasPrefix("#")
      }
      if let replaced { taken[replaced] = "" }
      // Backbones of the published weights need them under `weights`.
      if line.contains("[resnet50, deit_small]") {
        taken = taken.map { text in
          ["#resnet50:", "#deit_small:"].contains { text.contains($0) }
            ? text.replacing("#", with: "", maxReplacements: 1) : text
        }.filter { !$0.contains("image_size: 32") || $0.contains("pretrain") }
        taken = taken.map { $0.replacing("{backbone: vit_micro,", with: "{backbone: deit_small,") }
      }
      try folder.write(taken.joined(separator: "\n"), to: "taken.yaml")
      let checked = try run("check", "taken.yaml", in: folder)
      #expect(checked.status == 0, "line \(place + 1), '\(line)':\n\(checked.errors)")
      offers += 1
    }
    #expect(offers >= 20)
  }

  @Test func aFolderOfClassesIsLookedAt() throws {
    let folder = try TemporaryFolder()
    for number in 0..<40 {
      for name in ["healthy", "mildew", "rust"] { try image("my leaves/\(name)/\(number).jpg", in: folder) }
    }
    let result = try run("init", "--data", "my leaves", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains("images: train 84, val 18, test 18\n"), "\(result.errors)")
    #expect(result.errors.contains("class rust: train 28, val 6, test 6\n"), "\(result.errors)")
    let text = try folder.text("study.yaml")
    for part in [
      "\ndata: .\n", "\n  dataset: [my-leaves]\n", "\n  my-leaves:\n    format: folder\n    root: \"my leaves\"\n",
      "    task: multiclass\n    metric: macro_recall\n", "  batch_size: 16\n", "  fraction: [0.25, 1]\n",
    ] {
      #expect(text.contains(part), "\(part)")
    }
    #expect(try run("plan", "study.yaml", in: folder).status == 0)
  }

  @Test func twoClassesAreBinaryAndGivenSplitsAreKept() throws {
    let folder = try TemporaryFolder()
    for (split, count) in [("train", 20), ("val", 4), ("test", 6)] {
      for number in 0..<count {
        for name in ["no", "yes"] { try image("images/scans/\(split)/\(name)/\(number).png", in: folder) }
      }
    }
    let result = try run("init", "--data", "images/scans", "studies/scans.yaml", in: folder)
    #expect(result.status == 73 && result.errors.contains("No such file or directory"))
    #expect(try run("init", "--data", "images/scans", in: folder).errors.contains("images: train 40, val 8, test 12"))
    let text = try folder.text("study.yaml")
    #expect(text.contains("data: images\n") && text.contains("split: {kind: given}"))
    #expect(text.contains("task: binary\n    metric: roc_auc\n"))
    // 40 are too few for a quarter of them.
    #expect(text.contains("fraction: [1]\n") && text.contains("batch_size: 32\n"))
    #expect(try run("check", "study.yaml", in: folder).status == 0)
  }

  @Test func aTableIsRead() throws {
    let folder = try TemporaryFolder()
    var table = "file;age;patient_id;diagnosis;site\n"
    for number in 0..<120 {
      table +=
        "i\(number);\(number);p\(number / 2);\(["benign", "malignant", "naevus"][number / 2 % 3]);\(number % 2)\n"
      try image("skin/jpg/i\(number).jpg", in: folder)
    }
    try folder.write(table, to: "skin/labels.csv")
    try folder.write("a note, no table\n", to: "skin/a.csv")
    let result = try run("init", "--data", "skin", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.hasPrefix("labels.csv: columns image file, target diagnosis, group patient_id\n"))
    let text = try folder.text("study.yaml")
    let declared = [
      "  skin:", "format: csv", "root: skin", "labels: labels.csv", "image: file", "target: diagnosis", "#target: site",
      "images: jpg", "extension: \".jpg\"", "task: multiclass", "metric: macro_recall", "#metric: quadratic_kappa",
      "split: {group: patient_id}",
    ].joined(separator: "\n    ")
    #expect(text.contains(declared), "\(text)")
    #expect(try run("check", "study.yaml", in: folder).status == 0)
  }

  @Test func whatIsNoDataSetIsSaid() throws {
    let folder = try TemporaryFolder()
    let missing = try run("init", "--data", "nowhere", in: folder)
    #expect(missing.status == 66 && missing.errors.contains("there is no folder"))
    try image("flat/1.jpg", in: folder)
    let flat = try run("init", "--data", "flat", in: folder)
    #expect(flat.status == 65 && flat.errors.contains("class"), "\(flat.errors)")
    for name in ["a", "b"] { try image("few/\(name)/1.jpg", in: folder) }
    let few = try run("init", "--data", "few", in: folder)
    #expect(few.status == 65, "\(few.errors)")
    #expect(!folder.exists("study.yaml"))
  }
}
