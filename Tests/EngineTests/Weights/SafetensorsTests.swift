import Engine
import Files
import Foundation
import Testing

@Suite struct SafetensorsTests {
  /// A file of a header and so many data bytes.
  private func file(_ header: String, data: [UInt8], length: UInt64? = nil) -> Data {
    var bytes = Data()
    withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: header.utf8)
    bytes.append(contentsOf: data)
    return bytes
  }

  private func read(_ bytes: Data) throws -> Safetensors.Content {
    try withTemporaryFolder { folder in
      let path = "\(folder)/weights.safetensors"
      try bytes.write(to: URL(filePath: path))
      return try Safetensors.read(path)
    }
  }

  @Test func keepsWhatItWritesAndWritesTheSameBytes() throws {
    var state = StateDict()
    try state.append("b.weight", shape: [2, 3], values: [1, -2.5, .infinity, 0, 0x1p-140, -0])
    try state.append("a \"quoted\"\n", shape: [], values: [7])
    try state.append("empty", shape: [0, 4], values: [])
    try withTemporaryFolder { folder in
      for name in ["one", "two"] {
        try Safetensors.write(state, metadata: ["z": "1", "a": "x\\y"], to: "\(folder)/\(name)")
      }
      let bytes = try ["one", "two"].map { try Data(contentsOf: URL(filePath: "\(folder)/\($0)")) }
      #expect(bytes[0] == bytes[1])
      let content = try Safetensors.read("\(folder)/one")
      #expect(content.metadata == ["z": "1", "a": "x\\y"])
      #expect(Set(content.tensors.entries) == Set(state.entries))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["one", "two"])
    }
  }

  @Test func readsHalfPrecisionAndIntegers() throws {
    let half: [UInt8] = [0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0x00, 0x7c]
    let header =
      #"{"h":{"dtype":"F16","shape":[4],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[8,10]},"#
      + #""i":{"dtype":"I64","shape":[],"data_offsets":[10,18]}}"#
    let content = try read(file(header, data: half + [0x80, 0x3f] + [5, 0, 0, 0, 0, 0, 0, 0]))
    #expect(content.tensors["h"]?.values == [1, -2, 0x1p-24, .infinity])
    #expect(content.tensors["b"]?.values == [1])
    #expect(content.tensors["i"]?.values == [5])
  }

  struct Hostile: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let header: String
    var data = 8
    var length: UInt64?
  }

  static let hostile = [
    Hostile(testDescription: "a header longer than the file", header: "{}", data: 0, length: 1 << 20),
    Hostile(testDescription: "a header longer than memory", header: "{}", data: 0, length: .max),
    Hostile(testDescription: "no header", header: "", data: 0),
    Hostile(testDescription: "not JSON", header: "{\"a\":", data: 0),
    Hostile(testDescription: "an array", header: "[1]", data: 0),
    Hostile(testDescription: "an unknown type", header: #"{"a":{"dtype":"F8","shape":[8],"data_offsets":[0,8]}}"#),
    Hostile(testDescription: "places outside", header: #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#),
    Hostile(testDescription: "places reversed", header: #"{"a":{"dtype":"F32","shape":[0],"data_offsets":[8,0]}}"#),
    Hostile(testDescription: "negative places", header: #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#),
    Hostile(testDescription: "one place", header: #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8]}}"#),
    Hostile(testDescription: "a size of its own", header: #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#),
    Hostile(testDescription: "a negative size", header: #"{"a":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}"#),
    Hostile(
      testDescription: "sizes that overflow",
      header: #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, data: 0),
    Hostile(
      testDescription: "an overlap",
      header:
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#),
    Hostile(testDescription: "a gap", header: #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#),
    Hostile(testDescription: "bytes of no tensor", header: #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#),
    Hostile(testDescription: "texts as a tensor", header: #"{"a":{"dtype":"F32"}}"#, data: 0),
  ]

  @Test(arguments: hostile) func refuses(_ hostile: Hostile) {
    #expect {
      try read(file(hostile.header, data: [UInt8](repeating: 0, count: hostile.data), length: hostile.length))
    } throws: { error in
      guard case .data(let message)? = error as? EngineError else { return false }
      return message.contains("weights.safetensors") && message.contains("Fetch or convert")
    }
  }

  @Test func refusesAFileThatIsMissingOrShort() throws {
    #expect(throws: EngineError.self) { try Safetensors.read("/nowhere/at/all.safetensors") }
    #expect(throws: EngineError.self) { try read(Data([1, 2, 3])) }
    #expect(throws: FileFault.self) { try Safetensors.write(StateDict(), to: "/nowhere/at/all.safetensors") }
  }
}
