import Planner

/// Which stages are alike, so that what was measured of one is expected of another.
///
/// Stages are alike when kind, data set, backbone and fraction agree; those of like kind and backbone are less so, those of
/// like kind still less. Likenesses are numbered; each but the widest has a wider one.
public struct StageLikeness: Sendable {
  /// Of each stage; empty where nothing is known of any.
  public let ofStage: [Int32]
  /// The next wider likeness of each; -1 for the widest.
  public let wider: [Int32]

  /// - Precondition: A wider likeness has a lower number.
  public init(ofStage: [Int32] = [], wider: [Int32] = []) {
    precondition(wider.indices.allSatisfy { wider[$0] < Int32($0) }, "likenesses out of order")
    self.ofStage = ofStage
    self.wider = wider
  }

  private struct Name: Hashable {
    var kind: StageKind
    var backbone = ""
    var setting = ""
  }

  public init(plan: Plan) {
    var numbers: [Name: Int32] = [:]
    var wider: [Int32] = []
    func number(_ name: Name) -> Int32 {
      if let known = numbers[name] { return known }
      var next = name
      var above: Int32 = -1
      if !name.setting.isEmpty {
        next.setting = ""
        above = number(next)
      } else if !name.backbone.isEmpty {
        next.backbone = ""
        above = number(next)
      }
      let own = Int32(wider.count)
      wider.append(above)
      numbers[name] = own
      return own
    }
    var known: [PlannedSetting: [StageKind: Int32]] = [:]
    ofStage = plan.stages.indices.map { place in
      let kind = plan.stages.kinds[place]
      // A stage that many cells share (a data set's, say) is like others of its kind only.
      guard kind == .train || kind.isModelMeasure || kind == .crossCKA, let setting = plan.stages.setting(at: place)
      else { return number(Name(kind: kind)) }
      if let likeness = known[setting]?[kind] { return likeness }
      let name = Name(kind: kind, backbone: setting.backbone, setting: "\(setting.dataset)/\(setting.fraction)")
      let likeness = number(name)
      known[setting, default: [:]][kind] = likeness
      return likeness
    }
    self.wider = wider
  }
}
