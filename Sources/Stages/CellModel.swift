import Engine
import Planner
import WorkerProtocol

/// What a cell trains: its images, and its network with first weights.
struct CellModel {
  let request: StageRequest
  let parameters: TrainParameters
  let training: StoredImageSource
  /// The stored positions of the training images.
  let subset: [Int]
  private let validation: StoredImageSource
  private let device: Device

  init(_ request: StageRequest, _ parameters: TrainParameters) throws {
    self.request = request
    self.parameters = parameters
    device = try Device(request.device)
    let data = try TrainingData(request, options: parameters.training)
    subset = data.store.subset(of: .train, fraction: parameters.fraction, seed: UInt64(parameters.seed))
    training = try data.source(.train, subset: subset)
    validation = try data.source(.validation)
  }

  /// A network as the cell's initialisation makes it, and what was done to each tensor.
  func network() throws -> (network: any Network, record: SourceTransfer.Record) {
    try SourceTransfer(
      backbone: parameters.backbone, initialisation: TrainStage(request).initialisation(), classes: training.outputs,
      options: parameters.training.network(channels: training.shape.channels), stem: parameters.training.stem.engine,
      device: device
    ).network(seed: UInt64(parameters.seed))
  }

  /// How a training of the cell's goes; the caller changes what is its own.
  var course: ModelTraining {
    ModelTraining(
      request: request, options: parameters.training, metric: parameters.metric, seed: parameters.seed,
      classes: training.classes)
  }

  func train(
    _ network: any Network, _ course: ModelTraining, _ context: StageContext,
    changing change: (inout Engine.TrainingOptions) -> Void = { _ in },
    afterStep: (TrainingProgress) -> TrainingDecision = { _ in .proceed }
  ) throws -> TrainingResult {
    try course.run(
      network, training: training, validation: validation, device: device, context: context, changing: change,
      afterStep: afterStep)
  }
}
