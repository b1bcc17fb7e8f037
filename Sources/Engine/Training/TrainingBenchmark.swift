import Foundation

/// A training step measured alone: the same random images over and over, so that no data pipeline is in the way; or with the
/// images of a store, through the paper's augmentation, to see what the pipeline adds.
public enum TrainingBenchmark {
  /// What was measured.
  public struct Measurement: Sendable, Codable {
    public let backbone: String
    public let batch: Int
    public let threads: Int
    public let imageSize: Int
    /// Seconds of each measured step.
    public let stepSeconds: [Double]
    /// From the median step.
    public let imagesPerSecond: Double
    /// Processor seconds of all threads, a step, on average.
    public let cpuSecondsPerStep: Double
    /// The most memory that the process had at once, in bytes.
    public let peakMemory: Int
    /// The most of the device's memory that the process held, in bytes; nil on the CPU.
    public let peakDeviceMemory: Int?
    public let device: String
    public let libtorch: String
    public let blas: String
    /// Floating-point operations a second of a large product of matrices in the step's numbers, measured before each step: the median.
    public let productRate: Double
    /// The last step's loss, to see that something was learnt.
    public let loss: Double
    /// Seconds and processor seconds in which a step's images were read from the store and augmented, on average; nil where
    /// they are random.
    public let feedSecondsPerStep: Double?
    public let feedCPUSecondsPerStep: Double?
  }

  /// What is measured.
  struct Options {
    var backbone = ""
    var batch = 16
    var threads = 2
    var steps = 10
    /// Steps before the measured ones.
    var warmup = 2
    var classes = 1000
    var precision = Precision.float32
    var device = Device.cpu
    /// Whether steps are recorded where the device can do that.
    var recordsSteps = true
    /// An image store whose training images feed the steps; nil for random ones.
    var store: String?
    /// Whether a driver says when the next step is due.
    var takesTurns = false

    private static let numbers: [String: any WritableKeyPath<Options, Int> & Sendable] = [
      "--batch": \.batch, "--threads": \.threads, "--steps": \.steps, "--warmup": \.warmup, "--classes": \.classes,
    ]

    /// - Throws: `EngineError.specification` for arguments that it does not know.
    init(arguments: [String]) throws {
      for argument in arguments {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        let value = parts.count == 2 ? parts[1] : nil
        switch (parts.first ?? "", value) {
        case ("--step-by-step", nil): takesTurns = true
        case ("--bf16", nil): precision = .bfloat16
        case ("--no-graphs", nil): recordsSteps = false
        case ("--store", let path?): store = path
        case ("--device", let name?): device = try Device(name)
        case (let name, let text?):
          guard let number = Self.numbers[name], let count = Int(text), count >= 1 else {
            throw Self.unknown(argument)
          }
          self[keyPath: number] = count
        case (let name, nil):
          guard !name.hasPrefix("-"), backbone.isEmpty else { throw Self.unknown(argument) }
          backbone = name
        }
      }
      guard !backbone.isEmpty else { throw EngineError.specification("name a backbone to measure") }
    }

    private static func unknown(_ argument: String) -> EngineError {
      .specification(
        "unknown argument '\(argument)': use BACKBONE --batch=N --threads=N --steps=N --warmup=N --classes=N --bf16 "
          + "--device=NAME --no-graphs --store=PATH --step-by-step")
    }
  }

  /// Times training steps (forward, backward, clipping to norm 1, AdamW), as `Trainer` makes them.
  ///
  /// - Parameter between: Called before each step; lets a driver alternate with a peer.
  static func run(_ options: Options, between: () -> Void) throws -> Measurement {
    try Runtime.setThreads(options.threads)
    try options.precision.check(on: options.device)
    let recorder = options.recordsSteps ? options.device.recorder : nil
    return try recorder.session { try measured(options, recorder: recorder, between: between) }
  }

