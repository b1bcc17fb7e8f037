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

  init(plan: Plan) {
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
    var named: [StageKey: Int32] = [:]
    for cell in plan.cells {
      let measures = cell.measures.map { ($0.kind, $0.key) }
      let setting = "\(cell.dataset)/\(cell.fraction)"
      for (kind, key) in cell.stages.map({ ($0.key, $0.value) }) + measures where named[key] == nil {
        // A stage that many cells share (a data set's, say) is like others of its kind only.
        let isOwn = kind == .train || kind.isModelMeasure || kind == .crossCKA
        named[key] = number(
          isOwn ? Name(kind: kind, backbone: cell.backbone, setting: setting) : Name(kind: kind))
      }
    }
    ofStage = plan.stages.map { named[$0.key] ?? number(Name(kind: $0.kind)) }
    self.wider = wider
  }
}
