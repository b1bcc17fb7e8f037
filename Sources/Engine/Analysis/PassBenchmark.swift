import Foundation

/// Passes of images through a network timed alone: what measures of it cannot avoid.
public enum PassBenchmark {
  /// What was measured.
  struct Measurement: Encodable {
    let backbone: String
    let batch: Int
    let threads: Int
    /// Of a pass of one batch: the median.
    let passSeconds: Double
    /// Of the passes of one batch from each module on, one for each module but the head, all together: the median.
    let suffixSeconds: Double
    let modules: Int
  }

  /// Runs by command-line arguments and prints one line of JSON: `BACKBONE [--batch=N] [--threads=N] [--rounds=N]`.
  ///
  /// - Throws: `EngineError.specification` for arguments that it does not know.
  public static func run(arguments: [String]) throws {
    var numbers = ["batch": 64, "threads": 2, "rounds": 3, "classes": 4]
    var backbone: String?
    for argument in arguments {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      if parts.count == 2, parts[0].hasPrefix("--"), numbers[String(parts[0].dropFirst(2))] != nil,
        let value = Int(parts[1]), value >= 1
      {
        numbers[String(parts[0].dropFirst(2))] = value
      } else if !argument.hasPrefix("-"), backbone == nil {
        backbone = argument
      } else {
        throw EngineError.specification(
          "unknown argument '\(argument)': use BACKBONE --batch=N --threads=N --rounds=N --classes=N")
      }
    }
    guard let backbone, let batch = numbers["batch"], let threads = numbers["threads"] else {
      throw EngineError.specification("name a backbone to measure")
    }
    try Runtime.setThreads(threads)
    let network = try Backbone.make(name: backbone, classes: numbers["classes"] ?? 4)
    try Initialisation.random.apply(to: network, seed: 0)
    let side = Backbone.named(backbone)?.nativeImageSize ?? 224
    var draws = RandomStream(seed: 0, purpose: "bench")
    let images = try Tensor(
      Initialisation.normal(batch * 3 * side * side, mean: 0, deviation: 1, draws: &draws),
      shape: [batch, 3, side, side])
    let segments = network.segments
    var passes: [Double] = []
    var suffixes: [Double] = []
    for round in 0...(numbers["rounds"] ?? 3) {
      var sum = 0.0
      var pass = 0.0
      try Native.recording(false) {
        pass = try seconds { try network.run(images, through: segments[...], pass: .evaluation).values() }
        var x = images
        for index in segments.indices.dropLast() {
          sum += try seconds { try network.run(x, through: segments[index...], pass: .evaluation).values() }
          x = try network.run(x, through: segments[index...index], pass: .evaluation)
        }
      }
      // The first warms up.
      if round > 0 {
        passes.append(pass)
        suffixes.append(sum)
      }
    }
    let measurement = Measurement(
      backbone: backbone, batch: batch, threads: threads, passSeconds: passes.sorted()[passes.count / 2],
      suffixSeconds: suffixes.sorted()[suffixes.count / 2], modules: segments.count - 1)
    FileHandle.standardOutput.write(try JSONEncoder().encode(measurement) + Data("\n".utf8))
  }

  private static func seconds(_ body: () throws -> [Float]) rethrows -> Double {
    let start = DispatchTime.now().uptimeNanoseconds
    _ = try body()
    return Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
  }
}
