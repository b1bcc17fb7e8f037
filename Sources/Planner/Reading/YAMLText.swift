import Yams

/// Reads YAML text into values with places, within bounds: a study is untrusted input.
struct YAMLText {
  /// Bytes of a study's text.
  static let sizeLimit = 1 << 20
  /// Levels of lists and mappings.
  static let depthLimit = 32
  /// Values in all, aliases written out.
  static let valueLimit = 500_000
  static let aliasLimit = 1_000
  /// The one tag that is allowed: it says what quotes say.
  private static let textTag = "tag:yaml.org,2002:str"

  let environment: [String: String]
  let faults: FaultCollector
  /// The number of the file among those that a study consists of.
  let source: Int
  /// Set while an override's value is read: all of its values lie at that place.
  var fixedPlace: Place?
  private var count = 0

  init(environment: [String: String], faults: FaultCollector, source: Int = 0, fixedPlace: Place? = nil) {
    self.environment = environment
    self.faults = faults
    self.source = source
    self.fixedPlace = fixedPlace
  }

  /// The text's one document; nil where it is no YAML, with the fault recorded.
  mutating func document(_ text: String) -> YAMLValue? {
    guard aliasesAreBounded(text) else { return nil }
    do {
      let parser = try Parser(yaml: text, encoding: .utf8)
      guard let node = try parser.singleRoot() else {
        faults.add(.empty, at: wholePlace)
        return nil
      }
      return value(node, depth: 0)
    } catch let error as YamlError {
      record(error, in: text)
    } catch {
      faults.add(.syntax(problem: "it could not be read", hint: nil), at: wholePlace)
    }
    return nil
  }

  /// The reader shares what aliases name, so they cost nothing until a key that is itself a collection is compared:
  /// such keys together with many aliases are refused before the text is parsed at all.
  private func aliasesAreBounded(_ text: String) -> Bool {
    var aliases = 0
    var hasStructuredKey = false
    var previous = UInt8(ascii: "\n")
    var lastSolid = UInt8(ascii: "\n")
    var inAlias = false
    for byte in text.utf8 {
      let isBlank = byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
      let followsGap = previous == 0x20 || previous == 0x09 || previous == 0x0a || previous == 0x0d
      if byte == UInt8(ascii: "*"), followsGap || "[{,:".utf8.contains(previous) {
        aliases += 1
        inAlias = true
      } else if byte == UInt8(ascii: ":") {
        if inAlias || lastSolid == UInt8(ascii: "]") || lastSolid == UInt8(ascii: "}") { hasStructuredKey = true }
      } else if previous == UInt8(ascii: "?"), isBlank {
        hasStructuredKey = true
      }
      if inAlias, followsGap, !isBlank, byte != UInt8(ascii: ":"), byte != UInt8(ascii: "*") { inAlias = false }
      if ",]}\n".utf8.contains(byte) { inAlias = false }
      if !isBlank { lastSolid = byte }
      previous = byte
    }
    if aliases > Self.aliasLimit {
      faults.add(.tooManyAliases(limit: Self.aliasLimit), at: wholePlace)
      return false
    }
    if aliases > 10, hasStructuredKey {
      faults.add(.structuredKey, at: wholePlace)
      return false
    }
    return true
  }

  /// The node as a value; nil where a bound was passed or a key is no word, with the fault recorded.
  private mutating func value(_ node: Node, depth: Int) -> YAMLValue? {
    let place = place(node.mark)
    count += 1
    if count > Self.valueLimit {
      if count == Self.valueLimit + 1 { faults.add(.tooManyValues(limit: Self.valueLimit), at: wholePlace) }
      return nil
    }
    if depth > Self.depthLimit {
      faults.add(.tooDeep(limit: Self.depthLimit), at: place)
      return nil
    }
    switch node {
    case .scalar(let scalar): return self.scalar(scalar, place: place)
    case .sequence(let sequence):
      checkTag(sequence.tag.description, at: place)
      var values: [YAMLValue] = []
      for element in sequence {
        if let value = value(element, depth: depth + 1) { values.append(value) }
        if count > Self.valueLimit { return nil }
      }
      return YAMLValue(content: .list(values), place: place, text: "")
    case .mapping(let mapping):
      checkTag(mapping.tag.description, at: place)
      var members: [YAMLMember] = []
      for (keyNode, valueNode) in mapping {
        guard case .scalar(let key) = keyNode else {
          faults.add(.structuredKey, at: self.place(keyNode.mark))
          continue
        }
        if let value = value(valueNode, depth: depth + 1) {
          members.append(YAMLMember(name: key.string, place: self.place(key.mark), value: value))
        }
        if count > Self.valueLimit { return nil }
      }
      return YAMLValue(content: .mapping(members), place: place, text: "")
    case .alias:
      faults.add(.structuredKey, at: place)
      return nil
    }
  }

