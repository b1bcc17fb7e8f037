/// Completes training options for a backbone and checks what they mean together.
struct TrainingCheck {
  let faults: FaultCollector

  /// The complete options; what cannot work is recorded at the option's place.
  func complete(_ changes: [String: OptionChange], backbone: Backbone, otherwiseAt place: Place) -> TrainingVariant {
    let values = changes.mapValues(\.value)
    let canonical = TrainingOptions.canonical(changes: values, backbone: backbone)
    let variant = TrainingVariant(
      canonical: canonical, manner: StageManner.json(changes: values),
      searchesRate: canonical["optimizer"]?["lr"] == "search", backbone: backbone)
    guard let options = try? TrainingOptions(canonical: canonical) else { return variant }
    checkImages(options, changes, backbone: backbone, otherwiseAt: place)
    check(options.backbone, of: changes, on: backbone, otherwiseAt: place)
    checkOptimizer(options, changes)
    if let place = changes["schedule"]?.place { checkSchedule(options, at: place) }
    let search = options.rateSearch
    if search.lowestPower >= search.highestPower {
      faults.add(
        .invertedRange(
          name: "lr_search", low: JSONValue.number(search.lowestPower).canonicalText,
          high: JSONValue.number(search.highestPower).canonicalText), at: changes["lr_search"]?.place ?? place)
    }
    if case .given(let weights) = options.classWeights, weights.allSatisfy({ $0 == 0 }) {
      faults.add(.weightlessClasses, at: changes["class_weights"]?.place ?? place)
    }
    return variant
  }

  private func checkImages(
    _ options: TrainingOptions, _ changes: [String: OptionChange], backbone: Backbone, otherwiseAt place: Place
  ) {
    if case .given(let mean, let sd) = options.normalise, mean.count != sd.count {
      faults.add(
        .mismatchedLists(name: "normalise", first: mean.count, second: sd.count),
        at: changes["normalise"]?.place ?? place)
    }
    let patchSize = backbone.family.hasPatchSizes ? options.backbone.patchSize : nil
    let multiple = patchSize ?? backbone.sizeMultiple
    if options.imageSize % multiple != 0 {
      faults.add(
        .sizeNotMultiple(backbone: backbone.name, size: options.imageSize, multiple: multiple),
        at: changes["image_size"]?.place ?? place)
    }
    for (name, steps) in [
      ("transforms.train", options.trainingTransforms), ("transforms.eval", options.evaluationTransforms),
    ] {
      let check = TransformCheck(
        steps: steps, isForTraining: name == "transforms.train", imageSize: options.imageSize)
      for fault in check.faults {
        faults.add(.transforms(option: name, fault), at: changes[name]?.place ?? place)
      }
    }
  }

  private func checkOptimizer(_ options: TrainingOptions, _ changes: [String: OptionChange]) {
    let name = options.optimizer.rule.name
    for option in TrainingOption.all where !option.isTaken(by: name) {
      guard let change = changes[option.name] else { continue }
      faults.add(
        .optionOfOtherOptimizer(name: option.name, optimizer: name, takenBy: option.takers ?? []), at: change.place)
    }
    if case .sgd(momentum: 0, nesterov: true) = options.optimizer.rule, let change = changes["optimizer.nesterov"] {
      faults.add(.nesterovWithoutMomentum, at: change.place)
    }
  }

  private func checkSchedule(_ options: TrainingOptions, at place: Place) {
    var warmups = 0
    var mover: ScheduleSpec?
    for link in options.schedule {
      if case .linearWarmup = link {
        warmups += 1
        if warmups == 2 { faults.add(.twoWarmups, at: place) }
        if let mover { faults.add(.warmupNotFirst(after: mover.name), at: place) }
        continue
      }
      if let mover { faults.add(.twoSchedules(first: mover.name, second: link.name), at: place) }
      mover = link
      check(link, options, at: place)
      if case .oneCycle = link, warmups > 0 { faults.add(.cycleAfterWarmup, at: place) }
    }
  }

  private func check(_ link: ScheduleSpec, _ options: TrainingOptions, at place: Place) {
    func text(_ number: Double) -> String { JSONValue.number(number).canonicalText }
    switch link {
    case .cosine(let minimum):
      guard let rate = options.optimizer.learningRate, minimum > rate else { return }
      faults.add(.minimumAboveRate(name: link.name, minimum: text(minimum), rate: text(rate)), at: place)
    case .multistep(let milestones, _):
      for (first, second) in zip(milestones, milestones.dropFirst()) where second <= first {
        faults.add(.milestonesNotAscending(first: text(first), second: text(second)), at: place)
      }
      if let late = milestones.first(where: { $0 >= Double(options.epochs) }) {
        faults.add(.milestoneAfterTheEnd(milestone: text(late), epochs: options.epochs), at: place)
      }
    case .linearWarmup, .plateau, .oneCycle: break
    }
  }
}
