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
    public let libtorch: String
    public let blas: String
    /// Floating-point operations a second of a large product of float32 matrices, measured before each step: the median.
    public let productRate: Double
    /// The last step's loss, to see that something was learnt.
    public let loss: Double
    /// Seconds and processor seconds in which a step's images were read from the store and augmented, on average; nil where
    /// they are random.
    public let feedSecondsPerStep: Double?
    public let feedCPUSecondsPerStep: Double?
  }

  /// Times training steps (forward, backward, clipping to norm 1, AdamW).
  ///
  /// - Parameters:
  ///   - warmup: Steps before the measured ones.
  ///   - store: An image store whose training images feed the steps; nil for random ones.
  ///   - between: Called before each step; lets a driver alternate with a peer.
  public static func run(
    backbone name: String, batch: Int = 16, threads: Int = 2, steps: Int = 10, warmup: Int = 2, classes: Int = 1000,
    imageSize: Int? = nil, precision: Precision = .float32, store: String? = nil, between: () -> Void = {}
  ) throws -> Measurement {
    try Runtime.setThreads(threads)
    let network = try Backbone.make(name: name, classes: classes, options: NetworkOptions(imageSize: imageSize))
    let side = imageSize ?? Backbone.named(name)?.nativeImageSize ?? 224
    try Initialisation.random.apply(to: network, seed: 0)
    var draws = RandomStream(seed: 0, purpose: "bench")
    let shape = ImageShape(channels: 3, height: side, width: side)
    let source = try store.map {
      try StoredImages(path: $0).source(split: .train, pipeline: .paper(size: side), threads: threads)
    }
    let random = ImageBatch(
      pixels: Initialisation.normal(batch * 3 * side * side, mean: 0, deviation: 1, draws: &draws), shape: shape,
      count: batch, labels: (0..<batch).map { $0 * 37 % classes })
    let dropping = RandomStream(seed: 0, purpose: "drop")
    let optimizer = try Optimizer(network.parameters, rule: .adamw(), weightDecay: 1e-5)
    var seconds: [Double] = []
    var loss = 0.0
    var rates: [Double] = []
    var cpu = 0.0
    var feeding = (seconds: 0.0, cpu: 0.0)
    for step in 0..<(warmup + steps) {
      between()
      let rate = try productRate()
      let cpuStart = processorSeconds()
      let start = DispatchTime.now().uptimeNanoseconds
      var images = random
      if let source {
        let positions = (0..<batch).map { (step * batch + $0) % source.count }
        images = try source.batch(positions, draws: dropping.child(UInt64(step)))
        if step >= warmup {
          feeding.seconds += Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
          feeding.cpu += processorSeconds() - cpuStart
        }
      }
      loss = try Native.recording(true) {
        let loss = try precision.apply {
          try network(images.tensor(on: .cpu), pass: .training(draws: dropping.child(UInt64(step))))
            .crossEntropy(Tensor(labels: images.labels))
        }
        try loss.backward()
        _ = try optimizer.move(rate: 1e-4, clip: 1)
        return Double(try loss.values()[0])
      }
      if step >= warmup {
        seconds.append(Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9)
        cpu += processorSeconds() - cpuStart
        rates.append(rate)
      }
    }
    let median = seconds.sorted()[seconds.count / 2]
    return Measurement(
      backbone: name, batch: batch, threads: threads, imageSize: side, stepSeconds: seconds,
      imagesPerSecond: Double(batch) / median, cpuSecondsPerStep: cpu / Double(steps), peakMemory: peakMemory,
      libtorch: Runtime.libtorchVersion, blas: Runtime.blasPath, productRate: rates.sorted()[rates.count / 2],
      loss: loss, feedSecondsPerStep: source.map { _ in feeding.seconds / Double(steps) },
      feedCPUSecondsPerStep: source.map { _ in feeding.cpu / Double(steps) })
  }

  /// Of two matrices of 2048 x 2048.
  private static func productRate() throws -> Double {
    let side = 2048
    let matrix = try Tensor([Float](repeating: 0.5, count: side * side), shape: [side, side])
    let start = DispatchTime.now().uptimeNanoseconds
    _ = try Native.recording(false) { try matrix.linear(matrix, bias: nil) }
    return 2 * Double(side * side * side) / (Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9)
  }

  /// Runs by command-line arguments and prints one line of JSON: `BACKBONE [--batch=N] [--threads=N] [--steps=N]
  /// [--warmup=N] [--classes=N] [--bf16] [--store=PATH] [--step-by-step]`. Step by step, it prints `ready` before each step and waits for a line, so that a
  /// driver can let two sides take turns.
  ///
  /// - Throws: `EngineError.specification` for arguments that it does not know.
  public static func run(arguments: [String]) throws {
    var numbers = ["batch": 16, "threads": 2, "steps": 10, "warmup": 2, "classes": 1000]
    var backbone: String?
    var takesTurns = false
    var precision = Precision.float32
    var store: String?
    for argument in arguments {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      if argument == "--step-by-step" {
        takesTurns = true
      } else if argument == "--bf16" {
        precision = .bfloat16
      } else if parts.count == 2, parts[0] == "--store" {
        store = parts[1]
      } else if parts.count == 2, parts[0].hasPrefix("--"), numbers[String(parts[0].dropFirst(2))] != nil,
        let value = Int(parts[1]), value >= 1
      {
        numbers[String(parts[0].dropFirst(2))] = value
      } else if !argument.hasPrefix("-"), backbone == nil {
        backbone = argument
      } else {
        throw EngineError.specification(
          "unknown argument '\(argument)': use BACKBONE --batch=N --threads=N --steps=N --warmup=N --classes=N --bf16 --store=PATH --step-by-step"
        )
      }
    }
    guard let backbone else { throw EngineError.specification("name a backbone to measure") }
    let measurement = try run(
      backbone: backbone, batch: numbers["batch"] ?? 16, threads: numbers["threads"] ?? 2,
      steps: numbers["steps"] ?? 10, warmup: numbers["warmup"] ?? 2, classes: numbers["classes"] ?? 1000,
      precision: precision, store: store
    ) {
      guard takesTurns else { return }
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

  private static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
