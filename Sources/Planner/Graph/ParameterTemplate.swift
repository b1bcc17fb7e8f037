/// The canonical text of parameters that many points share but for what the point itself says.
struct ParameterTemplate: Sendable {
  private enum Piece: Sendable {
    case text([UInt8])
    case fraction, initialisation, seed, training
  }

  /// What a point puts into the gaps, as canonical text.
  struct Filling {
    let fraction: [UInt8]
    let initialisation: [UInt8]
    let seed: [UInt8]
    let training: String
  }

  private var pieces: [Piece] = []

  /// - Parameters:
  ///   - members: The parameters of some point; the members that a point fills in may have any value.
  ///   - varying: The names of those.
  init(_ members: [String: JSONValue], varying: Set<String>) {
    var text = "{"
    let names = members.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    for (index, name) in names.enumerated() {
      text += (index > 0 ? "," : "") + JSONValue.string(name).canonicalText + ":"
      guard varying.contains(name) else {
        text += members[name]?.canonicalText ?? "null"
        continue
      }
      pieces.append(.text(Array(text.utf8)))
      text = ""
      switch name {
      case "fraction": pieces.append(.fraction)
      case "initialisation": pieces.append(.initialisation)
      case "seed": pieces.append(.seed)
      case "training": pieces.append(.training)
      default: preconditionFailure("no point says \(name)")
      }
    }
    pieces.append(.text(Array("\(text)}".utf8)))
  }

  func write(_ filling: Filling, to writer: inout KeyWriter) {
    for piece in pieces {
      switch piece {
      case .text(let bytes): writer.append(bytes)
      case .fraction: writer.append(filling.fraction)
      case .initialisation: writer.append(filling.initialisation)
      case .seed: writer.append(filling.seed)
      case .training: writer.append(filling.training)
      }
    }
  }
}
