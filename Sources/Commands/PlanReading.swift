import Foundation
import Planner
import Store

/// A plan, and why each of its stages would run or not.
struct ReasonedPlan {
  let plan: Plan
  let records: [RecordedStage?]
  let reasons: PlanReasons
}

extension LoadedStudy {
  /// The study's plan with its reasons.
  ///
  /// - Throws: `CommandFailure` where something cannot be read.
  func reasonedPlan(in workspace: Workspace) throws -> ReasonedPlan {
    let (plan, contents) = try planned(in: workspace)
    return try explaining {
      let records = try workspace.records(of: plan)
      let stale = try workspace.staleStages(of: plan, records: records) { replanned(contents: contents, versions: $0) }
      return ReasonedPlan(plan: plan, records: records, reasons: plan.reasons(records: records, stale: stale))
    }
  }
}

/// The versions of kinds that this program's keys are made with.
enum ProgramVersions {
  /// - Throws: `CommandFailure` where `GRAFT_REHEARSE_VERSIONS` cannot be read.
  static func current() throws -> KindVersions {
    let name = "GRAFT_REHEARSE_VERSIONS"
    guard let text = ProcessInfo.processInfo.environment[name], !text.isEmpty else { return .current }
    guard let versions = KindVersions(text) else {
      throw CommandFailure(
        .usage, "\(name): '\(text)' names no versions of kinds of stage", remedy: "write it like train=2,test=3")
    }
    return versions
  }
}
