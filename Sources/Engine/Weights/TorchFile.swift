/// Files of `torch.save` since PyTorch 1.6: a ZIP archive with a pickle that says what there is (`data.pkl`), and the
/// numbers as they lie in memory (`data/0`, `data/1`, ...).
enum TorchFile {
  /// What training scripts call the weights among the other things that they save, in the order of preference.
  static let wrappers = [
    "state_dict", "model_state", "model_state_dict", "model", "teacher", "network", "net", "module",
  ]

  /// Tensors of more axes than this are no weights.
  private static let mostAxes = 8

  /// Views that repeat their storage's numbers, of stride 0, have at most so many.
  private static let mostRepeated = 1 << 24

  /// The tensors of the state dict in the file, none of them read yet.
  ///
  /// - Throws: `EngineError.data` naming the file and the fault, a forbidden name in its pickle among them.
  static func listing(_ file: NativeReader) throws -> [StoredTensor] {
    let archive = try ZipArchive(file, kind: "torch file")
    let descriptions = archive.names.filter { $0.hasSuffix("/data.pkl") }
    guard descriptions.count == 1, let description = descriptions.first,
      let entry = try archive.storedEntry(description)
    else {
      throw EngineError.data(
        "\(file.path) is a ZIP file, but not one of torch.save, which has one data.pkl; name a weights file")
    }
    let folder = description.dropLast("data.pkl".count)
    guard !archive.names.contains("\(folder)constants.pkl") else {
      throw EngineError.data(
        "\(file.path) holds a compiled model (TorchScript), not weights; save the `state_dict()` of what it was made from"
      )
    }
    guard entry.size <= PickleMachine.longest else { throw Self.fault(file, PickleFault.tooMuch) }
    let order = try byteOrder(archive.storedEntry("\(folder)byteorder"), archive, file)
    var machine = PickleMachine(try archive.bytes(of: entry))
    let whole: PickleValue
    do {
      whole = try machine.run()
    } catch let fault as PickleFault {
      throw Self.fault(file, fault)
    }
    var seen: Set<Int> = []
    let found = tensors(in: whole, of: machine.nodes, depth: 0, &seen)
    guard !found.isEmpty else {
      throw EngineError.data(
        "\(file.path) holds no weights: neither tensors by name nor one of \(wrappers.joined(separator: ", ")); "
          + "save a model's `state_dict()`")
    }
    return try found.map { name, tensor in
      try stored(
        tensor, name: name, archive.storedEntry("\(folder)data/\(tensor.storage.key)"), of: archive, order: order, file)
    }
  }

  private static func fault(_ file: NativeReader, _ fault: PickleFault) -> EngineError {
    switch fault {
    case .forbidden:
      .data("\(file.path) \(fault); save a model's `state_dict()` alone, or use a file from where you trust it")
    default: .data("\(file.path) is not a sound torch file: \(fault); fetch it again")
    }
  }

  /// Files written before PyTorch 2.1 do not say, and are little-endian.
  private static func byteOrder(
    _ entry: ZipArchive.Entry?, _ archive: ZipArchive, _ file: NativeReader
  ) throws -> ElementType.ByteOrder {
    guard let entry else { return .little }
    let text = entry.size <= 16 ? String(decoding: try archive.bytes(of: entry), as: UTF8.self) : ""
    switch text {
    case "little": return .little
    case "big": return .big
    default:
      throw EngineError.data(
        "\(file.path) is not a sound torch file: its byte order is '\(PickleText.shown(text))'; fetch it again")
    }
  }

  /// The tensors of a dictionary by name, or of the dictionary within it that holds the weights.
  ///
  /// - Parameter seen: Dictionaries that were looked into: one can lie in many, and in itself.
  private static func tensors(
    in value: PickleValue, of nodes: [PickleNode], depth: Int, _ seen: inout Set<Int>
  ) -> [(name: String, tensor: TorchTensor)] {
    guard depth < 4, case .node(let index) = value, nodes[index].kind == .dictionary,
      seen.insert(index).inserted
    else { return [] }
    var members: [String: PickleValue] = [:]
    var order: [String] = []
    let items = nodes[index].items
    for place in stride(from: 0, to: items.count - 1, by: 2) {
      guard case .text(let name) = items[place] else { continue }
      if members.updateValue(items[place + 1], forKey: name) == nil { order.append(name) }
    }
    for wrapper in wrappers {
      guard let inner = members[wrapper] else { continue }
      let found = tensors(in: inner, of: nodes, depth: depth + 1, &seen)
      if !found.isEmpty { return found }
    }
    return order.compactMap { name in
      if case .tensor(let tensor)? = members[name] { (name, tensor) } else { nil }
    }
  }

