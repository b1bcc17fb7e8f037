/// A network's source weights, from whatever kind of file they come in and whatever their tensors are called there.
public struct SourceWeights: Sendable {
  /// What a file is.
  public enum Format: String, Sendable, Hashable {
    case safetensors
    /// Of `torch.save` since PyTorch 1.6.
    case torch
  }

  public let format: Format
  /// By the network's own names, without a head unless it was asked for. Positions, relative biases and patch filters keep the file's sizes;
  /// `StateDict.fitted` brings them to a network's.
  public let tensors: StateDict
  /// The file's tensors that the network has no use for: a head, counts of batches, tables.
  public let leftAside: [String]
  /// Blocks of the file that a shallower network has not got; their tensors are left aside.
  public let furtherBlocks: [Int]

  /// Reads a file for a network. Names and shapes are checked first, so a file of another model, be it of any size, costs
  /// no more than its table of contents.
  ///
  /// - Parameter withHead: Whether the file is a whole model's: its head is read, and every tensor must have the network's
  ///   own size.
  /// - Throws: `EngineError.data` naming the file: what cannot be read as weights, or every tensor that is missing, left
  ///   over, of another shape, or not finite.
  public static func read(
    _ path: String, for network: any Network, withHead: Bool = false
  ) throws -> SourceWeights {
    let (stored, format) = try listing(path)
    let expected = network.tensors.filter { withHead || !$0.isHead }
    let names = SourceNames(stored.map(\.name), expected: Set(expected.map(\.name)))

    var found: [String: StoredTensor] = [:]
    var faults: [String] = []
    let known = Set(expected.map(\.name))
    for tensor in stored {
      guard let name = names.own[tensor.name] else { continue }
      if !known.contains(name) {
        faults.append("left over: \(PickleText.shown(tensor.name)) \(tensor.shape)")
      } else if let other = found.updateValue(tensor, forKey: name) {
        faults.append("twice: \(name), as \(other.name) and as \(tensor.name)")
      }
    }
    let misfits = StrictLoading.misfits(found.mapValues(\.shape), against: expected, resizable: !withHead)
    try StrictLoading.refuse(path, misfits + faults)

    var tensors = StateDict()
    for tensor in expected {
      guard let entry = found[tensor.name] else { continue }
      let values = try entry.values()
      if let fault = StrictLoading.notFinite(values, entry.name) { faults.append(fault) }
      try tensors.append(tensor.name, shape: entry.shape, values: values)
    }
    guard faults.isEmpty else {
      throw EngineError.data(
        "\(path) holds damaged weights:\n  " + faults.joined(separator: "\n  ") + "; fetch or make it again")
    }
    return SourceWeights(
      format: format, tensors: tensors, leftAside: names.leftAside, furtherBlocks: names.furtherBlocks)
  }

  /// What a file holds, told by its first bytes and not by its name.
  package static func listing(_ path: String) throws -> (tensors: [StoredTensor], format: Format) {
    let file = try NativeReader(path)
    let start = try file.bytes(min(file.size, 512), at: 0)
    if ZipArchive.isLike(start) { return (try TorchFile.listing(file), .torch) }
    if isPickle(start) || isTar(start) {
      throw EngineError.data(
        "\(path) is a torch file from before PyTorch 1.6, which is not read here; convert it once: python3 -c \"import "
          + "torch as t;t.save(t.load('\(path)',map_location='cpu',weights_only=True),'converted.pth')\"")
    }
    // A header's length and its first letter, or a name that says what it should be.
    let isLikely = start.count > 8 && start[8] == UInt8(ascii: "{")
    guard isLikely || path.hasSuffix(".safetensors") else {
      throw EngineError.data(
        "\(path) is no weights file: neither safetensors nor torch.save's; name one of those, or fetch it again")
    }
    return (try Safetensors.listing(file).tensors, .safetensors)
  }

  /// A pickle of protocol 2 that begins with torch's number of old (1950a86a20f9469cfc6c).
  private static func isPickle(_ start: [UInt8]) -> Bool {
    start.starts(with: [0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19])
  }

  private static func isTar(_ start: [UInt8]) -> Bool {
    start.count > 262 && Array(start[257..<262]) == Array("ustar".utf8)
  }
}