  private static func measured(
    _ options: Options, recorder: (any OperationRecorder)?, between: () -> Void
  ) throws -> Measurement {
    let device = options.device
    let network = try Backbone.make(name: options.backbone, classes: options.classes, device: device)
    try Initialisation.random.apply(to: network, seed: 0)
    let optimizer = try Optimizer(network.parameters, rule: .adamw(), weightDecay: 1e-5)
    let loss = BatchLoss(crossEntropyOn: device)
    let training = TrainingStep(
      network, loss: loss, optimizer: optimizer, precision: options.precision, isFrozen: false, device: device,
      recorder: recorder, log: { FileHandle.standardError.write(Data("\($0)\n".utf8)) })
    let side = Backbone.named(options.backbone)?.nativeImageSize ?? 224
    let feed = try Feed(options, side: side)
    let dropping = RandomStream(seed: 0, purpose: "drop")
    var (seconds, rates): ([Double], [Double]) = ([], [])
    var cpu = 0.0
    var feeding = Spent()
    var lastLoss = 0.0
    for step in 0..<(options.warmup + options.steps) {
      between()
      let rate = try productRate(options.precision, on: device)
      let start = Spent.now
      let (batch, images) = try feed.batch(step)
      let fed = Spent.now
      let drops = try network.dropFactors(
        images: batch.count, draws: dropping.child(UInt64(step)), device: device)
      try training.begin(
        StepInputs(images: images, answers: loss.answers(of: batch, outputs: options.classes), drops: drops),
        lossScale: nil)
      lastLoss = try training.finish(rate: 1e-4, clip: 1).loss
      // A device's move may still be under way.
      if device != .cpu { _ = try network.parameters.last?.tensor.values() }
      let end = Spent.now
      if step >= options.warmup {
        seconds.append(end.seconds - start.seconds)
        rates.append(rate)
        cpu += end.cpu - start.cpu
        feeding.seconds += fed.seconds - start.seconds
        feeding.cpu += fed.cpu - start.cpu
      }
    }
    let steps = Double(options.steps)
    return Measurement(
      backbone: options.backbone, batch: options.batch, threads: options.threads, imageSize: side,
      stepSeconds: seconds, imagesPerSecond: Double(options.batch) / seconds.sorted()[seconds.count / 2],
      cpuSecondsPerStep: cpu / steps, peakMemory: peakMemory, peakDeviceMemory: device.memory?.peak,
      device: device.name, libtorch: Runtime.libtorchVersion, blas: Runtime.blasPath,
      productRate: rates.sorted()[rates.count / 2], loss: lastLoss,
      feedSecondsPerStep: options.store.map { _ in feeding.seconds / steps },
      feedCPUSecondsPerStep: options.store.map { _ in feeding.cpu / steps })
  }

  /// Where the images come from.
  private struct Feed {
    private let source: StoredImageSource?
    private let still: (batch: ImageBatch, images: Tensor)
    private let device: Device

    init(_ options: Options, side: Int) throws {
      device = options.device
      source = try options.store.map {
        try StoredImages(path: $0).source(split: .train, pipeline: .paper(size: side), threads: options.threads)
      }
      var draws = RandomStream(seed: 0, purpose: "bench")
      let batch = ImageBatch(
        pixels: Initialisation.normal(options.batch * 3 * side * side, mean: 0, deviation: 1, draws: &draws),
        shape: ImageShape(channels: 3, height: side, width: side), count: options.batch,
        labels: (0..<options.batch).map { $0 * 37 % options.classes })
      still = (batch, try batch.tensor(on: device))
    }

    func batch(_ step: Int) throws -> (batch: ImageBatch, images: Tensor) {
      guard let source else { return still }
      let count = still.batch.count
      let positions = (0..<count).map { (step * count + $0) % source.count }
      let draws = RandomStream(seed: 0, purpose: "augment").child(UInt64(step))
      let batch = try source.batch(positions, draws: draws, on: device)
      return (batch, try batch.tensor(on: device))
    }
  }

  /// Seconds, and processor seconds of all threads.
  private struct Spent {
    var seconds = 0.0
    var cpu = 0.0

    static var now: Spent {
      var time = timespec()
      clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
      return Spent(
        seconds: Double(DispatchTime.now().uptimeNanoseconds) * 1e-9,
        cpu: Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9)
    }
  }

  /// Of two matrices of 2048 x 2048, on a device of 8192 x 8192: there with their casts, a lower bound.
  private static func productRate(_ precision: Precision, on device: Device) throws -> Double {
    let side = device == .cpu ? 2048 : 8192
    let matrix = try Tensor([Float](repeating: 0.5, count: side * side), shape: [side, side], device: device)
    return try Native.recording(false) {
      let start = DispatchTime.now().uptimeNanoseconds
      let product = try precision.apply { try matrix.linear(matrix, bias: nil) }
      // A device is done when a number of it is there.
      if device != .cpu { _ = try product.reshaped([side * side]).part(from: 0, count: 1, shape: [1]).values() }
      return 2 * Double(side * side * side) / (Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9)
    }
  }

  /// Runs by command-line arguments and prints one line of JSON: `BACKBONE [--batch=N] [--threads=N] [--steps=N]
  /// [--warmup=N] [--classes=N] [--bf16] [--device=NAME] [--no-graphs] [--store=PATH] [--step-by-step]`. Step by step, it prints
  /// `ready` before each step and waits for a line, so that a driver can let two sides take turns.
  ///
  /// - Throws: `EngineError.specification` for arguments that it does not know.
  public static func run(arguments: [String]) throws {
    let options = try Options(arguments: arguments)
    let measurement = try run(options) {
      guard options.takesTurns else { return }
      FileHandle.standardOutput.write(Data("ready\n".utf8))
      _ = readLine()
    }
    FileHandle.standardOutput.write(try JSONEncoder().encode(measurement) + Data("\n".utf8))
  }

  private static var peakMemory: Int {
    var usage = rusage()
    getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss << 10
  }
}
