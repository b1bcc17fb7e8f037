extension Study {
  /// The study as cells and stages, each stage once.
  ///
  /// - Parameters:
  ///   - contents: The digest of each of `contentRequests`; one that is left out counts as missing.
  ///   - filter: Which cells are wanted; the plan holds them and what they need.
  ///   - versions: What keys are made with.
  ///   - folder: The study file's folder, which relative locations start from; empty leaves them relative.
  public func plan(
    contents: [ContentRequest.ID: String], filter: CellFilter? = nil, versions: KindVersions = .current,
    folder: String = ""
  ) -> Plan {
    var planning = PlanBuilder(study: self, contents: contents, versions: versions, folder: folder)
    return planning.plan(filter: filter)
  }
}

extension Plan {
  /// Stages that do nothing and depend on nothing, for measuring what orchestration costs.
  public static func noop(count: Int) -> Plan {
    var stages = StageTable(capacity: count)
    var writer = KeyWriter()
    for index in 0..<count {
      writer.begin(inputs: [StageInput]())
      writer.append(kind: .noop)
      writer.append(NoopParameters(index: index).canonical.canonicalText)
      _ = stages.add(writer.finish(version: StageKind.noop.version), .noop, .noop, of: index, inputs: [])
    }
    return Plan(
      study: "noop", author: nil, cells: CellTable(), stages: stages, resources: Resources(), reporting: Reporting(),
      versions: .current)
  }
}