  private func scalar(_ scalar: Node.Scalar, place: Place) -> YAMLValue? {
    checkTag(scalar.tag.description, at: place)
    guard let text = substituted(scalar.string, at: place) else { return nil }
    let isPlain = (scalar.style == .plain || scalar.style == .any) && scalar.tag.description != Self.textTag
    return YAMLValue(content: isPlain ? YAMLValue.resolved(plain: text) : .string, place: place, text: text)
  }

  private func checkTag(_ tag: String, at place: Place) {
    if !tag.isEmpty, tag != Self.textTag { faults.add(.tag(tag), at: place) }
  }

  private var wholePlace: Place { fixedPlace ?? .wholeFile(source: source) }

  private func place(_ mark: Mark?) -> Place {
    fixedPlace ?? mark.map { .text(line: $0.line, column: $0.column, source: source) } ?? wholePlace
  }

  /// The text with `${NAME}`, `${NAME:-DEFAULT}` and `$$` replaced; nil where that fails, with the fault recorded.
  func substituted(_ text: String, at place: Place) -> String? {
    guard text.contains("$") else { return text }
    var result = ""
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      if rest.first == "$" {
        result += "$"
        rest = rest.dropFirst()
        continue
      }
      guard rest.first == "{", let end = rest.firstIndex(of: "}") else {
        faults.add(.brokenSubstitution(text), at: place)
        return nil
      }
      let inner = rest[rest.index(after: rest.startIndex)..<end]
      rest = rest[rest.index(after: end)...]
      let parts = inner.split(separator: ":-", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      // A default that is a substitution itself would end at the first brace.
      if parts.count == 2, parts[1].contains("${") {
        faults.add(.nestedSubstitution(text), at: place)
        return nil
      }
      let isName =
        name.utf8.first.map { !(48...57).contains($0) } ?? false
        && name.utf8.allSatisfy { ($0 | 32) > 96 && ($0 | 32) < 123 || (48...57).contains($0) || $0 == 95 }
      guard isName else {
        faults.add(.brokenSubstitution("${\(inner)}"), at: place)
        return nil
      }
      if let value = environment[name], !value.isEmpty || parts.count == 1 {
        result += value
      } else if parts.count == 2 {
        result += parts[1]
      } else {
        faults.add(.undefinedVariable(name), at: place)
        return nil
      }
    }
    return result + rest
  }

  private func record(_ error: YamlError, in text: String) {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      if problem.contains("nesting level") {
        faults.add(.tooDeep(limit: Self.depthLimit), at: place(mark))
        return
      }
      let line = SourceLines(text)[mark.line] ?? ""
      let hint: SyntaxHint? =
        line.contains("${")
        ? .substitutionNeedsQuotes : line.drop { $0 == " " }.first == "\t" ? .tab : nil
      let whole = context.map { "\($0.text.trimmedEnd), \(problem)" } ?? problem
      faults.add(.syntax(problem: whole, hint: hint), at: place(mark))
    case .duplicatedKeysInMapping(let names, let context):
      for name in names { faults.add(.duplicateKey(name), at: place(context.mark)) }
    case .reader(let problem, let offset, _, _):
      var line = 1
      var column = 1
      // The offset counts bytes.
      for character in String(decoding: text.utf8.prefix(offset ?? 0), as: UTF8.self) {
        if character.isNewline { (line, column) = (line + 1, 1) } else { column += character.unicodeScalars.count }
      }
      faults.add(
        .syntax(problem: problem, hint: nil), at: fixedPlace ?? .text(line: line, column: column, source: source))
    default:
      faults.add(.syntax(problem: "it could not be read", hint: nil), at: wholePlace)
    }
  }
}

extension String {
  fileprivate var trimmedEnd: String {
    var text = self
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}
