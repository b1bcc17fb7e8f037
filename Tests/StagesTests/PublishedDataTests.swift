import Engine
import Foundation
import Planner
import Stages
import Testing
import WorkerProtocol

/// The study's data sets as they come, each in a small copy of its layout: read, divided, trained on and tested.
@Suite(.serialized) struct PublishedDataTests {
  func study(_ dataset: String, _ further: String = "") -> String {
    """
    study: published
    data: data
    axes: {dataset: [\(dataset)], backbone: [resnet_micro], init: [RI]}
    seeds: 1
    training:
      epochs: 1
      batch_size: 8
      image_size: 32
      schedule: []
      transforms:
        train: [{name: resize, size: 32}, {name: horizontal_flip}]
        eval: [{name: resize, size: 32}]
    \(further)
    """
  }

  func run(_ layout: TinyLayout, _ study: String) throws -> InProcessRun {
    let run = try InProcessRun(study)
    try layout.write(below: run.folder.appending(path: "data"))
    return run
  }

  /// With nothing but the data set's name in the study, and the published constants.
  @Test(.timeLimit(.minutes(3)), arguments: TinyLayout.allCases) func trainsByItsNameAlone(_ layout: TinyLayout) throws
  {
    let isKnown = layout != .cbisDDSM
    let run = try run(
      layout,
      study(layout.rawValue).replacing(
        "schedule: []", with: "schedule: []\n  normalise: \(isKnown ? "published" : "dataset")"))
    try run.runAll()
    let data = try #require(run.outcomes[run.stages(.dataset)[0].key]).facts
    #expect(["train", "val", "test"].map { data["images"]?[$0]?.intValue } == layout.images, "\(data)")
    let test = try #require(run.outcomes[run.stages(.test)[0].key])
    #expect(test.metrics.contains { $0.name == layout.metric && (-1...1).contains($0.value) }, "\(test.metrics)")
    #expect(test.facts["images"]?.intValue == layout.images[2])
    let store = try StoredImages(path: run.artifact(run.stages(.dataset)[0].key) + "/images.store")
    #expect(store.channels == PublishedDataset(rawValue: layout.rawValue)?.facts.channels)
    #expect(store.facts.published?.mean == PublishedDataset(rawValue: layout.rawValue)?.facts.mean)
  }

