extension AnalysisSpec {
  /// An analysis by its name, with options as a command line gives them.
  ///
  /// - Parameters:
  ///   - kind: The analysis.
  ///   - options: Names and values as a study file writes them: `("k", "20")`, `("pair", "[WT, RI]")`.
  ///   - study: Whose data sets and backbones they may name.
  /// - Throws: Every fault of the name and the options.
  public static func named(
    _ kind: StageKind, options: [(name: String, value: String)], in study: Study
  ) throws(StudyFaults) -> AnalysisSpec {
    let faults = FaultCollector(file: study.fileName)
    let place = Place.override(
      options.isEmpty ? kind.rawValue : options.map { "--option \($0.name)=\($0.value)" }.joined(separator: " "))
    let empty = YAMLValue(content: .mapping([]), place: place, text: "")
    let name = YAMLMember(
      name: AnalysisSpec.shape.tag, place: place,
      value: YAMLValue(content: .string, place: place, text: kind.rawValue))
    let given = Overrides.applied(options, to: empty, faults: faults, option: "--option").members ?? []
    let whole = YAMLValue(content: .mapping([name] + given), place: place, text: "")
    let list = YAMLMember(
      name: "analyses", place: place, value: YAMLValue(content: .list([whole]), place: place, text: ""))
    let asked = AnalysesReader(faults: faults, datasetNames: DatasetNames(study.datasets.map(\.name))).read(list)?.first
    guard let asked, faults.isEmpty else { throw faults.faults() }
    return asked.spec
  }
}

extension Study {
  /// The same study with every cell asked for one analysis and no other.
  ///
  /// - Throws: Where no cell can be asked for it: the fault that a study file with it has.
  public func asking(_ analysis: AnalysisSpec) throws(StudyFaults) -> Study {
    var asking = grid
    asking.analyses = [analysis.kind == .test ? [] : [analysis]]
    asking.asked = [Int32](repeating: 0, count: grid.points.count)
    let faults = FaultCollector(file: fileName)
    if let pair = analysis.pair {
      let pairs = PartnerIndex(asking)
      if !grid.points.indices.contains(where: { pairs.partner(of: $0, analysis) != nil }) {
        faults.add(.noPair(first: pair.first, second: pair.second), at: .file)
      }
    }
    if let distance = analysis.distance, weights[distance.backbone] == nil {
      faults.add(.distanceWithoutWeights(backbone: distance.backbone), at: .file)
    }
    guard faults.isEmpty else { throw faults.faults() }
    return Study(
      name: name, fileName: fileName, datasets: datasets, weights: weights, resources: resources,
      reporting: reporting, slurm: slurm, grid: asking)
  }
}
