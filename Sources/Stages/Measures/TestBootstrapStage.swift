import Engine
import Files
import Foundation
import Planner
import Synchronization
import WorkerProtocol

/// How far the metrics of a test would move had other images been in the test set: the spread of the metrics over test sets
/// drawn, with replacement, from the images that a `test` stage left its predictions of.
///
/// Leaves, of each metric that the test has, `NAME.sd`, and `NAME.low` and `NAME.high`, the bounds of the 95 % percentile
/// interval (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 6 and 13). Sets on which a metric is not
/// defined, such as one without an image of a class for the area under the ROC curve, are left out of it and counted in the
/// facts. Draws follow from `draw_seed` alone: cells of one test set are judged on the same sets.
package struct TestBootstrapStage {
  let request: StageRequest

  package init(request: StageRequest) { self.request = request }

  package func run(_ context: StageContext) throws -> StageOutcome {
    let parameters = try MeasureParameters(request.parameters, of: request.kind)
    let options: BootstrapOptions = try parameters.analysis.options()
    let path = try request.file(TestStage.predictionsName, of: "test")
    guard access(path, F_OK) == 0 else {
      context.log("the model's training diverged before it was validated: there is no test to look at")
      return StageOutcome(diverged: true)
    }
    let predictions = try Predictions(path)
    let drawn = try draw(options, of: predictions, parameters.metrics, context)
    var metrics: [MetricValue] = []
    var undefined: [String: JSONValue] = [:]
    for (place, metric) in parameters.metrics.enumerated() {
      let values = drawn.map { $0[place] }.filter(\.isFinite).sorted()
      if values.count < drawn.count { undefined[metric.rawValue] = .number(Double(drawn.count - values.count)) }
      guard let spread = BootstrapSpread(sorted: values) else { continue }
      metrics += [
        MetricValue(split: "test", name: "\(metric.rawValue).sd", value: spread.sd),
        MetricValue(split: "test", name: "\(metric.rawValue).low", value: spread.low),
        MetricValue(split: "test", name: "\(metric.rawValue).high", value: spread.high),
      ]
    }
    return StageOutcome(
      metrics: metrics,
      facts: [
        "images": .number(Double(predictions.images)), "draws": .number(Double(options.draws)),
        "undefined": .object(undefined),
      ])
  }

  /// The metrics on each drawn set: [draw][metric].
  private func draw(
    _ options: BootstrapOptions, of predictions: Predictions, _ metrics: [Planner.Metric], _ context: StageContext
  ) throws -> [[Double]] {
    let stream = RandomStream(seed: UInt64(options.seed), purpose: "test bootstrap")
    let results = Mutex([[Double]](repeating: [], count: options.draws))
    // So many draws are looked at between two looks at a request to stop.
    let block = 50
    for first in stride(from: 0, to: options.draws, by: block) {
      if context.shouldStop { throw StageStopped() }
      let last = min(options.draws, first + block)
      let threads = min(request.threads, last - first)
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        for index in stride(from: first + thread, to: last, by: threads) {
          var own = stream.child(UInt64(index))
          let values = predictions.values(of: metrics, drawn: &own)
          results.withLock { $0[index] = values }
        }
      }
      context.report(
        StageProgress(fraction: Double(last) / Double(options.draws), position: "draw \(last)/\(options.draws)"))
    }
    return results.withLock(\.self)
  }
}

/// The spread of a metric over drawn test sets.
package struct BootstrapSpread: Sendable, Hashable {
  package let sd: Double
  package let low: Double
  package let high: Double

  /// - Parameter sorted: Ascending and finite.
  /// - Returns: Nil for fewer than two.
  package init?(sorted: [Double]) {
    guard sorted.count > 1 else { return nil }
    let mean = sorted.reduce(0, +) / Double(sorted.count)
    sd = (sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(sorted.count - 1)).squareRoot()
    func percentile(_ share: Double) -> Double {
      let place = share * Double(sorted.count - 1)
      let before = Int(place)
      let after = min(sorted.count - 1, before + 1)
      return sorted[before] + (place - Double(before)) * (sorted[after] - sorted[before])
    }
    low = percentile(0.025)
    high = percentile(0.975)
  }
}

/// What a `test` stage left of each image, as `PredictionTable` writes it.
package struct Predictions: Sendable {
  package let classes: Int
  /// [image][class].
  package let probabilities: [Float]
  /// The class of each image; empty where images may show several.
  package let labels: [Int]
  /// [image][class]: 1, 0, or below 0 where nobody can say; nil where every image is of one class.
  package let targets: [Float]?

  package var images: Int { probabilities.count / max(1, classes) }

  /// - Throws: `StageFailure` for a file that is no such table, `FileFault` for one that cannot be read.
  package init(_ path: String) throws {
    let text = String(decoding: try DurableFiles.read(path), as: UTF8.self)
    guard let records = CSVText.records(text), let header = records.first?.fields else {
      throw StageFailure(
        .data, "\(path): it is no table of predictions", remedy: "`graft run` makes it again when it is deleted")
    }
    let names = header.filter { $0.hasPrefix("p(") && $0.hasSuffix(")") }.map { String($0.dropFirst(2).dropLast()) }
    let isSingle = header.count == names.count + 2
    guard names.count > 0, isSingle || header.count == 1 + 2 * names.count,
      records.allSatisfy({ $0.fields.count == header.count })
    else {
      throw StageFailure(
        .data, "\(path): its columns are not those of predictions",
        remedy: "`graft run` makes it again when it is deleted")
    }
    let places = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
    var (probabilities, labels, targets) = ([Float](), [Int](), [Float]())
    for (line, fields) in records.dropFirst() {
      if isSingle {
        guard let label = places[fields[1]] else {
          throw StageFailure(.data, "\(path), line \(line): no column is of the class \(fields[1])")
        }
        labels.append(label)
      } else {
        for field in fields[1...names.count] { targets.append(field.isEmpty ? -1 : Float(field) ?? -1) }
      }
      for field in fields.suffix(names.count) { probabilities.append(Float(field) ?? .nan) }
    }
    classes = names.count
    self.probabilities = probabilities
    self.labels = labels
    self.targets = isSingle ? nil : targets
  }

  /// The metrics on as many images, drawn with replacement.
  func values(of metrics: [Planner.Metric], drawn stream: inout RandomStream) -> [Double] {
    var (probabilities, labels, targets) = ([Float](), [Int](), self.targets.map { _ in [Float]() })
    probabilities.reserveCapacity(self.probabilities.count)
    for _ in 0..<images {
      let image = stream.below(images)
      let row = image * classes..<(image + 1) * classes
      probabilities += self.probabilities[row]
      if let own = self.targets { targets? += own[row] } else { labels.append(self.labels[image]) }
    }
    return metrics.map {
      $0.value(probabilities: probabilities, labels: labels, targets: targets, classes: classes)
    }
  }
}
