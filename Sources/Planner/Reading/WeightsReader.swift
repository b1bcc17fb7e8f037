/// Reads `weights`.
struct WeightsReader {
  let faults: FaultCollector
  let datasetNames: DatasetNames
  /// The study's own training options: a pretraining begins with them.
  let training: [String: OptionChange]

  /// The sources without fault, and the backbones of all, so that one fault does not bring forth others.
  func read(_ member: YAMLMember?) -> (sources: [String: WeightsSource], backbones: Set<String>) {
    guard let member else { return ([:], []) }
    guard let members = member.value.members else {
      if case .null = member.value.content { return ([:], []) }
      faults.add(
        .wrongType(name: "weights", expected: "a mapping", found: member.value.kindText), at: member.value.place)
      return ([:], Set(BackboneCatalogue.all.map(\.name)))
    }
    var sources: [String: WeightsSource] = [:]
    for member in members {
      guard let backbone = BackboneCatalogue.named(member.name) else {
        faults.add(
          .unknownName(what: "backbone", name: member.name, valid: BackboneCatalogue.all.map(\.name)),
          at: member.place)
        continue
      }
      if let source = source(member, of: backbone) { sources[member.name] = source }
    }
    return (sources, Set(members.map(\.name)))
  }

  private func source(_ member: YAMLMember, of backbone: Backbone) -> WeightsSource? {
    guard let members = member.value.members else {
      faults.add(.weightsWithoutSource(backbone: backbone.name), at: member.value.place)
      return nil
    }
    let names = ["file", "kind", "pretrain"]
    for member in members where !names.contains(member.name) {
      faults.add(.unknownName(what: "source of weights", name: member.name, valid: names), at: member.place)
    }
    let file = members.first { $0.name == "file" }
    let pretrain = members.first { $0.name == "pretrain" }
    let kind = members.first { $0.name == "kind" }
    if pretrain != nil, let kind {
      faults.add(.kindOfPretraining, at: kind.place)
    }
    switch (file, pretrain) {
    case (let file?, nil):
      return self.file(file, kind)
    case (nil, let pretrain?): return self.pretrain(pretrain, of: backbone)
    case (nil, nil), (_?, _?):
      faults.add(.weightsWithoutSource(backbone: backbone.name), at: member.value.place)
      return nil
    }
  }

  private func file(_ file: YAMLMember, _ kind: YAMLMember?) -> WeightsSource? {
    let reader = ShapeReader(faults: faults)
    let path = reader.read(file.value, as: .text, name: "file")?.stringValue
    let kinds = ValueShape.choice(WeightsKind.allCases.map(\.rawValue))
    let name =
      kind.map { reader.read($0.value, as: kinds, name: "kind")?.stringValue } ?? WeightsKind.supervised.rawValue
    guard let path, let kind = name.flatMap(WeightsKind.init(rawValue:)) else { return nil }
    return .file(path, kind: kind)
  }

  private func pretrain(_ member: YAMLMember, of backbone: Backbone) -> WeightsSource? {
    guard let members = member.value.members else {
      faults.add(
        .wrongType(name: "pretrain", expected: "a mapping", found: member.value.kindText), at: member.value.place)
      return nil
    }
    var seed: Int? = 0
    if let given = members.first(where: { $0.name == "seed" }) {
      seed = ShapeReader(faults: faults).read(given.value, as: .integer(from: 0), name: "seed")?.intValue
    }
    var own: [String: OptionChange] = [:]
    TrainingReader(faults: faults).read(
      members.filter { $0.name != "seed" && $0.name != "dataset" }, below: "", into: &own)
    guard let dataset = members.first(where: { $0.name == "dataset" }) else {
      faults.add(
        .missingName(what: "`pretrain`", name: "dataset", example: "pretrain: {dataset: NAME, epochs: 5}"),
        at: member.value.place)
      return nil
    }
    guard let name = dataset.value.scalarText, datasetNames.contains(name) else {
      faults.add(
        .unknownName(what: "data set", name: dataset.value.text, valid: datasetNames.all), at: dataset.value.place)
      return nil
    }
    // What the cells' backbones have and this one does not is not inherited.
    let inherited = training.filter { BackboneOptions.hasMeaning($0.key, on: backbone) }
    let complete = TrainingCheck(faults: faults).complete(
      inherited.merging(own) { _, own in own }, backbone: backbone, otherwiseAt: member.place)
    if complete.searchesRate {
      faults.add(
        .searchInPretraining(backbone: backbone.name),
        at: own["optimizer.lr"]?.place ?? training["optimizer.lr"]?.place ?? member.place)
    }
    // A pretraining begins at random, whatever the cells begin with.
    let options = complete.options(for: .random).canonical
    return seed.map { .pretrain(dataset: name, seed: $0, training: options, manner: complete.manner) }
  }
}
