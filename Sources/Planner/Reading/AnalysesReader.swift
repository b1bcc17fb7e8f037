/// Reads `analyses`.
struct AnalysesReader {
  let faults: FaultCollector
  let datasetNames: DatasetNames

  /// What is asked for; nil where nothing is said or the section has a fault, with every fault recorded.
  func read(_ member: YAMLMember?) -> [AskedAnalysis]? {
    guard let member else { return nil }
    guard let values = member.value.list else {
      faults.add(
        .wrongType(name: "analyses", expected: "a list", found: member.value.kindText), at: member.value.place)
      return nil
    }
    let before = faults.count
    var asked: [AskedAnalysis] = []
    var seen: Set<AnalysisSpec> = []
    for value in values {
      guard let spec = spec(value) else { continue }
      if seen.insert(spec).inserted {
        asked.append(AskedAnalysis(spec: spec, place: value.place))
      } else {
        faults.add(.repeatedValue(name: "analyses", value: spec.kind.rawValue), at: value.place)
      }
    }
    return faults.count == before ? asked : nil
  }

  private func spec(_ value: YAMLValue) -> AnalysisSpec? {
    guard let json = ShapeReader(faults: faults).read(value, as: .variant(AnalysisSpec.shape), name: "analyses") else {
      return nil
    }
    func place(_ name: String) -> Place {
      value.members?.first { $0.name == name }?.value.place ?? value.place
    }
    switch json["name"]?.stringValue {
    case "cross_cka":
      let pair = json["pair"]?.arrayValue?.compactMap(\.stringValue) ?? []
      for name in pair where InitialisationSpec(name) == nil {
        faults.add(
          .unknownName(what: "initialisation", name: name, valid: ["RI", "ST", "WT", "WT-ST-1", "..."]),
          at: place("pair"))
      }
      guard pair.allSatisfy({ InitialisationSpec($0) != nil }) else { return nil }
      if pair.first == pair.last {
        faults.add(.pairedWithItself(initialisation: pair.first ?? ""), at: place("pair"))
        return nil
      }
    case "distance":
      let source = json["source"]?.stringValue
      guard (json["statistics"] == nil) != (source == nil) else {
        faults.add(.sourceOfDistance, at: value.place)
        return nil
      }
      if let source, !datasetNames.contains(source) {
        faults.add(.unknownName(what: "data set", name: source, valid: datasetNames.all), at: place("source"))
        return nil
      }
    default: break
    }
    return try? AnalysisSpec(read: json)
  }
}

/// An analysis of a study, and where it is asked for.
struct AskedAnalysis {
  let spec: AnalysisSpec
  let place: Place
}

extension StudySections {
  /// Models are compared in pairs, so some cell must have a partner.
  func checkPairs(of grid: Grid, _ blocks: [Block]) {
    let pairs = PartnerIndex(grid)
    for asked in blocks.flatMap(\.analyses) {
      guard let pair = asked.spec.pair else { continue }
      let found = grid.points.indices.contains { position in
        grid.analyses[Int(grid.asked[position])].contains(asked.spec) && pairs.partner(of: position, asked.spec) != nil
      }
      if !found { faults.add(.noPair(first: pair.first, second: pair.second), at: asked.place) }
    }
  }

  /// The backbone that sees images for a distance needs source weights.
  func checkDistances(_ blocks: [Block], weights: Set<String>) {
    for asked in blocks.flatMap(\.analyses) {
      guard let options = asked.spec.distance, !weights.contains(options.backbone) else { continue }
      faults.add(.distanceWithoutWeights(backbone: options.backbone), at: asked.place)
    }
  }
}
