import Engine
import Files
import Foundation
import Planner
import WorkerProtocol

/// Finds the learning rate of a setting's cells.
///
/// Leaves `rate.json` (`{"rate": ...}`) and `rates.csv`: what each rate came to, or each step of a range test; reports find what
/// they show of it among the stage's facts. A stopped grid
/// goes on with the rates that are left, and within a training from its checkpoint; a stopped range test begins anew.
struct RateSearchStage {
  static let rateName = "rate.json"
  private static let trialsName = "trials.json"

  let request: StageRequest
  let parameters: TrainParameters

  init(_ request: StageRequest) throws {
    self.request = request
    parameters = try TrainParameters(request.parameters)
  }

  private var spec: RateSearchSpec { parameters.training.rateSearch }
  private var search: RateSearch {
    RateSearch(lowest: pow(10, spec.lowestPower), highest: pow(10, spec.highestPower))
  }

  private var form: String { if case .range = spec.form { "range" } else { "grid" } }

  func run(_ context: StageContext) throws -> StageOutcome {
    let model = try CellModel(request, parameters)
    context.log(
      "a learning rate for \(parameters.backbone), \(parameters.initialisation), fraction \(parameters.fraction)")
    let rate: Double
    let tried: [RateTrial]
    switch spec.form {
    case .grid(let resolution, let isRandom, let keepsSchedule, let reportsSteps):
      let rates =
        isRandom
        ? search.drawnRates(resolution, seed: UInt64(parameters.seed)) : search.evenRates(resolution)
      let trials = try trials(of: rates, model, keepsSchedule: keepsSchedule, context)
      guard let best = RateSearch.best(of: trials) else {
        throw StageFailure(
          .spec, "\(request.label): no rate from \(search.lowest) to \(search.highest) ended in a metric",
          remedy: "lower `max_pow` of `lr_search`")
      }
      rate = best.rate
      tried = trials.flatMap { RateTrial.rows($0, allSteps: reportsSteps) }
    case .range: (rate, tried) = try rangeTest(model, context)
    }
    try write(tried)
    context.log("learning rate \(rate)")
    try DurableFiles.write(
      Array(JSONValue.object(["rate": .number(rate)]).canonicalText.utf8), to: request.outputFile(Self.rateName))
    return StageOutcome(
      facts: [
        "learning_rate": .number(rate), "form": .string(form),
        "tried": .array(RateTrial.thinned(tried).map(\.json)),
      ])
  }

  /// The rate that a search left.
  ///
  /// - Throws: `StageFailure` where the file is not there or holds none.
  static func rate(_ path: String) throws -> Double {
    guard let data = FileManager.default.contents(atPath: path),
      let rate = (try? JSONDecoder().decode(JSONValue.self, from: data))?["rate"]?.doubleValue
    else {
      throw StageFailure(
        .data, "\(path) is missing or holds no learning rate", remedy: "remove that folder; the next run searches again"
      )
    }
    return rate
  }

  private func trials(
    of rates: [Double], _ model: CellModel, keepsSchedule: Bool, _ context: StageContext
  ) throws -> [RateSearch.Trial] {
    let path = "\(request.checkpointFolder)/\(Self.trialsName)"
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    var trials =
      FileManager.default.contents(atPath: path).flatMap { try? decoder.decode([RateSearch.Trial].self, from: $0) }
      ?? []
    if trials.map(\.rate) != Array(rates.prefix(trials.count)) { trials = [] }
    for (index, rate) in rates.enumerated().dropFirst(trials.count) {
      context.log("rate \(index + 1)/\(rates.count): \(rate)")
      let checkpoint = "rate-\(index).safetensors"
      var course = model.course
      course.foundRate = rate
      course.checkpointName = checkpoint
      course.part = (index, rates.count)
      let result = try model.train(model.network().network, course, context) { options in
        options.epochs = spec.epochs
        options.earlyStopping = nil
        options.judgesNeighbours = false
        if !keepsSchedule { options.schedule = [] }
      }
      trials.append(RateSearch.Trial(rate: rate, result: result))
      try DurableFiles.write(Array(encoder.encode(trials)), to: path)
      try DurableFiles.remove("\(request.checkpointFolder)/\(checkpoint)")
    }
    return trials
  }

