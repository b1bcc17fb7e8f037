/// Reads the axes of a study and of its blocks.
struct AxesReader {
  static let seedLimit = 100_000

  let faults: FaultCollector
  let datasetNames: [String]

  /// The first grid and those joined to it; nil where one cannot be expanded, with its faults recorded.
  func blocks(
    axes: YAMLMember?, zip: YAMLMember?, seeds: YAMLMember?, training: [String: OptionChange], further: YAMLMember?,
    analyses: YAMLMember?, at place: Place
  ) -> [Block]? {
    guard let axes else {
      faults.add(
        .missingName(
          what: "a study", name: "axes", example: "axes: {dataset: [NAME], backbone: [resnet18], init: [RI, WT]}"),
        at: place)
      return nil
    }
    var first = Block(
      title: "the first grid", place: axes.place, axes: self.axes(axes.value), groups: [], training: training,
      analyses: analysesReader.read(analyses) ?? [])
    if let seeds {
      first.axes.append(seedAxis(seeds))
    } else {
      faults.add(.missingName(what: "a study", name: "seeds", example: "seeds: 5"), at: place)
    }
    if !first.axes.contains(where: { $0.name == Axis.fraction }) {
      first.axes.append(
        Axis(
          name: Axis.fraction, values: [AxisEntry(text: "1.0", value: 1, place: axes.place)], place: axes.place))
    }
    for name in [Axis.dataset, Axis.backbone, Axis.initialisation]
    where !first.axes.contains(where: { $0.name == name }) {
      let example = [Axis.dataset: "[NAME]", Axis.backbone: "[resnet18]"][name] ?? "[RI, ST, WT]"
      faults.add(.missingName(what: "`axes`", name: name, example: "\(name): \(example)"), at: axes.value.place)
    }
    var blocks = [grouped(first, by: zip)]
    for (index, value) in (further?.value.list ?? []).enumerated() {
      blocks.append(block(value, number: index + 1, inheriting: first))
    }
    if let further, further.value.list == nil {
      faults.add(
        .wrongType(name: "blocks", expected: "a list", found: further.value.kindText), at: further.value.place)
    }
    let isWhole = blocks.allSatisfy { block in
      Axis.fixed.allSatisfy { name in block.axes.contains { $0.name == name && !$0.values.isEmpty } }
    }
    let initialisations = InitialisationAxis(faults: faults)
    blocks = blocks.map(initialisations.completed)
    return isWhole ? blocks : nil
  }

  private var analysesReader: AnalysesReader { AnalysesReader(faults: faults, datasetNames: datasetNames) }

  private func block(_ value: YAMLValue, number: Int, inheriting first: Block) -> Block {
    guard let members = value.members else {
      faults.add(.wrongType(name: "blocks", expected: "a list of mappings", found: value.kindText), at: value.place)
      return first
    }
    let names = ["name", "axes", "zip", "seeds", "training", "analyses"]
    for member in members where !names.contains(member.name) {
      faults.add(.unknownName(what: "option of a block", name: member.name, valid: names), at: member.place)
    }
    func part(_ name: String) -> YAMLMember? { members.first { $0.name == name } }
    let name = part("name")?.value.scalarText
    var block = Block(
      title: name.map { "the block \(Fault.quoted($0))" } ?? "block \(number)", place: value.place,
      axes: first.axes, groups: [], training: first.training, analyses: first.analyses)
    var own = part("axes").map { axes($0.value) } ?? []
    if let seeds = part("seeds") { own.append(seedAxis(seeds)) }
    for axis in own {
      if let index = block.axes.firstIndex(where: { $0.name == axis.name }) {
        block.axes[index] = axis
      } else {
        block.axes.append(axis)
      }
    }
    if let training = part("training") {
      block.training.merge(TrainingReader(faults: faults).changes(training.value)) { _, own in own }
    }
    if let own = analysesReader.read(part("analyses")) { block.analyses = own }
    return grouped(block, by: part("zip"))
  }

  private func axes(_ value: YAMLValue) -> [Axis] {
    guard let members = value.members else {
      faults.add(.wrongType(name: "axes", expected: "a mapping", found: value.kindText), at: value.place)
      return []
    }
    return members.compactMap(axis)
  }

  private func axis(_ member: YAMLMember) -> Axis? {
    let fixed = [Axis.dataset, Axis.backbone, Axis.fraction, Axis.initialisation]
    let option =
      member.name.hasPrefix(Axis.trainingPrefix)
      ? TrainingOption.named(String(member.name.dropFirst(Axis.trainingPrefix.count))) : nil
    guard fixed.contains(member.name) || option != nil else {
      if member.name == Axis.seed {
        faults.add(.seedsAmongAxes, at: member.place)
      } else {
        let valid = fixed + TrainingOption.all.map { Axis.trainingPrefix + $0.name }
        faults.add(.unknownName(what: "axis", name: member.name, valid: valid), at: member.place)
      }
      return nil
    }
    let written: [YAMLValue]
    switch member.value.content {
    case .list(let values): written = values
    case .null: written = []
    case .bool, .number, .string, .mapping: written = [member.value]
    }
    if written.isEmpty { faults.add(.emptyList(name: member.name), at: member.value.place) }
    var seen: Set<JSONValue> = []
    var entries: [AxisEntry] = []
    for value in written {
      let entry = option.map { furtherEntry(value, member.name, $0) } ?? fixedEntry(value, member.name)
      guard let entry else { continue }
      if seen.insert(entry.value).inserted {
        entries.append(entry)
      } else {
        faults.add(.repeatedValue(name: member.name, value: entry.text), at: value.place)
      }
    }
    return Axis(name: member.name, values: entries, place: member.place)
  }

