/// What a training step's pass computes with, on the training's device: at every step other values, of the same shapes.
struct StepInputs {
  /// [n, channels, height, width].
  let images: Tensor
  let answers: BatchAnswers
  /// What the network may drop counts; nil where it drops nothing.
  let drops: Tensor?

  /// How many images there are.
  var count: Int { images.shape[0] }

  private var tensors: [Tensor] { [images, answers.values] + [answers.weights, drops].compactMap(\.self) }

  /// The same values in memory of their own.
  func cloned() throws -> StepInputs {
    StepInputs(
      images: try images.cloned(),
      answers: BatchAnswers(values: try answers.values.cloned(), weights: try answers.weights?.cloned()),
      drops: try drops?.cloned())
  }

  /// Takes the values of another step, in place.
  func take(_ other: StepInputs) throws {
    for (mine, theirs) in zip(tensors, other.tensors) { try mine.take(theirs) }
  }
}
