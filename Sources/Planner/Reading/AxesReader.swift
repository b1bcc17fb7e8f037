/// Reads the axes of a study and of its blocks.
struct AxesReader {
  /// Blocks of a study.
  static let blockLimit = 1_000

  let faults: FaultCollector
  let datasetNames: DatasetNames
  let conditions: ConditionReader

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
      first.axes.append(axisReader.seeds(seeds))
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
    let written = further?.value.list ?? []
    if written.count > Self.blockLimit {
      faults.add(
        .tooMany(what: "blocks", count: "\(written.count)", limit: Self.blockLimit), at: further?.value.place ?? place)
    }
    for (index, value) in written.prefix(Self.blockLimit).enumerated() {
      blocks.append(block(value, number: index + 1, inheriting: first))
    }
    if let further, further.value.list == nil {
      faults.add(
        .wrongType(name: "blocks", expected: "a list", found: further.value.kindText), at: further.value.place)
    }
    for block in blocks {
      if let circle = AxisOrder(block).circle {
        let axis = block.axes.first { $0.name == circle[0] }
        faults.add(.axesInACircle(circle), at: axis?.place ?? block.place)
      }
    }
    let isWhole = blocks.allSatisfy { block in
      block.axes.allSatisfy { !$0.values.isEmpty }
        && Axis.fixed.allSatisfy { name in block.axes.contains { $0.name == name } }
    }
    let initialisations = InitialisationAxis(faults: faults)
    blocks = blocks.map(initialisations.completed)
    return isWhole ? blocks : nil
  }

  /// The names of the axes of all blocks beyond those that every study has, as they are written.
  static func furtherNames(_ axes: YAMLMember?, further: YAMLMember?) -> [String] {
    let blocks = (further?.value.list ?? []).compactMap { $0.members?.first { $0.name == "axes" } }
    var seen = Set(Axis.fixed)
    return ([axes].compactMap { $0 } + blocks).flatMap { $0.value.members ?? [] }.map(\.name)
      .filter { seen.insert($0).inserted }
  }

  private var axisReader: AxisReader {
    AxisReader(faults: faults, datasetNames: datasetNames, conditions: conditions)
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
    if let seeds = part("seeds") { own.append(axisReader.seeds(seeds)) }
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
    return members.compactMap(axisReader.axis)
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