  /// Fourteen labels an image: counted, learnt with weights and neighbours, judged class by class, and written down.
  @Test(.timeLimit(.minutes(3)), arguments: ["zeros", "ones", "ignore"]) func cheXpertHasSeveralLabels(
    _ uncertain: String
  ) throws {
    let run = try run(
      .chexpert,
      study("chexpert", "datasets: {chexpert: {uncertain: \(uncertain), split: patient}}")
        .replacing("schedule: []", with: "schedule: []\n  class_weights: balanced\n  knn_eval: true"))
    try run.runAll()
    let data = try #require(run.outcomes[run.stages(.dataset)[0].key]).facts
    #expect(data["shared_groups"] == nil && data["classes"]?.arrayValue?.count == 14)
    let unknown = ["train", "val", "test"].flatMap {
      data["unknown_per_class"]?[$0]?.arrayValue?.compactMap(\.intValue) ?? []
    }
    #expect(unknown.count == 42 && unknown.reduce(0, +) == (uncertain == "ignore" ? 280 : 0))
    let train = try #require(run.outcomes[run.stages(.train)[0].key])
    #expect(train.history.count == 1 && train.history[0].validationNeighbours.map { $0 > 0.5 } == true)
    let test = try #require(run.outcomes[run.stages(.test)[0].key])
    let areas = (test.facts["roc_auc_per_class"]?.arrayValue ?? []).compactMap { $0.doubleValue }
    let value = try #require(test.metrics.first { $0.name == "roc_auc" }?.value)
    #expect(areas.count == 14 && abs(areas.reduce(0, +) / 14 - value) < 1e-12)
    let text = try String(contentsOfFile: run.artifact(run.stages(.test)[0].key) + "/predictions.csv", encoding: .utf8)
    let rows = text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    #expect(
      rows.allSatisfy { $0.count == 1 + 14 + 14 } && rows[0][1] == "No Finding" && rows[0][28] == "p(Support Devices)")
    #expect(rows.dropFirst().contains { $0[1...14].contains("") } == (uncertain == "ignore"))
  }

  /// U-MultiClass: three outputs a label are learnt, two of them judged.
  @Test(.timeLimit(.minutes(3))) func uncertainMayBeAnAnswerOfItsOwn() throws {
    let text = study("chexpert", "datasets: {chexpert: {uncertain: class, split: patient}}")
    let run = try run(.chexpert, text)
    try run.runAll()
    let data = try #require(run.outcomes[run.stages(.dataset)[0].key]).facts
    var unknown = 0
    for split in ["train", "val", "test"] {
      for count in data["unknown_per_class"]?[split]?.arrayValue ?? [] { unknown += count.intValue ?? 0 }
    }
    #expect(unknown == 280)
    let test = try #require(run.outcomes[run.stages(.test)[0].key])
    #expect(test.facts["roc_auc_per_class"]?.arrayValue?.count == 14 && (test.facts["loss"]?.doubleValue ?? 0) > 0)
    let model = try Safetensors.read(run.artifact(run.stages(.train)[0].key) + "/best.safetensors").tensors
    #expect(model["fc.bias"]?.shape == [42])
    let weighted = try self.run(
      .chexpert, text.replacing("schedule: []", with: "schedule: []\n  class_weights: balanced"))
    let failure = #expect(throws: StageFailure.self) { try weighted.runAll() }
    #expect(failure?.message.contains("class_weights has no meaning") == true)
  }

  @Test func splitsThatShareGroupsSaySo() throws {
    let run = try run(.isic2019, study("isic2019"))
    let stage = run.stages(.dataset)[0]
    // Counted by Python for this arrangement.
    #expect(try run.run(stage).facts["shared_groups"]?.intValue == 19)
    let clean = try self.run(.isic2019, study("isic2019", "datasets: {isic2019: {split: patient}}"))
    #expect(try clean.run(clean.stages(.dataset)[0]).facts["shared_groups"] == nil)
    let cut = try self.run(.chexpert, study("chexpert", "datasets: {chexpert: {split: released_overlapping}}"))
    let facts = try cut.run(cut.stages(.dataset)[0]).facts
    #expect(["train", "val", "test"].map { facts["images"]?[$0]?.intValue } == [113, 25, 24])
  }

  /// A table of one's own with several classes, semicolons and a group; fractions keep its groups.
  @Test(.timeLimit(.minutes(3))) func ownTablesMayHaveSeveralClassesAndGroups() throws {
    let study = study(
      "own",
      """
      datasets:
        own:
          format: csv
          labels: labels.csv
          image: Datei
          target: [Ödem, Fraktur]
          channels: 1
          root: APTOS2019
          split: {group: Patient}
      """
    ).replacing("init: [RI]", with: "init: [RI], fraction: [0.5]")
    let run = try run(.aptos2019, study)
    var table = "Datei;Patient;Ödem;Fraktur\r\n"
    for number in 0..<100 {
      table += "train_images/img\(number).png;p\(number / 4);\(number % 2);\(number % 9 == 0 ? -1 : number % 3 / 2)\r\n"
    }
    try Data(table.utf8).write(to: run.folder.appending(path: "data/APTOS2019/labels.csv"))
    try run.runAll()
    let key = run.stages(.dataset)[0].key
    #expect(run.outcomes[key]?.facts["classes"]?.arrayValue == ["Ödem", "Fraktur"])
    #expect(run.outcomes[run.stages(.test)[0].key]?.metrics.map(\.name) == ["roc_auc"])
    let store = try StoredImages(path: run.artifact(key) + "/images.store")
    let subset = store.subset(of: .train, fraction: 0.5, seed: 0)
    #expect(run.outcomes[run.stages(.train)[0].key]?.facts["training_images"]?.intValue == subset.count)
    let training = store.positions(in: .train)
    let taken = Set(subset.map { store.group(training[$0]) })
    #expect(training.indices.allSatisfy { subset.contains($0) == taken.contains(store.group(training[$0])) })
  }

  @Test func anAbsentDataSetSaysWhereItIsToBeHad() throws {
    let run = try InProcessRun(study("isic2019"))
    let failure = #expect(throws: StageFailure.self) { try run.run(run.stages(.dataset)[0]) }
    #expect(failure?.failureClass == .data && failure?.message.hasSuffix("data/ISIC2019 with ISIC 2019") == true)
    #expect(failure?.remedy?.contains("https://challenge.isic-archive.com/data/#2019") == true)
    try FileManager.default.createDirectory(
      at: run.folder.appending(path: "data/ISIC2019"), withIntermediateDirectories: true)
    let unlabelled = #expect(throws: StageFailure.self) { try run.run(run.stages(.dataset)[0]) }
    #expect(unlabelled?.message.hasSuffix("ISIC_2019_Training_GroundTruth.csv, which is not there") == true)
    #expect(unlabelled?.remedy?.contains("https://challenge.isic-archive.com/data/#2019") == true)
  }

  @Test func missingImagesAreNamedOrCounted() throws {
    let refused = try run(.aptos2019, study("aptos2019"))
    try FileManager.default.removeItem(at: refused.folder.appending(path: "data/APTOS2019/train_images/img7.png"))
    let failure = #expect(throws: StageFailure.self) { try refused.run(refused.stages(.dataset)[0]) }
    #expect(failure?.message.contains("names 1 image not found") == true, "\(failure?.message ?? "")")
    let counted = try run(.aptos2019, study("aptos2019", "datasets: {aptos2019: {missing: skip}}"))
    for name in ["img7", "img8"] {
      try FileManager.default.removeItem(at: counted.folder.appending(path: "data/APTOS2019/train_images/\(name).png"))
    }
    let stage = counted.stages(.dataset)[0]
    let facts = try counted.run(stage).facts
    #expect(facts["missing"]?.intValue == 2)
    let list = try String(contentsOfFile: counted.artifact(stage.key) + "/missing.txt", encoding: .utf8)
    #expect(list == "train_images/img7.png\ntrain_images/img8.png\n")
  }

  @Test func patientsOnBothSidesOfAGivenSplitAreRefusedUnlessAllowed() throws {
    func study(_ further: String) -> String {
      self.study(
        "own",
        "datasets: {own: {format: csv, labels: labels.csv, image: f, target: c, root: APTOS2019, "
          + "split: {column: part, group: who\(further)}}}")
    }
    var table = "f,c,who,part\n"
    for number in 0..<60 {
      let part = ["train", "val", "test"][number % 3]
      table += "train_images/img\(number).png,\(number % 2),\(number < 6 ? "both" : "p\(number)"),\(part)\n"
    }
    func dataset(_ further: String) throws -> StageOutcome {
      let run = try run(.aptos2019, study(further))
      try Data(table.utf8).write(to: run.folder.appending(path: "data/APTOS2019/labels.csv"))
      return try run.run(run.stages(.dataset)[0])
    }
    let failure = #expect(throws: StageFailure.self) { try dataset("") }
    #expect(failure?.message.contains("1 group have images in several splits: both (train, val, test)") == true)
    #expect(try dataset(", shared_groups: allow").facts["shared_groups"]?.intValue == 1)
  }

  /// What `graft doctor --data` is told of a folder, without an image decoded.
  @Test func surveysSayWhatIsThere() throws {
    let run = try run(.cbisDDSM, study("cbis_ddsm"))
    let stage = run.stages(.dataset)[0]
    let data = run.folder.appending(path: "data/CBIS-DDSM")
    try FileManager.default.removeItem(at: data.appending(path: "jpeg/1.3.6.0.1.0"))
    func survey() -> JSONValue { DataSurvey.of(["parameters": stage.parameters, "root": .string(data.path)]) }
    let found = survey()
    #expect(found["fault"] == nil && found["missing"]?.intValue == 1, "\(found)")
    #expect(["train", "val", "test"].map { found["images"]?[$0]?.intValue } == TinyLayout.cbisDDSM.images)
    #expect(found["images_per_class"]?["test"]?.arrayValue == [4, 4])
    try FileManager.default.removeItem(at: data.appending(path: "csv/mass_case_description_test_set.csv"))
    #expect(survey()["fault"]?.stringValue?.contains("which is not there") == true)
  }
}
