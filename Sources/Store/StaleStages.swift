import Foundation
import GRDB
import Planner

extension Workspace {
  /// Which stages of a plan were done once and do not count any more, by their place, and why.
  ///
  /// - Parameters:
  ///   - plan: Whose stages are asked about.
  ///   - records: What is recorded of the plan's stages.
  ///   - replan: The same plan with keys of other versions.
  /// - Throws: `WorkspaceError`.
  public func staleStages(
    of plan: Plan, records: [RecordedStage?], replan: (KindVersions) throws -> Plan
  ) throws -> [Int: StaleCause] {
    let unknown = plan.stages.indices.filter { records[$0] == nil }
    guard !unknown.isEmpty else { return [:] }
    var stale = try changedContents(of: unknown.filter { [.dataset, .weights].contains(plan.stages.kinds[$0]) }, plan)
    let older = try olderVersions(than: plan.versions)
    guard older != plan.versions else { return stale }
    // The same stages in the same order, under the keys that they had.
    let before = try replan(older)
    guard before.stages.count == plan.stages.count else { return stale }
    let recordsBefore = try self.records(of: before)
    for place in unknown {
      let kind = plan.stages.kinds[place]
      guard older[kind] != plan.versions[kind], case .done? = recordsBefore[place] else { continue }
      stale[place] = .version(kind, from: older[kind], to: plan.versions[kind])
    }
    return stale
  }

  /// The newest versions older than these that made a stage here.
  private func olderVersions(than versions: KindVersions) throws -> KindVersions {
    try read(orElse: versions) { database in
      var older = versions
      for row in try Row.fetchAll(database, sql: "SELECT DISTINCT kind, version FROM stage ORDER BY version") {
        guard let kind = StageKind(rawValue: row[0]), let version: Int = row[1], version < versions[kind] else {
          continue
        }
        older[kind] = version
      }
      return older
    }
  }

  /// Data sets and weights that were done under the same name with other files.
  private func changedContents(of places: [Int], _ plan: Plan) throws -> [Int: StaleCause] {
    guard !places.isEmpty else { return [:] }
    return try read(orElse: [:]) { database in
      var stale: [Int: StaleCause] = [:]
      for place in places {
        let stage = plan.stages[place]
        let rows = try Row.fetchAll(
          database,
          sql: """
            SELECT parameters, members, result.recorded FROM stage JOIN result ON result.stage = stage.id
            JOIN stage_text ON stage_text.stage = stage.id LEFT JOIN shared_parameters ON shared_parameters.id = shared
            WHERE kind = ? AND label = ? ORDER BY result.recorded DESC
            """, arguments: [stage.kind.rawValue, stage.label])
        let wanted = stage.parameters.without("content")
        let same = rows.first { StageRows.parameters(own: $0[0], shared: $0[1]).without("content") == wanted }
        if let same { stale[place] = .content(doneOn: "\(Timestamp(milliseconds: same[2]))") }
      }
      return stale
    }
  }
}

extension JSONValue {
  fileprivate func without(_ name: String) -> JSONValue {
    guard case .object(var members) = self else { return self }
    members[name] = nil
    return .object(members)
  }
}