  /// Checks that a tensor lies inside its storage, and the storage inside its entry.
  private static func stored(
    _ tensor: TorchTensor, name: String, _ entry: ZipArchive.Entry?, of archive: ZipArchive,
    order: ElementType.ByteOrder, _ file: NativeReader
  ) throws -> StoredTensor {
    func fault(_ text: String) -> EngineError {
      .data("\(file.path) is not a sound torch file: tensor '\(PickleText.shown(name))' \(text); fetch it again")
    }
    let storage = tensor.storage
    guard let entry else { throw fault("lies in an entry that is not there, data/\(PickleText.shown(storage.key))") }
    guard let bytes = StoredShape.product([storage.count, storage.type?.size ?? 1]), bytes == entry.size else {
      throw fault("lies in a storage of \(storage.count) numbers, for which \(entry.size) bytes are there")
    }
    guard tensor.shape.count == tensor.strides.count, tensor.shape.count <= mostAxes,
      let count = StoredShape.product(tensor.shape), tensor.offset >= 0, tensor.strides.allSatisfy({ $0 >= 0 })
    else { throw fault("has the shape \(tensor.shape) with strides \(tensor.strides)") }
    let room = entry.size / tensor.type.size
    guard count == 0 || lastPlace(of: tensor).map({ $0 < room }) == true else {
      throw fault("of shape \(tensor.shape) reaches beyond its storage of \(room) numbers")
    }
    guard count <= max(room, mostRepeated) else {
      throw fault("of shape \(tensor.shape) repeats its storage of \(room) numbers too often")
    }
    return StoredTensor(name: name, shape: tensor.shape) {
      try archive.check(entry)
      return try values(of: tensor, count: count, in: entry, order: order, file)
    }
  }

  /// The place of the tensor's last number in its storage; nil where it is more than an Int holds.
  private static func lastPlace(of tensor: TorchTensor) -> Int? {
    var last = tensor.offset
    for (size, stride) in zip(tensor.shape, tensor.strides) where size > 0 {
      let (reach, tooFar) = (size - 1).multipliedReportingOverflow(by: stride)
      let (sum, tooLarge) = last.addingReportingOverflow(reach)
      guard !tooFar, !tooLarge else { return nil }
      last = sum
    }
    return last
  }

  /// Reads the numbers along the strides: in one go where they lie together, else gathered from the stretch that they
  /// lie in, or one by one where that stretch is much longer than they are.
  private static func values(
    of tensor: TorchTensor, count: Int, in entry: ZipArchive.Entry, order: ElementType.ByteOrder, _ file: NativeReader
  ) throws -> [Float] {
    if count == 0 { return [] }
    let size = tensor.type.size
    let start = entry.place + tensor.offset * size
    var expected = 1
    var isContiguous = true
    for (length, stride) in zip(tensor.shape, tensor.strides).reversed() where length != 1 {
      isContiguous = isContiguous && stride == expected
      expected *= length
    }
    if isContiguous { return try tensor.type.read(count, at: start, in: file, order: order) }
    let span = (lastPlace(of: tensor) ?? 0) - tensor.offset + 1
    let stretch = span <= 4 * count ? try tensor.type.read(span, at: start, in: file, order: order) : nil
    var values = [Float](repeating: 0, count: count)
    var position = [Int](repeating: 0, count: tensor.shape.count)
    var place = 0
    // Where there is but one step, its length can be any.
    let strides = zip(tensor.shape, tensor.strides).map { $0 == 1 ? 0 : $1 }
    for index in 0..<count {
      if let stretch {
        values[index] = stretch[place]
      } else {
        values[index] = try tensor.type.read(1, at: start + place * size, in: file, order: order)[0]
      }
      for axis in position.indices.reversed() {
        position[axis] += 1
        place += strides[axis]
        if position[axis] < tensor.shape[axis] { break }
        place -= position[axis] * strides[axis]
        position[axis] = 0
      }
    }
    return values
  }
}
