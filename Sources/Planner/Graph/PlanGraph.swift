/// A plan's graph drawn for people: stages alike are one node with their number.
public struct PlanGraph: Sendable {
  /// Stages of one kind that do the same to the same things.
  struct Node: Hashable {
    let kind: StageKind
    let name: String
  }

  private var counts: [Node: Int] = [:]
  private var order: [Node] = []
  private var edges: [Edge: Int] = [:]
  private var edgeOrder: [Edge] = []
  private let study: String

  private struct Edge: Hashable {
    let from: Node
    let to: Node
  }

  /// More groups than this, and stages are told apart by kind alone.
  private static let nodeLimit = 200

  public init(_ plan: Plan) {
    study = plan.study
    let names = Self.names(plan)
    let isFine = Set(plan.stages.map { Node(kind: $0.kind, name: names[$0.key] ?? "") }).count <= Self.nodeLimit
    var nodes: [StageKey: Node] = [:]
    nodes.reserveCapacity(plan.stages.count)
    for stage in plan.stages {
      let node = Node(kind: stage.kind, name: isFine ? names[stage.key] ?? "" : "")
      nodes[stage.key] = node
      if counts[node] == nil { order.append(node) }
      counts[node, default: 0] += 1
      for input in stage.inputs {
        guard let source = nodes[input.key] else { continue }
        let edge = Edge(from: source, to: node)
        if edges[edge] == nil { edgeOrder.append(edge) }
        edges[edge, default: 0] += 1
      }
    }
  }

  /// What a stage's group is called: data set and backbone for a cell's stages, the label for shared ones.
  private static func names(_ plan: Plan) -> [StageKey: String] {
    var names: [StageKey: String] = [:]
    for cell in plan.cells {
      let own = [cell.stages[.train], cell.stages[.test]].compactMap { $0 }
      for key in own + cell.measures.map(\.key) { names[key] = "\(cell.dataset), \(cell.backbone)" }
    }
    for stage in plan.stages where names[stage.key] == nil {
      let prefix = "\(stage.kind.rawValue) "
      names[stage.key] =
        stage.kind == .noop
        ? "" : stage.label.hasPrefix(prefix) ? String(stage.label.dropFirst(prefix.count)) : stage.label
    }
    return names
  }

  /// The graph in Graphviz's language; ends in a line break.
  public var dot: String {
    var text = "digraph \(Self.quoted(study)) {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n"
    let ids = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, "n\($0)") })
    for node in order {
      let count = counts[node] ?? 0
      var label = node.kind.rawValue
      if !node.name.isEmpty { label += " \(node.name)" }
      if count > 1 { label += " x \(count)" }
      text += "  \(ids[node] ?? "") [label=\(Self.quoted(label))];\n"
    }
    for edge in edgeOrder { text += "  \(ids[edge.from] ?? "") -> \(ids[edge.to] ?? "");\n" }
    return text + "}\n"
  }

  private static func quoted(_ text: String) -> String {
    "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }
}
