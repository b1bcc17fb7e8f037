/// Which tensor of a weights file is which of a network's: a function of names alone.
///
/// Networks bear the names of torchvision (ResNet, Inception) and timm (DeiT, Swin). Files of other origin differ in
/// prefixes, in where Swin's patch merging belongs, and in what else they carry.
package struct SourceNames {
  /// The network's name of each stored tensor that it has use for.
  package let own: [String: String]
  /// Stored tensors that belong to a head or are no weights, such as counts of batches.
  package let leftAside: [String]
  /// Blocks of a deeper transformer that the network does not have, in ascending order: `deit_small5b` is cut from the
  /// weights of `deit_small`. They are left aside too.
  package let furtherBlocks: [Int]

  /// - Parameters:
  ///   - stored: The names in the file.
  ///   - expected: The names of the network's tensors but for its head.
  package init(_ stored: [String], expected: Set<String>) {
    let plain = stored.map { name in
      Self.inTimmsStyle(Self.withoutPrefixes(name))
    }
    // timm (since 0.9) counts a patch merging to the stage that it leads to, the official files to the one it follows.
    let shift = (Self.firstMerging(expected) ?? 0) - (Self.firstMerging(plain) ?? Self.firstMerging(expected) ?? 0)
    var own: [String: String] = [:]
    var leftAside: [String] = []
    let depth = expected.compactMap(Self.block).max().map { $0 + 1 }
    var further: Set<Int> = []
    for (name, plain) in zip(stored, plain) {
      let meant = Self.merging(plain).map { "layers.\($0.stage + shift).downsample.\($0.rest)" } ?? plain
      if let depth, let block = Self.block(meant), block >= depth {
        further.insert(block)
        leftAside.append(name)
      } else if !expected.contains(meant), Self.isAside(meant) {
        leftAside.append(name)
      } else {
        own[name] = meant
      }
    }
    self.own = own
    self.leftAside = leftAside
    furtherBlocks = further.sorted()
  }

  /// What wraps a network in its training script.
  private static let prefixes = ["module.", "backbone.", "encoder.", "teacher.", "_orig_mod."]

  private static func withoutPrefixes(_ name: String) -> String {
    var rest = Substring(name)
    while let prefix = prefixes.first(where: { rest.hasPrefix($0) }) { rest = rest.dropFirst(prefix.count) }
    return String(rest)
  }

  /// Heads of whatever kind, tables that follow from the architecture, counts of batches, and the auxiliary classifier
  /// that Inception trains with.
  private static func isAside(_ name: String) -> Bool {
    let heads = ["head.", "fc.", "AuxLogits."]
    let tables = [".num_batches_tracked", ".relative_position_index", ".attn_mask"]
    return heads.contains { name.hasPrefix($0) } || tables.contains { name.hasSuffix($0) }
  }

  /// The block that a tensor of a plain vision transformer belongs to; nil for any other.
  private static func block(_ name: String) -> Int? {
    let parts = name.split(separator: ".", maxSplits: 2)
    return parts.count == 3 && parts[0] == "blocks" ? Int(parts[1]) : nil
  }

  /// The stage and the rest of the name of a Swin transformer's patch merging; nil for any other name.
  private static func merging(_ name: String) -> (stage: Int, rest: String)? {
    let parts = name.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "layers", parts[2] == "downsample", let stage = Int(parts[1]) else {
      return nil
    }
    return (stage, String(parts[3]))
  }

  private static func firstMerging(_ names: some Sequence<String>) -> Int? {
    names.compactMap { merging($0)?.stage }.min()
  }

  /// torchvision's Swin transformer is a list `features`: the patch embedding, then blocks and patch mergings in turn.
  private static func inTimmsStyle(_ name: String) -> String {
    guard name.hasPrefix("features.") else { return name }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 4, let place = Int(parts[1]), (0...1000).contains(place) else { return name }
    let rest = parts.dropFirst(3).joined(separator: ".")
    if place == 0 {
      switch parts[2] {
      case "0": return "patch_embed.proj.\(rest)"
      case "2": return "patch_embed.norm.\(rest)"
      default: return name
      }
    }
    if place.isMultiple(of: 2) { return "layers.\(place / 2).downsample.\(parts[2]).\(rest)" }
    let inner =
      switch rest {
      case "mlp.0.weight": "mlp.fc1.weight"
      case "mlp.0.bias": "mlp.fc1.bias"
      case "mlp.3.weight": "mlp.fc2.weight"
      case "mlp.3.bias": "mlp.fc2.bias"
      default: rest
      }
    return "layers.\(place / 2).blocks.\(parts[2]).\(inner)"
  }
}
