import Foundation

/// A study's text as values: its own file, with what it extends filled in behind it.
struct StudyDocument {
  /// Files from a study's own to the last that is extended.
  static let chainLimit = 10

  let faults: FaultCollector
  let environment: [String: String]
  let bases: BaseFiles

  /// A file on the way from the study to the one being read.
  private struct Link {
    let name: String
    let identity: String?
  }

  /// The values of the study; nil where a file is none, with its faults recorded.
  ///
  /// - Parameters:
  ///   - text: The study's own.
  ///   - overrides: As `StudyReader` has them.
  func read(_ text: String, fileName: String, overrides: [(name: String, value: String)]) -> YAMLValue? {
    var reading = YAMLText(environment: environment, faults: faults)
    guard let own = reading.document(Self.withoutMark(text)) else { return nil }
    // What is extended is settled before anything else is set.
    func extends(_ override: (name: String, value: String)) -> Bool { override.name == Inheritance.section }
    let start = Overrides.applied(overrides.filter(extends), to: own, faults: faults)
    guard
      let whole = inherited(start, folder: "", chain: [Link(name: fileName, identity: bases.ownIdentity)])
    else { return nil }
    let set = Overrides.applied(overrides.filter { !extends($0) }, to: whole, faults: faults)
    return Inheritance(faults: faults).withoutAppending(set)
  }

  /// The bytes of a file as text; nil where they are none, with the fault recorded.
  static func text(of data: Data, source: Int, faults: FaultCollector) -> String? {
    if data.count > YAMLText.sizeLimit {
      faults.add(.tooLarge(bytes: data.count, limit: YAMLText.sizeLimit), at: .wholeFile(source: source))
      return nil
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      let valid = String(decoding: data, as: UTF8.self).utf8
      let offset = zip(valid, data).prefix { $0 == $1 }.count
      faults.add(.notUTF8(byteOffset: offset), at: .wholeFile(source: source))
      return nil
    }
    return text
  }

  /// The text without a byte order mark at its start.
  private static func withoutMark(_ text: String) -> String {
    text.unicodeScalars.first == "\u{feff}" ? String(text.unicodeScalars.dropFirst()) : text
  }

  /// The document with what it extends behind it.
  ///
  /// - Parameters:
  ///   - folder: Its folder, as seen from the study's.
  ///   - chain: The files on the way to it, itself last.
  private func inherited(_ document: YAMLValue, folder: String, chain: [Link]) -> YAMLValue? {
    guard let members = document.members, let extends = members.first(where: { $0.name == Inheritance.section }) else {
      return document
    }
    let own = YAMLValue(
      content: .mapping(members.filter { $0.name != Inheritance.section }), place: document.place, text: "")
    if case .null = extends.value.content { return own }
    guard case .string = extends.value.content, !extends.value.text.isEmpty else {
      faults.add(
        .wrongType(name: Inheritance.section, expected: "the name of one study file", found: extends.value.kindText),
        at: extends.value.place)
      return nil
    }
    guard chain.count < Self.chainLimit else {
      faults.add(.extendsTooDeep(limit: Self.chainLimit - 1), at: extends.value.place)
      return nil
    }
    let path = DatasetsReader.joined(folder, extends.value.text)
    let file: BaseFiles.File
    do {
      file = try bases.read(path)
    } catch {
      faults.add(.cannotExtend(file: extends.value.text, reason: error.reason), at: extends.value.place)
      return nil
    }
    if let start = chain.firstIndex(where: { $0.identity == file.identity }) {
      faults.add(.extendsInACircle(chain[start...].map(\.name) + [chain[start].name]), at: extends.value.place)
      return nil
    }
    guard let base = self.base(file, folder: Self.folder(of: path), chain: chain) else { return nil }
    return Inheritance(faults: faults).merged(own, over: base)
  }

  private func base(_ file: BaseFiles.File, folder: String, chain: [Link]) -> YAMLValue? {
    let shown = String(decoding: file.data.prefix(YAMLText.sizeLimit), as: UTF8.self)
    let source = faults.addSource(file: file.name, text: shown)
    guard let text = Self.text(of: file.data, source: source, faults: faults) else { return nil }
    var reading = YAMLText(environment: environment, faults: faults, source: source)
    guard let document = reading.document(Self.withoutMark(text)) else { return nil }
    guard document.members != nil else {
      faults.add(
        .wrongType(name: file.name, expected: "a mapping", found: document.kindText), at: document.place)
      return nil
    }
    return inherited(
      Inheritance.moved(document, to: folder), folder: folder,
      chain: chain + [Link(name: file.name, identity: file.identity)])
  }

  /// What stands before the last `/` of a path; empty where there is none.
  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
