/// Studies that the tests run: real, small, without downloads.
enum Studies {
  /// Two backbones, three initialisations, two seeds on one target: 12 cells in a few seconds.
  static func small(epochs: Int = 3, trainingImages: Int = 96, seeds: Int = 2) -> String {
    """
    study: small
    axes:
      dataset: [grading]
      backbone: [resnet_micro, vit_micro]
      fraction: [1.0]
      init: [RI, ST, WT]
    seeds: \(seeds)
    training:
      epochs: \(epochs)
      batch_size: 32
      image_size: 32
      optimizer: {name: adamw, lr: 1.0e-3, weight_decay: 1.0e-4}
      schedule: [{name: linear_warmup, iterations: 4}, {name: plateau, factor: 0.1, patience: 2, min_lr: 1.0e-6}]
      transforms:
        train: [{name: random_resized_crop, scale: [0.7, 1.0]}, {name: horizontal_flip}]
        eval: [{name: resize}, {name: center_crop}]
    datasets:
      shapes: {format: phantom, domain: source, images: {train: 200, val: 40, test: 40}, size: 40, seed: 7}
      grading: {format: phantom, domain: grading, images: {train: \(trainingImages), val: 40, test: 40}, size: 40, seed: 8}
    weights:
      resnet_micro: {pretrain: {dataset: shapes, epochs: 1}}
      vit_micro: {pretrain: {dataset: shapes, epochs: 1}}
    resources: {jobs: 2, threads_per_job: 1}

    """
  }

  /// A study of one's own folder, one backbone from scratch.
  static func folder(root: String, further: String = "") -> String {
    """
    study: own
    data: .
    axes:
      dataset: [images]
      backbone: [resnet_micro]
      fraction: [1.0]
      init: [RI]
    seeds: 1
    training: {epochs: 1, batch_size: 8, image_size: 32}
    datasets:
      images: {format: folder, root: \(root), task: binary, metric: accuracy, store: {size: 40}\(further)}
    resources: {jobs: 1, threads_per_job: 1}

    """
  }
}
