import Planner
import Testing

/// What may stand as the values of an axis.
@Suite struct AxisTests {
  static func plan(
    _ axes: String, training: String = "{}", backbone: String = "vit_micro", initialisation: String = "ST"
  ) throws -> Plan {
    let text = """
      study: axes
      axes: {dataset: [marks], backbone: [\(backbone)], init: [\(initialisation)], \(axes)}
      seeds: 1
      training: \(training)
      datasets: {marks: {format: folder, root: marks}}
      weights: {vit_micro: {file: w.safetensors}, resnet_micro: {file: r.safetensors}}
      """
    return try StudyReader.read(text: text, fileName: "s.yaml").plan(contents: [:])
  }

  private static func trainings(_ plan: Plan) -> [StageKey] { plan.stages.filter { $0.kind == .train }.map(\.key) }

  /// Two values for every training option, and the optimizer that takes it.
  static let values: [String: (first: String, second: String)] = [
    "epochs": ("3", "4"), "batch_size": ("8", "16"), "optimizer.name": ("sgd", "adam"),
    "optimizer.lr": ("0.1", "search"), "optimizer.weight_decay": ("0", "0.1"), "schedule": ("[]", "[cosine]"),
    "gradient_clipping": ("0", "2"), "val_every": ("0.5", "2"), "image_size": ("32", "64"),
    "transforms.train": ("[random_resized_crop]", "[{name: random_resized_crop, scale: [0.5, 1]}, horizontal_flip]"),
    "transforms.eval": ("[center_crop]", "[{name: resize, size: 40}, center_crop]"),
    "normalise": ("imagenet", "{mean: [0.5], sd: [0.25]}"), "optimizer.autoscale_lr": ("false", "true"),
    "optimizer.momentum": ("0.5", "0.9"), "optimizer.nesterov": ("false", "true"),
    "optimizer.betas": ("[0.9, 0.95]", "[0.9, 0.999]"), "optimizer.eps": ("1e-8", "1e-6"),
    "optimizer.batch_act_thresh": ("128", "512"), "optimizer.base": ("sgd", "adam"),
    "optimizer.trust_coefficient": ("0.001", "0.01"), "lr_search": ("grid", "{kind: range, n_epochs: 2}"),
    "save_best": ("true", "false"), "early_stopping": ("none", "{patience: 3, min_delta: 0.1}"),
    "class_weights": ("balanced", "[1, 2, 0.5]"), "freeze_backbone": ("false", "true"),
    "knn_eval": ("false", "true"), "mixed_precision": ("off", "bf16"), "log_every": ("7", "9"),
    "tensorboard": ("false", "true"), "stem": ("three", "first"), "patch_size": ("8", "16"),
    "drop_path": ("0", "0.1"), "st.positional": ("kept", "sampled"),
  ]

  /// Whatever an option takes, numbers, words, lists and mappings, names two cells that a filter can tell apart.
  @Test("every training option can be an axis", arguments: TrainingOption.all.map(\.name)) func anyOption(
    _ name: String
  ) throws {
    let option = try #require(TrainingOption.named(name))
    let (first, second) = try #require(Self.values[name], "give \(name) two values here")
    var training = "{optimizer: {name: \(option.takers?[0] ?? "adamw")}}"
    if name == "optimizer.name" { training = "{}" }
    if name == "lr_search" { training = "{optimizer: {lr: search}}" }
    let plan = try Self.plan("training.\(name): [\(first), \(second)]", training: training)
    #expect(plan.cells.count == 2)
    #expect(Set(plan.cells.map(\.id)).count == 2)
    for cell in plan.cells {
      let value = try #require(cell.furtherAxes.first { $0.name == "training.\(name)" }?.value)
      #expect(cell.id.text.hasSuffix("/training.\(name)=\(value)"))
      #expect(!value.contains { $0 == "\"" || $0 == " " || $0 == "/" }, "\(value)")
      let filter = try CellFilter("training.\(name)=\(value)")
      #expect(plan.cells.filter(filter.matches) == [cell], "\(value)")
    }
    // What cannot change a result gives two cells that are one training.
    let cannotChange = ["log_every", "tensorboard"].contains(name)
    #expect(Set(Self.trainings(plan)).count == (cannotChange ? 1 : 2))
  }

