import Planner
import StudyView
import Testing

/// Made-up studies to be drawn: a full grid of some axes, each cell's state by its position.
struct PhantomScreen: Sendable, CustomTestStringConvertible {
  var axes: [CellAxis]
  var states: [CellStanding]
  var moment: StudyMoment

  var testDescription: String { moment.study }

  /// - Parameter state: By the positions of a cell's values.
  init(
    _ study: String, _ axes: [(name: String, values: [String])], moment: (inout StudyMoment) -> Void = { _ in },
    state: ([Int]) -> CellStanding
  ) {
    let count = axes.reduce(1) { $0 * $1.values.count }
    var positions = [[Int32]](repeating: [], count: axes.count)
    states = []
    for cell in 0..<count {
      var rest = cell
      var own: [Int] = []
      for axis in axes.reversed() {
        own.insert(rest % axis.values.count, at: 0)
        rest /= axis.values.count
      }
      for (axis, position) in own.enumerated() { positions[axis].append(Int32(position)) }
      states.append(state(own))
    }
    self.axes = zip(axes, positions).map { CellAxis(name: $0.name, values: $0.values, positions: $1) }
    self.moment = StudyMoment(study: study)
    moment(&self.moment)
  }

  static let usual: [(name: String, values: [String])] = [
    ("dataset", ["aptos2019", "ddsm", "isic2019", "chexpert"]), ("backbone", ["deit_small", "resnet50"]),
    ("fraction", ["1.0"]), ("init", ["RI", "ST", "WT"]), ("seed", ["0", "1", "2", "3", "4"]),
  ]

  static let run = RunNote(
    who: "process 4711 on workbench", since: "09:05", seconds: 4389, command: "graft run study.yaml --jobs 3")

  /// Data set after data set is done; one failed.
  static func course(_ cell: [Int]) -> CellStanding {
    let number = (cell[0] * 2 + cell[1]) * 15 + cell[3] * 5 + cell[4]
    if number == 17 { return .failed }
    return number < 40 ? .done : number < 43 ? .running : .open
  }

  static let running = PhantomScreen("transfer", usual) { moment in
    moment.stages = StageTally(all: 244, done: 83, running: 3, failed: 1, held: 1)
    moment.run = run
    moment.running = [
      RunningWork(
        label: "train ddsm/resnet50/1.0/WT/0", fraction: 0.984, told: "epoch 50/50, loss 0.121, roc_auc 0.871",
        seconds: 845, place: "cuda:0", worker: "process 4720"),
      RunningWork(
        label: "train ddsm/resnet50/1.0/WT/1", fraction: 0.05, told: "epoch 3/50, loss 0.692", seconds: 41,
        place: "cuda:1", worker: "process 4721"),
      RunningWork(label: "test ddsm/resnet50/1.0/ST/4", seconds: 0.4, place: "cuda:2", worker: "process 4722"),
    ]
    moment.failures = [
      FailureNote(
        label: "train aptos2019/resnet50/1.0/RI/2", failureClass: "memory",
        message: "the device has too little memory for a batch of 64 images", secondsAgo: 200)
    ]
    moment.perMinute = 1.25
    moment.remaining = Remaining(seconds: 7530, low: 6900, high: 8200, jobs: 3)
  } state: {
    course($0)
  }

  static let noRun = PhantomScreen("transfer", usual) { moment in
    moment.stages = StageTally(all: 244, done: 83)
    moment.remaining = Remaining(seconds: 7530, low: 6900, high: 8200, jobs: 2)
  } state: {
    course($0) == .done ? .done : .open
  }

  static let finished = PhantomScreen("transfer", usual) { moment in
    moment.stages = StageTally(all: 244, done: 244)
  } state: { _ in
    .done
  }

  static let failed = PhantomScreen("transfer", usual) { moment in
    moment.stages = StageTally(all: 244, done: 150, failed: 30, held: 60)
    moment.failures = (0..<30).map { number in
      FailureNote(
        label: "train isic2019/deit_small/1.0/RI/\(number)", failureClass: ["data", "crash", "time"][number % 3],
        message: number % 3 == 0
          ? "weights/deit_small.safetensors: no such file, \u{1B}[2J\nand more" : "the worker was ended by signal 9",
        secondsAgo: Double(number) * 5000)
    }
  } state: {
    $0[0] == 2 ? .failed : .done
  }

