/// Why a pickle is refused.
enum PickleFault: Error, Sendable, Hashable, CustomStringConvertible {
  case endsEarly
  case tooMuch
  /// A function or class by its name.
  case forbidden(String)
  case unknownInstruction(UInt8, at: Int)
  case senseless(String, at: Int)

  var description: String {
    switch self {
    case .endsEarly: "its description ends before it is complete"
    case .tooMuch: "its description holds more values than any weights need"
    case .forbidden(let name): "asks for \(PickleText.shown(name)), which weights have no use for"
    case .unknownInstruction(let code, let place):
      "its description has an instruction that torch.save does not write (0x\(String(code, radix: 16)) at byte \(place))"
    case .senseless(let what, let place): "its description makes no sense at byte \(place): \(what)"
    }
  }
}

/// Reads a pickle (Python's `pickletools` documents the instructions) of tensors and containers.
///
/// A pickle is a program for a stack machine whose calls run anything. This machine has the stack and the containers, and
/// no calls: the few functions that put tensors together are known by name and done here, objects of a few harmless
/// classes become opaque values, and a pickle that names anything else is refused at that name. Every instruction costs
/// bounded time and memory, and there is a limit to how many values are made.
struct PickleMachine {
  /// Bytes. A list of names, shapes and places of a thousand tensors takes a few hundred thousand.
  static let longest = 16 << 20
  static let mostValues = 2_000_000

  private(set) var nodes: [PickleNode] = []
  private let bytes: [UInt8]
  private var place = 0
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private var made = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Runs to the end and gives what the pickle holds.
  ///
  /// - Throws: `PickleFault`.
  mutating func run() throws -> PickleValue {
    guard bytes.count <= Self.longest else { throw PickleFault.tooMuch }
    while true {
      let start = place
      let code = try byte()
      if code == UInt8(ascii: ".") { return try pop() }
      guard let instruction = Instruction(rawValue: code) else {
        throw PickleFault.unknownInstruction(code, at: start)
      }
      try perform(instruction, start)
    }
  }

  /// The instructions that torch writes, and their harmless neighbours of later protocols.
  private enum Instruction: UInt8 {
    case mark = 0x28, emptyTuple = 0x29, pop = 0x30, popMark = 0x31, duplicate = 0x32, float = 0x47, int32 = 0x4a
    case uint8 = 0x4b, uint16 = 0x4d, none = 0x4e, persistent = 0x51, reduce = 0x52, string = 0x54, shortString = 0x55
    case unicode = 0x58, emptyList = 0x5d, append = 0x61, build = 0x62, global = 0x63, appends = 0x65, get = 0x68
    case instance = 0x69, longGet = 0x6a, put = 0x71, longPut = 0x72, setItem = 0x73, tuple = 0x74, setItems = 0x75
    case emptyDictionary = 0x7d, bytes = 0x42, shortBytes = 0x43, protocolVersion = 0x80, newObject = 0x81
    case tuple1 = 0x85, tuple2 = 0x86, tuple3 = 0x87, yes = 0x88, no = 0x89, long1 = 0x8a, long4 = 0x8b
    case shortUnicode = 0x8c, unicode8 = 0x8d, bytes8 = 0x8e, emptySet = 0x8f, addItems = 0x90, frozenSet = 0x91
    case newObjectEx = 0x92, stackGlobal = 0x93, memoize = 0x94, frame = 0x95
  }

