/// A study and how it is run, to be disturbed.
struct Scenario {
  let name: String
  let study: String
  /// The worker's program, beside `graft`.
  let worker: String
  /// Further arguments of `graft run`.
  var arguments: [String] = []
  var needsCluster = false
  /// Of the kills that were asked for, which share this one takes.
  let share: Double
  /// How long a run is left alone before the next fault, in seconds.
  let calm: ClosedRange<Double>
  /// How long a pause or a failing disk lasts, in seconds.
  let spell: ClosedRange<Double> = 0.01...0.4

  /// Stages that compute nothing, some hundred of them: a kill falls on what coordinates.
  static let hollow = Scenario(
    name: "noop",
    study: """
      study: storm
      axes:
        dataset: [one, two, three]
        backbone: [resnet_micro, vit_micro]
        init: [RI, ST, WT]
      seeds: 4
      training: {epochs: 1, batch_size: 8, image_size: 32}
      analyses: [test, knn, l2]
      datasets:
        shapes: {format: phantom, domain: source, images: {train: 8, val: 8, test: 8}, size: 32, seed: 7}
        one: {format: phantom, domain: grading, images: {train: 8, val: 8, test: 8}, size: 32, seed: 8}
        two: {format: phantom, domain: grading, images: {train: 8, val: 8, test: 8}, size: 32, seed: 9}
        three: {format: phantom, domain: grading, images: {train: 8, val: 8, test: 8}, size: 32, seed: 10}
      weights:
        resnet_micro: {pretrain: {dataset: shapes, epochs: 1}}
        vit_micro: {pretrain: {dataset: shapes, epochs: 1}}
      resources: {jobs: 2, threads_per_job: 1}

      """,
    worker: "graft-hollow-worker", share: 0.5, calm: 0.02...0.6)

  /// Real training with checkpoints many times a second, k-nearest neighbours and distances of the weights.
  static let training = Scenario(
    name: "training",
    study: """
      study: storm
      axes:
        dataset: [grading]
        backbone: [resnet_micro, vit_micro]
        init: [RI, ST, WT]
      seeds: 2
      training:
        epochs: 4
        batch_size: 32
        image_size: 32
        optimizer: {name: adamw, lr: 1.0e-3, weight_decay: 1.0e-4}
        schedule: [{name: linear_warmup, iterations: 4}, {name: plateau, factor: 0.1, patience: 2, min_lr: 1.0e-6}]
        transforms:
          train: [{name: random_resized_crop, scale: [0.7, 1.0]}, {name: horizontal_flip}]
          eval: [{name: resize}, {name: center_crop}]
      analyses: [test, knn, l2]
      datasets:
        shapes: {format: phantom, domain: source, images: {train: 200, val: 40, test: 40}, size: 40, seed: 7}
        grading: {format: phantom, domain: grading, images: {train: 128, val: 40, test: 40}, size: 40, seed: 8}
      weights:
        resnet_micro: {pretrain: {dataset: shapes, epochs: 1}}
        vit_micro: {pretrain: {dataset: shapes, epochs: 1}}
      resources: {jobs: 2, threads_per_job: 1}

      """,
    worker: "graft-worker", arguments: ["--checkpoint-every", "0.05"], share: 0.35, calm: 0.05...1.2)

  /// Real training in the jobs of a Slurm cluster on this machine.
  static let cluster = Scenario(
    name: "pilots on Slurm",
    study: """
      study: storm
      axes: {dataset: [grading], backbone: [resnet_micro, vit_micro], init: [RI, WT]}
      seeds: 3
      training: {epochs: 6, batch_size: 32, image_size: 32}
      analyses: [test, knn, l2]
      datasets:
        shapes: {format: phantom, domain: source, images: {train: 64, val: 32, test: 32}, size: 40, seed: 7}
        grading: {format: phantom, domain: grading, images: {train: 128, val: 32, test: 32}, size: 40, seed: 8}
      weights:
        resnet_micro: {pretrain: {dataset: shapes, epochs: 1}}
        vit_micro: {pretrain: {dataset: shapes, epochs: 1}}
      resources: {jobs: 2, threads_per_job: 1}
      slurm: {memory: 1000M, idle: 3, poll: 1, max_jobs: 4}

      """,
    worker: "graft-worker", arguments: ["--executor", "slurm", "--checkpoint-every", "0.05"], needsCluster: true,
    share: 0.15, calm: 0.3...4)

  static let all = [hollow, training, cluster]

  /// What can befall it: on a cluster, workers are not this machine's to pause, and their disk is that of all.
  func faults(hasDisk: Bool, hasShim: Bool) -> [Fault] {
    Fault.allCases.filter { fault in
      switch fault {
      case .diskFull: hasDisk
      case .syncsFail: hasShim
      default: true
      }
    }
  }
}