  static let oneAxis = PhantomScreen(
    "seeds", [("dataset", ["derma"]), ("init", ["WT"]), ("seed", (0..<6).map { "\($0)" })]
  ) { moment in
    moment.stages = StageTally(all: 14, done: 7, running: 1)
    moment.run = run
    moment.running = [RunningWork(label: "train derma/vit_micro/1.0/WT/3", seconds: 12, place: "cpu")]
  } state: {
    $0[2] < 3 ? .done : $0[2] == 3 ? .running : .open
  }

  static let noAxes = PhantomScreen("single", [("dataset", ["derma"]), ("seed", ["0"])]) { moment in
    moment.stages = StageTally(all: 3, done: 1, running: 1)
    moment.run = run
    moment.running = [
      RunningWork(
        label: "train derma/vit_micro/1.0/WT/0", fraction: 0.5, told: "epoch 6/12", seconds: 100, place: "cpu")
    ]
  } state: { _ in
    .running
  }

  /// Alike at their beginnings, at their ends, wide, with marks that join, with what would upset a terminal.
  static let longNames = PhantomScreen(
    "long-names",
    [
      (
        "dataset",
        [
          "chest_radiographs_of_the_first_hospital_2019_frontal",
          "chest_radiographs_of_the_first_hospital_2020_frontal",
          "chest_radiographs_of_the_first_hospital_2020_lateral", "短い名前のデータセット胸部写真正面二千二十年", "re\u{301}tine",
          "tab\tand\u{1B}[31mred",
        ]
      ),
      (
        "backbone",
        [
          "vit_base_patch16_224_in21k_finetuned", "vit_base_patch32_224_in21k_finetuned",
          "vit_large_patch16_224_in21k_finetuned", "resnet50",
        ]
      ), ("seed", ["0", "1", "2"]),
    ]
  ) { moment in
    moment.stages = StageTally(all: 200, done: 20, running: 2)
    moment.run = run
    moment.running = ["vit_base_patch16_224_in21k_finetuned", "vit_base_patch32_224_in21k_finetuned"].map { backbone in
      RunningWork(
        label: "train chest_radiographs_of_the_first_hospital_2019_frontal/\(backbone)/1.0/WT/0", fraction: 0.3,
        told: "epoch 3/10, loss 0.412", seconds: 9, place: "cuda:0", worker: "process 99 on a-node-with-a-long-name")
    }
  } state: {
    $0[0] == 0 ? ($0[1] < 2 ? .running : .done) : .open
  }

  /// More rows and columns than any screen has room for.
  static let many = PhantomScreen(
    "many",
    [
      ("dataset", (1...60).map { "task-\($0)" }), ("backbone", (1...25).map { "network_\($0)" }),
      ("seed", (0..<12).map { "\($0)" }),
    ]
  ) { moment in
    moment.stages = StageTally(all: 54_000, done: 27_000, running: 20)
    moment.run = run
    moment.running = (0..<20).map { number in
      RunningWork(
        label: "train task-\(number)/network_1/1.0/WT/0", fraction: Double(number) / 20, told: "", seconds: 3600,
        place: "node-\(number)")
    }
    moment.failures = (0..<4).map { number in
      FailureNote(
        label: "train task-\(number)/network_9/1.0/RI/1", failureClass: "crash", message: "it crashed", secondsAgo: 9)
    }
    moment.stages.failed = 4
  } state: {
    ($0[0] + $0[1] + $0[2]) % 2 == 0 ? .done : .open
  }

  /// Some cells do not have an axis.
  static let absent: PhantomScreen = {
    var screen = PhantomScreen("absent", [("dataset", ["a", "b"]), ("seed", (0..<3).map { "\($0)" })]) { _ in .done }
    screen.axes.append(
      CellAxis(name: "training.optimizer.lr", values: ["0.001", "0.01"], positions: [0, 1, -1, 0, 1, -1]))
    screen.moment.stages = StageTally(all: 12, done: 12)
    return screen
  }()

  static let changed: PhantomScreen = {
    var screen = noRun
    screen.moment.notices = ["study.yaml has changed: r reads it again"]
    return screen
  }()
}