  @Test(
    "numbers by their ends are those that a person would write",
    arguments: [
      ("training.epochs: {range: [3, 6]}", ["3", "4", "5", "6"]),
      ("training.epochs: {range: [3, 10], step: 3}", ["3", "6", "9"]),
      ("training.optimizer.weight_decay: {range: [0, 0.3], step: 0.1}", ["0", "0.1", "0.2", "0.3"]),
      ("training.optimizer.lr: {range: [1e-6, 3e-6], step: 1e-6}", ["1e-06", "2e-06", "3e-06"]),
      ("training.optimizer.weight_decay: {linear: [0, 1, 4]}", ["0", "0.3333", "0.6667", "1"]),
      ("training.gradient_clipping: {linear: [1000000, 1000001, 3]}", ["1000000", "1000000.5", "1000001"]),
      ("training.optimizer.lr: {log: [1e-5, 1e-2, 4]}", ["1e-05", "0.0001", "0.001", "0.01"]),
      ("training.optimizer.lr: {log: [0.001, 0.01, 4]}", ["0.001", "0.002154", "0.004642", "0.01"]),
      ("training.optimizer.lr: {log: [0.123456789, 1, 2]}", ["0.123456789", "1"]),
      ("training.batch_size: {log: [8, 512, 7]}", ["8", "16", "32", "64", "128", "256", "512"]),
      ("training.epochs: {linear: [5, 30, 4]}", ["5", "13", "22", "30"]),
      ("training.patch_size: {log: [8, 32, 3]}", ["8", "16", "32"]),
    ] as [(String, [String])])
  func numbers(_ axis: String, expected: [String]) throws {
    var training = "{image_size: 32}"
    if axis.contains("patch_size") { training = "{image_size: 64}" }
    #expect(try Self.plan(axis, training: training).cells.map { $0.furtherAxes[0].value } == expected)
  }

  /// Three decades in twenty-five steps, and as many as can be told apart.
  @Test func neighboursStayApart() throws {
    let searched = try Self.plan("training.optimizer.lr: {log: [1e-5, 1e-2, 25]}").cells.map { $0.furtherAxes[0].value }
    #expect(searched.count == 25)
    #expect(searched[1...3] == ["1.334e-05", "1.778e-05", "2.371e-05"])
    #expect(searched[8] == "0.0001" && searched[16] == "0.001")
    let near = try Self.plan("training.optimizer.lr: {log: [1, 1.001, 1000]}").cells.map { $0.furtherAxes[0].value }
    #expect(Set(near).count == 1000)
  }

  @Test(
    "a number has one name and one key, however it is written",
    arguments: [
      ("{log: [1e-4, 1e-2, 3]}", "[0.0001, 1.0e-3, 10e-3]"), ("{range: [0.1, 0.3], step: 0.1}", "[0.1, 2.0e-1, 0.30]"),
      ("{linear: [0.1, 0.7, 7]}", "[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]"),
      ("[{values: [0.5]}, {range: [1, 2]}]", "[0.5, 1, 2.0]"),
    ])
  func equalNumbers(_ short: String, _ written: String) throws {
    let plan = try Self.plan("training.optimizer.lr: \(short)")
    let other = try Self.plan("training.optimizer.lr: \(written)")
    #expect(plan.cells.map(\.id) == other.cells.map(\.id))
    #expect(plan.stages.map(\.key) == other.stages.map(\.key))
  }

  /// A condition decides which cells have the axis, and nothing else: a cell is the same training with the option set for it.
  @Test func anAxisUnderAConditionIsTheOptionSetForThoseCells() throws {
    let plan = try Self.plan(
      "training.patch_size: {when: {backbone: vit*}, values: [8, 16]}", training: "{image_size: 32}",
      backbone: "vit_micro, resnet_micro")
    #expect(plan.cells.map { $0.furtherAxes.map(\.value) } == [["8"], ["16"], []])
    let alone = try Self.plan("training.epochs: [30]", training: "{image_size: 32, patch_size: 16}")
    let bare = try Self.plan("training.epochs: [30]", training: "{image_size: 32}", backbone: "resnet_micro")
    #expect(plan.cells[1].stages == alone.cells[0].stages)
    #expect(plan.cells[2].stages == bare.cells[0].stages)
  }
}