  private func write(_ tried: [RateTrial]) throws {
    var text = CSVText.line(["rate", "step", "epoch", "training_loss", "validation_loss", "validation_metric", "state"])
    for trial in tried {
      text += "\(trial.rate),\(trial.step.map(String.init) ?? ""),"
      text += [trial.epoch, trial.trainingLoss, trial.validationLoss, trial.metric].map { $0.map { "\($0)" } ?? "" }
        .joined(separator: ",")
      text += ",\(trial.diverged ? "diverged" : "done")\n"
    }
    try DurableFiles.write(Array(text.utf8), to: request.outputFile("rates.csv"))
  }

  private func rangeTest(_ model: CellModel, _ context: StageContext) throws -> (rate: Double, tried: [RateTrial]) {
    var test = RateSearch.RangeTest()
    let checkpoint = "range.safetensors"
    try DurableFiles.remove("\(request.checkpointFolder)/\(checkpoint)")
    var course = model.course
    course.foundRate = search.highest
    course.checkpointName = checkpoint
    // Rates are those of the study, before they are scaled by the batch.
    let optimizer = parameters.training.optimizer
    let scale = optimizer.scalesRate ? Double(parameters.training.batchSize) / 256 : 1
    _ = try model.train(model.network().network, course, context) { options in
      options.epochs = spec.epochs
      options.validateEvery = Double(spec.epochs)
      options.earlyStopping = nil
      options.judgesNeighbours = false
      options.schedule = [.rangeTest(start: search.lowest * scale)]
    } afterStep: { progress in
      test.enter(rate: progress.learningRate / scale, loss: progress.loss) ? .proceed : .stop
    }
    guard let rate = test.found else {
      throw StageFailure(
        .spec, "\(request.label): the loss was not finite at the lowest rate already", remedy: "lower `min_pow`")
    }
    let tried = zip(test.rates, test.losses).enumerated().map { step, point in
      RateTrial(rate: point.0, step: step + 1, trainingLoss: point.1, diverged: !point.1.isFinite)
    }
    return (rate, tried)
  }
}

extension RateTrial {
  /// A row for the last validation of a trial, or for each; one without numbers where there was none.
  fileprivate static func rows(_ trial: RateSearch.Trial, allSteps: Bool) -> [RateTrial] {
    let shown = allSteps ? trial.history[...] : trial.history.suffix(1)
    if shown.isEmpty { return [RateTrial(rate: trial.rate, diverged: trial.diverged)] }
    return shown.map { record in
      RateTrial(
        rate: trial.rate, step: record.step, epoch: record.epoch, trainingLoss: record.trainingLoss,
        validationLoss: record.validationLoss, metric: record.validationMetric, diverged: trial.diverged)
    }
  }

  /// Of more than 400 rows the last of each rate alone, and of more than 400 rates 400 evenly chosen ones and the one with the
  /// least training loss: the facts are for drawing, the file has them all.
  fileprivate static func thinned(_ rows: [RateTrial]) -> [RateTrial] {
    let most = 400
    guard rows.count > most else { return rows }
    let last = zip(rows.indices, rows).filter { $0.0 + 1 == rows.count || rows[$0.0 + 1].rate != $0.1.rate }.map(\.1)
    guard last.count > most else { return last }
    let least = last.indices.min {
      (last[$0].trainingLoss ?? .infinity) < (last[$1].trainingLoss ?? .infinity)
    }
    let kept = Set((0..<most).map { $0 * (last.count - 1) / (most - 1) } + [least].compactMap(\.self))
    return kept.sorted().map { last[$0] }
  }
}
