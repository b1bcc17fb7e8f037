import Hashing

/// Makes keys: writes what a stage is as canonical text into one buffer, over and over, and digests it.
///
/// The text is the canonical JSON object of `inputs` (by role, ascending), `kind`, `parameters` and `version`.
struct KeyWriter {
  private var text: [UInt8] = []
  private let hash = SHA256()

  init() { text.reserveCapacity(4096) }

  /// - Parameter inputs: By their roles, ascending.
  mutating func begin(inputs: [(role: StaticString, key: StageKey)]) {
    begin()
    for input in inputs { add(input: input.key, role: { $0.append(input.role) }) }
  }

  /// - Parameter inputs: By their roles, ascending.
  mutating func begin(inputs: [StageInput]) {
    begin()
    for input in inputs { add(input: input.key, role: { $0.append(input.role) }) }
  }

  private mutating func begin() {
    text.removeAll(keepingCapacity: true)
    append("{\"inputs\":[")
  }

  private mutating func add(input key: StageKey, role: (inout KeyWriter) -> Void) {
    append(text.last == UInt8(ascii: "[") ? "{\"key\":\"" : ",{\"key\":\"")
    key.withBytes { HexText.append($0, to: &text) }
    append("\",\"role\":\"")
    role(&self)
    append("\"}")
  }

  /// After the inputs; then come the parameters.
  mutating func append(kind: StageKind) {
    append("],\"kind\":\"")
    append(kind.rawValue)
    append("\",\"parameters\":")
  }

  mutating func append(_ bytes: [UInt8]) { text.append(contentsOf: bytes) }
  mutating func append(_ string: String) { text.append(contentsOf: string.utf8) }

  mutating func append(_ string: StaticString) {
    text.append(contentsOf: UnsafeBufferPointer(start: string.utf8Start, count: string.utf8CodeUnitCount))
  }

  /// After the parameters.
  mutating func finish(version: Int) -> StageKey {
    append(",\"version\":")
    append(String(version))
    append("}")
    return withUnsafeTemporaryAllocation(byteCount: StageKey.byteCount, alignment: 8) { digest in
      text.withUnsafeBytes { hash.digest(of: $0, into: digest) }
      guard let key = StageKey(bytes: UnsafeRawBufferPointer(digest)) else {
        preconditionFailure("a digest of another length")
      }
      return key
    }
  }
}

extension StageKey {
  /// The key of a stage that is this.
  ///
  /// - Parameters:
  ///   - kind: The stage's.
  ///   - parameters: With every default filled in.
  ///   - inputs: What it reads.
  ///   - version: The kind's; nil for that of this code.
  public init(kind: StageKind, parameters: JSONValue, inputs: [StageInput], version: Int? = nil) {
    var writer = KeyWriter()
    writer.begin(inputs: inputs.sorted { $0.role < $1.role })
    writer.append(kind: kind)
    writer.append(parameters.canonicalText)
    self = writer.finish(version: version ?? kind.version)
  }
}

extension Stage {
  /// A stage whose key follows from what it is.
  init(
    kind: StageKind, version: Int, parameters: JSONValue, inputs: [StageInput] = [],
    locations: [String: String] = [:], manner: JSONValue = [:], label: String
  ) {
    let inputs = inputs.sorted { $0.role < $1.role }
    self.init(
      key: StageKey(kind: kind, parameters: parameters, inputs: inputs, version: version), kind: kind,
      version: version, parameters: parameters, inputs: inputs, locations: locations, manner: manner, label: label)
  }
}
