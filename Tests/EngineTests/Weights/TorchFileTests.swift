import Engine
import Foundation
import Testing

/// Files of torch.save, from `Fixtures/source-weights.py` and hostile ones made here.
@Suite struct TorchFileTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/torch").path

  private struct Tensor: Decodable {
    let shape: [Int]
    let values: [Float]
  }

  @Test(arguments: ["types.pth", "views.pth", "checkpoint.pth", "teacher.pth", "big-endian.pth"])
  func readsWhatTorchReads(_ file: String) throws {
    let all = FixtureFile.decode("torch-files.json", as: [String: [String: Tensor]].self)
    let expected = try #require(all[file])
    let (stored, format) = try SourceWeights.listing("\(Self.folder)/\(file)")
    #expect(format == .torch)
    #expect(Set(stored.map(\.name)) == Set(expected.keys))
    for tensor in stored {
      let wanted = try #require(expected[tensor.name])
      #expect(tensor.shape == wanted.shape, "\(tensor.name)")
      #expect(try tensor.values() == wanted.values, "\(tensor.name)")
    }
  }

  /// What a file's reading must say; empty where it is read.
  private func fault(of path: String) -> String {
    do {
      for tensor in try SourceWeights.listing(path).tensors { _ = try tensor.values() }
      return ""
    } catch let error as EngineError {
      guard case .data(let text) = error else { return "of another kind: \(error)" }
      return text
    } catch {
      return "unforeseen: \(error)"
    }
  }

  private func fault(of bytes: [UInt8], named name: String = "weights.pth") throws -> String {
    let folder = try ScratchFolder()
    let path = try folder.write(name, bytes)
    let fault = fault(of: path)
    #expect(fault.isEmpty || fault.hasPrefix(path), "\(fault)")
    return fault
  }

  @Test(arguments: [
    ("calls-system.pth", "asks for posix.system, which weights have no use for; save a model's `state_dict()` alone"),
    ("calls-eval.pth", "asks for __builtin__.eval, which"),
    ("whole-module.pth", "asks for torch.nn.modules.linear.Linear, which"),
    ("legacy.pth", "from before PyTorch 1.6, which is not read here; convert it once: python3 -c \"import torch as t;"),
    ("no-weights.pth", "holds no weights: neither tensors by name nor one of state_dict"),
    ("compressed.pth", "is compressed, which torch.save does not do; fetch it again"),
    ("script.pt", "holds a compiled model (TorchScript), not weights; save"),
  ])
  func refuses(_ file: String, _ words: String) {
    let fault = fault(of: "\(Self.folder)/\(file)")
    #expect(fault.hasPrefix(Self.folder) && fault.contains(words), "\(fault)")
  }

  /// The conversion that the message names makes a file that is read.
  @Test func whatStandsAtTheFrontDecides() throws {
    let views = try Data(contentsOf: URL(filePath: "\(Self.folder)/views.pth"))
    #expect(try fault(of: Array(views), named: "weights.safetensors").isEmpty)
    #expect(try fault(of: Array("<!DOCTYPE html>".utf8)).contains("neither safetensors nor torch.save's"))
    #expect(try fault(of: []).contains("is no weights file"))
    var tar = [UInt8](repeating: 0, count: 512)
    tar.replaceSubrange(257..<262, with: Array("ustar".utf8))
    #expect(try fault(of: tar).contains("from before PyTorch 1.6"))
    #expect(fault(of: "/nowhere/at/all.pth").contains("No such file"))
  }

  @Test func aFileCutOffAnywhereIsRefused() throws {
    let whole = Array(try Data(contentsOf: URL(filePath: "\(Self.folder)/views.pth")))
    for count in stride(from: 4, to: whole.count, by: 97) {
      let fault = try fault(of: Array(whole.prefix(count)))
      #expect(fault.contains("cut off after \(count) bytes; fetch it again"), "\(count): \(fault)")
    }
  }

  /// Any byte changed: an error or other numbers, never a crash.
  @Test func aFileWithAByteChangedDoesNoHarm() throws {
    let whole = Array(try Data(contentsOf: URL(filePath: "\(Self.folder)/checkpoint.pth")))
    let folder = try ScratchFolder()
    var refused = 0
    for place in stride(from: 0, to: whole.count, by: 3) {
      for value: UInt8 in [0, 0xff, whole[place] ^ 1] {
        var bytes = whole
        bytes[place] = value
        if !fault(of: try folder.write("weights.pth", bytes)).isEmpty { refused += 1 }
      }
    }
    #expect(refused > 100)
  }

  struct Hostile: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let bytes: [UInt8]
    let words: String

    /// A file of torch.save with a pickle in parts.
    static func pickle(_ name: String, _ words: String, _ parts: [UInt8]...) -> Hostile {
      Hostile(name, ZipBytes.torch(parts.flatMap { $0 }), words)
    }

    init(_ name: String, _ zip: ZipBytes, _ words: String) {
      testDescription = name
      bytes = zip.bytes
      self.words = words
    }
  }

  @Test func readsWhatTheTestsPutTogether() throws {
    let numbers: [Float] = [1, 2, 3, 4, 5, 6, 7, 8]
    var zip = ZipBytes.torch(
      PickleBytes.tensor(offset: 1, shape: [2, 2], strides: [1, 3]), storage: numbers.withUnsafeBytes { Array($0) })
    for isLarge in [false, true] {
      zip.isLarge = isLarge
      for index in zip.entries.indices { zip.entries[index].isLarge = isLarge }
      let folder = try ScratchFolder()
      let stored = try SourceWeights.listing(folder.write("weights.pth", zip.bytes)).tensors
      #expect(stored.map(\.shape) == [[2, 2]])
      #expect(try stored[0].values() == [2, 5, 3, 6])
    }
  }

  /// Pickles that once broke the reader, found by Tests/Fuzz.
  @Test func survivesWhatFuzzingFound() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Fuzz/found/pickle").path
    let names = try FileManager.default.contentsOfDirectory(atPath: root)
    #expect(!names.isEmpty)
    for name in names {
      let pickle = Array(try Data(contentsOf: URL(filePath: "\(root)/\(name)")))
      #expect(try !fault(of: ZipBytes.torch(pickle).bytes).isEmpty, "\(name)")
    }
  }

  /// Of an axis of one step, torch's stride can be any number.
  @Test func stridesOfOneStepDoNotMatter() throws {
    let numbers: [Float] = [1, 2, 3, 4, 5, 6, 7, 8]
    let zip = ZipBytes.torch(
      PickleBytes.tensor(shape: [2, 1], strides: [2, .max]), storage: numbers.withUnsafeBytes { Array($0) })
    let folder = try ScratchFolder()
    let stored = try SourceWeights.listing(folder.write("weights.pth", zip.bytes)).tensors
    #expect(try stored[0].values() == [1, 3])
  }

  private static let start: [UInt8] = [0x80, 2]
  private static let stop: [UInt8] = [0x2e]

  private static func global(_ module: String, _ name: String) -> [UInt8] { PickleBytes.global(module, name) }
  private static func text(_ text: String) -> [UInt8] { PickleBytes.text(text) }
  private static func many(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
    Array([[UInt8]](repeating: bytes, count: count).joined())
  }

  static let calls: [Hostile] = [
    .pickle(
      "a function called", "asks for os.system, which weights have no use for", start, global("os", "system"),
      PickleBytes.tuple([text("true")]), [0x52], stop),
    .pickle(
      "a name from the stack", "asks for subprocess.Popen", [0x80, 4], text("subprocess"), text("Popen"), [0x93], stop),
    .pickle(
      "an instance of protocol 0", "asks for webbrowser.open", start, [0x28], Array("iwebbrowser\nopen\n".utf8), stop),
    .pickle("an attribute of torch", "asks for torch.load", start, global("torch", "load"), stop),
    .pickle(
      "a pickle within", "asks for torch.storage._load_from_bytes", start, global("torch.storage", "_load_from_bytes"),
      stop),
    .pickle("a name of odd characters", "asks for os?[31m.x?", start, global("os\u{1b}[31m", "x\t"), stop),
    .pickle("a text that is called", "a call of what is no function", start, text("x"), [0x29, 0x52], stop),
    .pickle("an extension", "an instruction that torch.save does not write (0x82", start, [0x82, 1], stop),
    .pickle(
      "protocol 0", "an instruction that torch.save does not write (0x49 at byte 0)", Array("I1\n".utf8), stop),
    .pickle("protocol 9", "protocol 9", [0x80, 9, 0x4e], stop),
  ]

  static let programs: [Hostile] = [
    .pickle("an empty description", "ends before it is complete"),
    .pickle("an empty stack", "ends before it is complete", start, stop),
    .pickle("a mark that is not there", "ends before it is complete", start, [0x4e, 0x74], stop),
    .pickle("beneath a mark", "ends before it is complete", start, [0x4e, 0x28, 0x30, 0x30], stop),
    .pickle("a text of four gigabytes", "ends before it is complete", start, [0x58], many([0xff], 4), stop),
    .pickle("a text beyond all bounds", "ends before it is complete", [0x80, 4, 0x8d], many([0xff], 8), stop),
    .pickle("a number of two gigabytes", "ends before it is complete", start, [0x8b, 0xff, 0xff, 0xff, 0x7f], stop),
    .pickle("nothing remembered", "nothing is remembered as 9", start, [0x68, 9], stop),
    .pickle("items for a number", "items for what is no list", start, [0x4b, 1, 0x28, 0x4e, 0x65], stop),
    .pickle(
      "millions of values", "more values than any weights need", start, [0x28], many([0x4e], 2_100_000), [0x74], stop),
    .pickle(
      "millions of memories", "more values than any weights need", start, [0x4e], many([0x71, 1], 2_100_000), stop),
    .pickle("a million tuples in each other", "holds no weights", start, [0x29], many([0x85], 1_000_000), stop),
    .pickle(
      "a tuple of two to the power of 100000", "holds no weights", start, [0x29, 0x32], many([0x86, 0x32], 100_000),
      [0x86], stop),
    .pickle(
      "a dictionary within itself", "holds no weights", start, [0x7d, 0x71, 0], text("model"), [0x68, 0, 0x73], stop),
  ]

  static let tensors: [Hostile] = [
    .pickle("a storage that is not there", "an entry that is not there, data/../0", PickleBytes.tensor(key: "../0")),
    .pickle(
      "a storage of more", "a storage of 9 numbers, for which 32 bytes are there", PickleBytes.tensor(numbers: 9)),
    .pickle("a storage of everything", "for which 32 bytes are there", PickleBytes.tensor(numbers: 1 << 61)),
    .pickle("a tensor beyond its storage", "reaches beyond its storage of 8 numbers", PickleBytes.tensor(shape: [9])),
    .pickle("a tensor that starts beyond", "reaches beyond its storage", PickleBytes.tensor(offset: 7)),
    .pickle("a negative offset", "has the shape [2]", PickleBytes.tensor(offset: -1)),
    .pickle("negative strides", "with strides [-1]", PickleBytes.tensor(offset: 7, strides: [-1])),
    .pickle(
      "strides that overflow", "reaches beyond its storage", PickleBytes.tensor(shape: [4], strides: [1 << 62])),
    .pickle(
      "a shape that overflows", "has the shape", PickleBytes.tensor(shape: [1 << 40, 1 << 40], strides: [0, 0])),
    .pickle(
      "a view that repeats a number without end", "repeats its storage of 8 numbers too often",
      PickleBytes.tensor(shape: [1 << 40], strides: [0])),
    .pickle("a negative size", "has the shape [-1]", PickleBytes.tensor(shape: [-1])),
    .pickle("strides for another shape", "with strides [1, 1]", PickleBytes.tensor(strides: [1, 1])),
    .pickle(
      "a storage of complex numbers", "asks for torch.ComplexFloatStorage",
      PickleBytes.tensor(storage: "ComplexFloatStorage")),
  ]

  static let archives: [Hostile] = {
    let sound = ZipBytes.torch(PickleBytes.tensor())
    func changed(_ name: String, _ words: String, _ change: (inout ZipBytes) -> Void) -> Hostile {
      var zip = sound
      change(&zip)
      return Hostile(name, zip, words)
    }
    return [
      changed("an entry beyond the file", "claims 1000000 bytes, more than there are") {
        $0.entries[1].claimedSize = 1_000_000
      },
      changed("an entry of eight exabytes", "claims \(Int.max) bytes") {
        $0.entries[1].claimedSize = .max
        $0.entries[1].isLarge = true
      },
      changed("an entry of minus one byte", "its table of contents is damaged") {
        $0.entries[1].claimedSize = -1
        $0.entries[1].isLarge = true
      },
      changed("an entry that begins nowhere", "does not lie inside it") {
        $0.entries[1].claimedPlace = .max - 5
        $0.entries[1].isLarge = true
      },
      changed("an entry in the middle of another", "is not where the table of contents says") {
        $0.entries[1].claimedPlace = 7
      },
      changed("two entries in one place", "overlap") {
        $0.entries[1].claimedPlace = 0
        $0.entries[1].claimedSize = 8
      },
      changed("two entries of one name", "two entries 'archive/data.pkl'") { $0.entries[1].name = "archive/data.pkl" },
      changed("an encrypted entry", "is encrypted") { $0.entries[1].flags = 1 },
      changed("more entries than there are", "its table of contents is damaged") { $0.claimedCount = 60_000 },
      changed("more entries than anyone has", "does not lie inside it") {
        $0.claimedCount = .max
        $0.isLarge = true
      },
      changed("a table of four gigabytes", "does not lie inside it") { $0.claimedTableSize = 0xffff_fffe },
      changed("a table far away", "does not lie inside it") {
        $0.claimedTablePlace = .max
        $0.isLarge = true
      },
      changed("no description", "which has one data.pkl") { $0.entries[0].name = "archive/model.json" },
      changed("two descriptions", "which has one data.pkl") { $0.entries[1].name = "other/data.pkl" },
      changed("a tensor's bit turned", "the bytes of its entry 'archive/data/0' are not those that were saved") {
        $0.entries[1].claimedChecksum = ZipBytes.checksum($0.entries[1].content)
        $0.entries[1].content[5] ^= 1
      },
      changed("a description's checksum of nothing", "its entry 'archive/data.pkl' are not those that were saved") {
        $0.entries[0].claimedChecksum = 0
      },
      changed("an unknown byte order", "its byte order is 'middle'") {
        $0.entries.append(ZipBytes.Entry(name: "archive/byteorder", content: Array("middle".utf8)))
      },
    ]
  }()

  @Test(.timeLimit(.minutes(1)), arguments: [calls, programs, tensors, archives].flatMap { $0 }) func refuses(
    _ hostile: Hostile
  ) throws {
    let fault = try fault(of: hostile.bytes)
    #expect(fault.contains(hostile.words), "\(fault)")
  }

  /// Forty gigabytes of nothing, and forty that a sound header lays claim to: refused by what stands at the front.
  @Test(.timeLimit(.minutes(1))) func aFileOfFortyGigabytesCostsNoMoreThanItsFront() throws {
    let folder = try ScratchFolder()
    let size = 40 << 30
    let header = Array(#"{"vast":{"dtype":"F32","shape":[10737418240],"data_offsets":[0,42949672960]}}"#.utf8)
    let fronts: [(String, [UInt8], Int, String)] = [
      ("nothing.pth", [], size, "is no weights file"),
      ("nothing.safetensors", [], size, "its header claims 0 bytes"),
      ("zip.pth", [0x50, 0x4b, 3, 4], size, "cut off after \(size) bytes"),
      ("vast.safetensors", ZipBytes.number(header.count, 8) + header, size + 8 + header.count, "left over: vast"),
    ]
    let network = try Backbone.make(name: "resnet_micro", classes: 2)
    for (name, front, size, words) in fronts {
      let path = try folder.write(name, front)
      try #require(truncate(path, size) == 0, "\(String(cString: strerror(errno)))")
      let error = #expect(throws: EngineError.self) { try SourceWeights.read(path, for: network) }
      #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
  }
}
