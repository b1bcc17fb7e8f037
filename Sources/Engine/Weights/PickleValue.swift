/// What a pickle of weights holds, as values: nothing of it is a call that could still be made.
enum PickleValue: Sendable {
  case none
  case flag(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  /// A tuple, list or dictionary, by its place among the machine's nodes: what is nested is never nested in memory here.
  case node(Int)
  case global(PickleGlobal)
  case storage(TorchStorage)
  case tensor(TorchTensor)
  /// A value of no interest: bytes, or an object of a class that is known to be harmless.
  case opaque
}

/// A tuple, list or dictionary.
struct PickleNode: Sendable {
  enum Kind: Sendable { case tuple, list, dictionary }

  let kind: Kind
  /// A dictionary's keys and values take turns.
  var items: [PickleValue]
}

/// The numbers that tensors are views of: an entry of the archive.
struct TorchStorage: Sendable, Hashable {
  /// The entry's name below `data/`.
  let key: String
  /// Nil where the tensors say what they are.
  let type: ElementType?
  /// How many numbers; bytes where there is no type.
  let count: Int
}

/// A view of a storage.
struct TorchTensor: Sendable, Hashable {
  let storage: TorchStorage
  let type: ElementType
  /// In numbers, not bytes; so are the strides.
  let offset: Int
  let shape: [Int]
  let strides: [Int]
}

/// What a pickle may ask for by name. Everything else is refused.
enum PickleGlobal: Sendable, Hashable {
  case orderedDictionary
  case rebuildTensor
  /// Says the type of an untyped storage beside the rest.
  case rebuildTypedTensor
  case rebuildParameter
  case size
  case storage(ElementType?)
  case elementType(ElementType)
  /// A class whose objects stand beside weights in published files and hold nothing that weights are made of.
  case inert

  /// Nil for a name that weights have no use for.
  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildTypedTensor
    case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"):
      self = .rebuildParameter
    case ("torch", "Size"): self = .size
    case ("torch.storage", "UntypedStorage"), ("torch", "UntypedStorage"): self = .storage(nil)
    case ("torch", _) where Self.storages[name] != nil: self = .storage(Self.storages[name])
    case ("torch", _):
      guard let type = Self.types[name] else {
        guard name == "device" else { return nil }
        self = .inert
        return
      }
      self = .elementType(type)
    default:
      guard Self.harmless.contains("\(module).\(name)") else { return nil }
      self = .inert
    }
  }

  private static let storages: [String: ElementType] = [
    "DoubleStorage": .F64, "FloatStorage": .F32, "HalfStorage": .F16, "BFloat16Storage": .BF16, "LongStorage": .I64,
    "IntStorage": .I32, "ShortStorage": .I16, "CharStorage": .I8, "ByteStorage": .U8, "BoolStorage": .BOOL,
  ]

  private static let types: [String: ElementType] = [
    "float64": .F64, "float32": .F32, "float16": .F16, "bfloat16": .BF16, "int64": .I64, "int32": .I32, "int16": .I16,
    "int8": .I8, "uint8": .U8, "bool": .BOOL,
  ]

  /// Options and records of a training, as released checkpoints carry them beside the weights.
  private static let harmless: Set<String> = [
    "argparse.Namespace", "types.SimpleNamespace", "yacs.config.CfgNode", "easydict.EasyDict", "pathlib.PosixPath",
    "collections.Counter", "collections.defaultdict", "__builtin__.set", "builtins.set", "__builtin__.object",
    "builtins.object", "__builtin__.dict", "builtins.dict", "__builtin__.list", "builtins.list", "__builtin__.int",
    "builtins.int", "__builtin__.float", "builtins.float", "copy_reg._reconstructor", "copyreg._reconstructor",
    "_codecs.encode", "numpy.dtype", "numpy.ndarray", "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar", "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct",
  ]
}

/// Texts of a pickle in messages.
enum PickleText {
  /// On one line, cut where it is long.
  static func shown(_ text: String) -> String {
    let scalars = text.unicodeScalars.prefix(80).map { scalar -> Character in
      scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) ? "?" : Character(scalar)
    }
    return String(scalars) + (text.unicodeScalars.count > 80 ? "..." : "")
  }
}
