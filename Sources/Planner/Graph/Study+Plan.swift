extension Study {
  /// The study as cells and stages, each stage once.
  ///
  /// - Parameters:
  ///   - contents: The digest of each of `contentRequests`; one that is left out counts as missing.
  ///   - filter: Which cells are wanted; the plan holds them and what they need.
  ///   - folder: The study file's folder, which relative locations start from; empty leaves them relative.
  public func plan(contents: [ContentRequest.ID: String], filter: CellFilter? = nil, folder: String = "") -> Plan {
    var planning = PlanBuilder(study: self, contents: contents, folder: folder)
    return planning.plan(filter: filter)
  }
}

extension Plan {
  /// Stages that do nothing and depend on nothing, for measuring what orchestration costs.
  public static func noop(count: Int) -> Plan {
    let stages = (0..<count).map { index in
      Stage(kind: .noop, parameters: NoopParameters(index: index).canonical, label: "noop \(index)")
    }
    return Plan(study: "noop", cells: [], stages: stages, resources: Resources())
  }
}