  private func furtherEntry(_ value: YAMLValue, _ name: String, _ option: TrainingOption) -> AxisEntry? {
    guard let read = ShapeReader(faults: faults).read(value, as: option.shape, name: name) else { return nil }
    return AxisEntry(text: value.scalarText ?? read.canonicalText, value: read, place: value.place)
  }

  private func fixedEntry(_ value: YAMLValue, _ name: String) -> AxisEntry? {
    if name == Axis.fraction {
      guard let read = ShapeReader(faults: faults).read(value, as: .number(.above(0, to: 1)), name: name),
        let number = read.doubleValue
      else { return nil }
      return AxisEntry(text: "\(number)", value: read, place: value.place)
    }
    guard let text = value.scalarText else {
      faults.add(.wrongType(name: name, expected: "a list of names", found: value.kindText), at: value.place)
      return nil
    }
    let valid: [String]
    switch name {
    case Axis.dataset: valid = datasetNames
    case Axis.backbone: valid = BackboneCatalogue.all.map(\.name)
    default: valid = InitialisationSpec.forms
    }
    let isKnown =
      name == Axis.initialisation
      ? text == InitialisationSpec.everyDepth || InitialisationSpec(text) != nil : valid.contains(text)
    guard isKnown else {
      let what = [Axis.dataset: "data set", Axis.backbone: "backbone"][name] ?? "initialisation"
      faults.add(.unknownName(what: what, name: text, valid: valid), at: value.place)
      return nil
    }
    return AxisEntry(text: text, value: .string(text), place: value.place)
  }

  private func seedAxis(_ member: YAMLMember) -> Axis {
    var entries: [AxisEntry] = []
    var seen: Set<Int> = []
    let expected = "a count from 1 to \(Self.seedLimit), or a list of whole numbers from 0"
    switch member.value.content {
    case .number:
      if let count = member.value.integer, (1...Self.seedLimit).contains(count) {
        entries = (0..<count).map {
          AxisEntry(text: String($0), value: .integer($0), place: member.value.place)
        }
      } else {
        faults.add(.outOfRange(name: "seeds", value: member.value.text, expected: expected), at: member.value.place)
      }
    case .list(let values):
      if values.isEmpty { faults.add(.emptyList(name: "seeds"), at: member.value.place) }
      for value in values {
        guard
          let seed = ShapeReader(faults: faults).read(value, as: .integer(from: 0), name: "seeds")?.intValue
        else { continue }
        if seen.insert(seed).inserted {
          entries.append(AxisEntry(text: String(seed), value: .integer(seed), place: value.place))
        } else {
          faults.add(.repeatedValue(name: "seeds", value: value.text), at: value.place)
        }
      }
    case .null, .bool, .string, .mapping:
      faults.add(.wrongType(name: "seeds", expected: expected, found: member.value.kindText), at: member.value.place)
    }
    return Axis(name: Axis.seed, values: entries, place: member.place)
  }

  /// The block with the groups of axes that `zip` says move together.
  private func grouped(_ block: Block, by zip: YAMLMember?) -> Block {
    guard let zip else { return block }
    guard let groups = zip.value.list, groups.allSatisfy({ $0.list != nil }) else {
      faults.add(
        .wrongType(name: "zip", expected: "a list of lists of axis names", found: zip.value.kindText),
        at: zip.value.place)
      return block
    }
    var block = block
    var taken: Set<Int> = []
    for group in groups {
      var axes: [Int] = []
      for value in group.list ?? [] {
        let name = value.scalarText ?? ""
        guard let index = block.axes.firstIndex(where: { $0.name == name }) else {
          faults.add(.zipOfUnknownAxis(name: name, valid: block.axes.map(\.name)), at: value.place)
          continue
        }
        if taken.insert(index).inserted {
          axes.append(index)
        } else {
          faults.add(.axisZippedTwice(name: name), at: value.place)
        }
      }
      if Set(axes.map { block.axes[$0].values.count }).count > 1 {
        faults.add(
          .differentLengths(
            name: axes.map { block.axes[$0].name }.joined(separator: ", "),
            counts: axes.map { String(block.axes[$0].values.count) }),
          at: group.place)
      } else if !axes.isEmpty {
        block.groups.append(axes)
      }
    }
    return block
  }
}