  private mutating func perform(_ instruction: Instruction, _ start: Int) throws {
    switch instruction {
    case .protocolVersion:
      let version = try byte()
      guard (2...5).contains(version) else { throw PickleFault.senseless("protocol \(version)", at: start) }
    case .frame: place += 8
    case .none: try push(.none)
    case .yes: try push(.flag(true))
    case .no: try push(.flag(false))
    case .uint8: try push(.integer(Int(try byte())))
    case .uint16: try push(.integer(try length(2)))
    case .int32: try push(.integer(Int(Int32(truncatingIfNeeded: try length(4)))))
    case .long1: try push(try long(Int(try byte())))
    case .long4: try push(try long(try length(4)))
    case .float: try push(.number(Double(bitPattern: try take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })))
    case .unicode, .string: try push(.text(try text(try length(4))))
    case .shortUnicode, .shortString: try push(.text(try text(Int(try byte()))))
    case .unicode8: try push(.text(try text(try length(8))))
    case .bytes: try skip(try length(4))
    case .shortBytes: try skip(Int(try byte()))
    case .bytes8: try skip(try length(8))

    case .mark:
      guard marks.count < Self.mostValues else { throw PickleFault.tooMuch }
      marks.append(stack.count)
      try count(1)
    case .pop: if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    case .popMark: _ = try popToMark()
    case .duplicate:
      let top = try pop()
      stack.append(top)
      try push(top)
    case .emptyTuple: try push(node(.tuple, []))
    case .emptyList: try push(node(.list, []))
    case .emptyDictionary: try push(node(.dictionary, []))
    case .tuple: try push(node(.tuple, try popToMark()))
    case .tuple1: try push(node(.tuple, try pop(1)))
    case .tuple2: try push(node(.tuple, try pop(2)))
    case .tuple3: try push(node(.tuple, try pop(3)))
    case .append: try extend(with: try pop(1), .list, start)
    case .appends: try extend(with: try popToMark(), .list, start)
    case .setItem: try extend(with: try pop(2), .dictionary, start)
    case .setItems: try extend(with: try popToMark(), .dictionary, start)
    case .emptySet: try push(.opaque)
    case .addItems: _ = try popToMark()
    case .frozenSet:
      _ = try popToMark()
      try push(.opaque)

    case .put: try remember(Int(try byte()))
    case .longPut: try remember(try length(4))
    case .memoize: try remember(memo.count)
    case .get: try push(try remembered(Int(try byte()), start))
    case .longGet: try push(try remembered(try length(4), start))

    case .global: try push(.global(try Self.global(module: try line(), name: try line())))
    case .stackGlobal:
      let names = try pop(2)
      guard case .text(let module) = names[0], case .text(let name) = names[1] else {
        throw PickleFault.senseless("a name that is no text", at: start)
      }
      try push(.global(try Self.global(module: module, name: name)))
    case .instance:
      // An object of the class, with arguments: refused at a name that is not known, and nothing torch writes otherwise.
      _ = try Self.global(module: try line(), name: try line())
      throw PickleFault.unknownInstruction(instruction.rawValue, at: start)
    case .persistent: try push(.storage(try storage(try pop(), start)))
    case .reduce, .newObject:
      let arguments = try pop()
      try push(try call(try pop(), try items(arguments, start), start))
    case .newObjectEx:
      _ = try pop(2)
      try push(try call(try pop(), [], start))
    case .build:
      // The state of an object: a state dict's `_metadata`, or an opaque value's.
      _ = try pop()
      _ = try top()
    }
  }

  // MARK: - Functions done here

  private static func global(module: String, name: String) throws -> PickleGlobal {
    guard let known = PickleGlobal(module: module, name: name) else {
      throw PickleFault.forbidden("\(module).\(name)")
    }
    return known
  }

  private mutating func call(_ callee: PickleValue, _ arguments: [PickleValue], _ start: Int) throws -> PickleValue {
    guard case .global(let function) = callee else {
      throw PickleFault.senseless("a call of what is no function", at: start)
    }
    switch function {
    case .orderedDictionary: return node(.dictionary, [])
    case .size: return arguments.first ?? node(.tuple, [])
    case .inert: return .opaque
    case .rebuildParameter:
      guard case .tensor? = arguments.first else { throw PickleFault.senseless("a parameter of no tensor", at: start) }
      return arguments[0]
    case .rebuildTensor, .rebuildTypedTensor:
      guard arguments.count >= 4, case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1],
        let shape = integers(arguments[2]), let strides = integers(arguments[3])
      else { throw PickleFault.senseless("a tensor without storage, shape and strides", at: start) }
      var type = storage.type
      if function == .rebuildTypedTensor, arguments.count >= 7, case .global(.elementType(let said)) = arguments[6] {
        type = said
      }
      guard let type else { throw PickleFault.senseless("a tensor of no known type of number", at: start) }
      return .tensor(TorchTensor(storage: storage, type: type, offset: offset, shape: shape, strides: strides))
    case .storage, .elementType: throw PickleFault.senseless("a call of what is no function", at: start)
    }
  }

  /// `("storage", type, key, device, count)`
  private func storage(_ id: PickleValue, _ start: Int) throws -> TorchStorage {
    let parts = try items(id, start)
    guard parts.count == 5, case .text("storage") = parts[0], case .global(.storage(let type)) = parts[1],
      case .text(let key) = parts[2], case .integer(let count) = parts[4], count >= 0
    else { throw PickleFault.senseless("a storage without type, key and size", at: start) }
    return TorchStorage(key: key, type: type, count: count)
  }

  private func items(_ value: PickleValue, _ start: Int) throws -> [PickleValue] {
    guard case .node(let index) = value, nodes[index].kind == .tuple else {
      throw PickleFault.senseless("arguments that are no tuple", at: start)
    }
    return nodes[index].items
  }

  /// A tuple or list of whole numbers; nil for anything else.
  private func integers(_ value: PickleValue) -> [Int]? {
    guard case .node(let index) = value, nodes[index].kind != .dictionary, nodes[index].items.count <= 64 else {
      return nil
    }
    var numbers: [Int] = []
    for item in nodes[index].items {
      guard case .integer(let number) = item else { return nil }
      numbers.append(number)
    }
    return numbers
  }

  // MARK: - Stack and containers

  private mutating func count(_ values: Int) throws {
    made += values
    guard made <= Self.mostValues else { throw PickleFault.tooMuch }
  }

  private mutating func push(_ value: PickleValue) throws {
    try count(1)
    stack.append(value)
  }

  private mutating func node(_ kind: PickleNode.Kind, _ items: [PickleValue]) -> PickleValue {
    nodes.append(PickleNode(kind: kind, items: items))
    return .node(nodes.count - 1)
  }

  /// Adds to the list or dictionary on top of the stack; what is put into an opaque value is let go.
  private mutating func extend(with items: [PickleValue], _ kind: PickleNode.Kind, _ start: Int) throws {
    switch try top() {
    case .opaque: return
    case .node(let index) where nodes[index].kind == kind && (kind == .list || items.count.isMultiple(of: 2)):
      nodes[index].items.append(contentsOf: items)
    default: throw PickleFault.senseless("items for what is no \(kind == .list ? "list" : "dictionary")", at: start)
    }
  }

  private func top() throws -> PickleValue {
    guard let top = stack.last, stack.count > marks.last ?? 0 else { throw PickleFault.endsEarly }
    return top
  }

  private mutating func pop() throws -> PickleValue {
    let top = try top()
    stack.removeLast()
    return top
  }

  private mutating func pop(_ count: Int) throws -> [PickleValue] {
    guard stack.count - (marks.last ?? 0) >= count else { throw PickleFault.endsEarly }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws -> [PickleValue] {
    guard let mark = marks.popLast(), mark <= stack.count else { throw PickleFault.endsEarly }
    defer { stack.removeLast(stack.count - mark) }
    return Array(stack[mark...])
  }

  private mutating func remember(_ index: Int) throws {
    try count(1)
    memo[index] = try top()
  }

  private func remembered(_ index: Int, _ start: Int) throws -> PickleValue {
    guard let value = memo[index] else { throw PickleFault.senseless("nothing is remembered as \(index)", at: start) }
    return value
  }

  // MARK: - Bytes

  private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count - place else { throw PickleFault.endsEarly }
    defer { place += count }
    return bytes[place..<(place + count)]
  }

  private mutating func byte() throws -> UInt8 {
    guard place < bytes.count else { throw PickleFault.endsEarly }
    defer { place += 1 }
    return bytes[place]
  }

  private mutating func skip(_ count: Int) throws {
    _ = try take(count)
    try push(.opaque)
  }

  /// A number without sign, lowest byte first.
  private mutating func length(_ count: Int) throws -> Int {
    let number = try take(count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let length = Int(exactly: number) else { throw PickleFault.endsEarly }
    return length
  }

  /// A number in two's complement; one that an Int cannot hold is of no use to weights.
  private mutating func long(_ count: Int) throws -> PickleValue {
    let digits = try take(count)
    guard let high = digits.last else { return .integer(0) }
    guard count <= 8 else { return .opaque }
    let start: UInt64 = high & 0x80 == 0 ? 0 : .max
    return .integer(Int(bitPattern: UInt(digits.reversed().reduce(start) { $0 << 8 | UInt64($1) })))
  }

  private mutating func text(_ count: Int) throws -> String { String(decoding: try take(count), as: UTF8.self) }

  private mutating func line() throws -> String {
    guard let end = bytes[min(place, bytes.count)...].firstIndex(of: 0x0a) else { throw PickleFault.endsEarly }
    defer { place = end + 1 }
    return String(decoding: bytes[place..<end], as: UTF8.self)
  }
}
