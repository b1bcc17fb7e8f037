/// Which images a training sees at which step, and when it validates: a function of the options and the count of images.
struct TrainingTimetable: Sendable, Hashable {
  let count: Int
  let batchSize: Int
  let stepsPerEpoch: Int
  let totalSteps: Int
  private let stepsPerValidation: Double

  /// The last batch of an epoch is dropped where it would be smaller.
  ///
  /// - Precondition: There are as many images as a batch has.
  init(_ options: TrainingOptions, count: Int) {
    self.count = count
    batchSize = options.batchSize
    stepsPerEpoch = count / batchSize
    totalSteps = stepsPerEpoch * options.epochs
    stepsPerValidation = options.validateEvery * Double(stepsPerEpoch)
  }

  func epoch(after steps: Int) -> Double { Double(steps) / Double(stepsPerEpoch) }

  /// Whether a validation follows the step that makes `steps` steps done: where a multiple of `validateEvery` is passed or
  /// reached, and at the end. The 1e-9 keeps a multiple that is a whole number of steps from being missed by rounding.
  func validates(after steps: Int) -> Bool {
    func passed(_ steps: Int) -> Double { (Double(steps) / stepsPerValidation + 1e-9).rounded(.down) }
    return steps == totalSteps || passed(steps) > passed(steps - 1)
  }

  /// Whether no further validation falls into the epoch that the step after which it comes belongs to.
  func endsEpoch(after steps: Int) -> Bool {
    let last = (steps + stepsPerEpoch - 1) / stepsPerEpoch * stepsPerEpoch
    return steps == last || !((steps + 1)...last).contains { validates(after: $0) }
  }
}
