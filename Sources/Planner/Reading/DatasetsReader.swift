/// Reads `datasets`.
struct DatasetsReader {
  let faults: FaultCollector
  let dataFolder: String

  /// The data sets without fault, and the names of all, so that one fault does not bring forth others.
  func read(_ member: YAMLMember?) -> (declared: [DeclaredDataset], names: [String]) {
    guard let member else { return ([], []) }
    guard let members = member.value.members else {
      if case .null = member.value.content { return ([], []) }
      faults.add(
        .wrongType(name: "datasets", expected: "a mapping", found: member.value.kindText), at: member.value.place)
      return ([], [])
    }
    return (members.compactMap(dataset), members.map(\.name))
  }

  private func dataset(_ member: YAMLMember) -> DeclaredDataset? {
    checkName(member)
    guard let members = member.value.members else {
      faults.add(
        .wrongType(name: member.name, expected: "a mapping", found: member.value.kindText), at: member.value.place)
      return nil
    }
    guard let formatMember = members.first(where: { $0.name == "format" }) else {
      faults.add(
        .missingName(what: "the data set \(Fault.quoted(member.name))", name: "format", example: "format: folder"),
        at: member.value.place)
      return nil
    }
    let formats = DatasetFormat.allCases.map(\.rawValue)
    guard let format = formatMember.value.scalarText.flatMap(DatasetFormat.init) else {
      faults.add(
        .unknownName(what: "format", name: formatMember.value.text, valid: formats), at: formatMember.value.place)
      return nil
    }
    let rest = members.filter { $0.name != "format" }
    guard
      var read = ShapeReader(faults: faults).members(
        rest, format.declarations, name: "the data set \(Fault.quoted(member.name))", at: member.value.place)
    else { return nil }
    read["format"] = .string(format.rawValue)
    if format == .phantom, let domain = read["domain"]?.stringValue.flatMap(PhantomDomain.init) {
      read["task"] = .string(domain.task.rawValue)
      read["metric"] = read["metric"] ?? .string(domain.metric.rawValue)
      read["store"] = read["store"] ?? ["size": read["size"] ?? .null, "mode": "exact"]
    } else if read["metric"] == nil {
      read["metric"] = read["task"] == "binary" ? "roc_auc" : "accuracy"
    }
    guard let options = try? DatasetOptions(canonical: .object(read)) else { return nil }
    func place(_ name: String) -> Place { rest.first { $0.name == name }?.value.place ?? member.place }
    check(options, at: place)
    checkPaths(rest)
    let root = read["root"]?.stringValue.map { Self.joined(dataFolder, $0) }
    return DeclaredDataset(name: member.name, options: options, root: root)
  }

  private func checkName(_ member: YAMLMember) {
    let letters = member.name.utf8
    let isName =
      letters.count <= 100 && letters.first.map { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "-") } ?? false
      && letters.allSatisfy {
        (48...57).contains($0) || ($0 | 32) > 96 && ($0 | 32) < 123 || "._-".utf8.contains($0)
      }
    if !isName {
      faults.add(
        .invalidName(
          what: "a data set", value: member.name,
          rule: "use letters, digits, `-`, `_` and `.`, at most 100, beginning with a letter or a digit"),
        at: member.place)
    }
  }

  private func check(_ options: DatasetOptions, at place: (String) -> Place) {
    if options.metric == .rocAUC, options.task != .binary {
      faults.add(.metricNeedsBinary(metric: options.metric.rawValue), at: place("metric"))
    }
    let classes: [String]?
    let split: SplitSpec?
    switch options.source {
    case .folder(let folder): (classes, split) = (folder.classes, folder.split)
    case .csv(let table): (classes, split) = (table.classes, table.split)
    case .phantom: (classes, split) = (nil, nil)
    }
    if let classes {
      if options.task == .binary, classes.count != 2 {
        faults.add(.classesOfBinary(count: classes.count), at: place("classes"))
      }
      var seen: Set<String> = []
      for name in classes where !seen.insert(name).inserted {
        faults.add(.repeatedValue(name: "classes", value: name), at: place("classes"))
      }
    }
    if case .random(let train, let val, let test, _, _, _) = split, abs(train + val + test - 1) > 1e-6 {
      let sum = ((train + val + test) * 1e6).rounded() / 1e6
      faults.add(.splitNotWhole(sum: JSONValue.number(sum).canonicalText), at: place("split"))
    }
  }

  /// Paths below a root stay below it.
  private func checkPaths(_ members: [YAMLMember]) {
    for member in members where ["labels", "images"].contains(member.name) {
      guard let path = member.value.scalarText else { continue }
      if path.hasPrefix("/") || path.split(separator: "/").contains("..") {
        faults.add(.invalidPath(name: member.name, value: path), at: member.value.place)
      }
    }
  }

  /// The second path as seen from where the first is seen from.
  static func joined(_ folder: String, _ path: String) -> String {
    if path.hasPrefix("/") || folder.isEmpty || folder == "." { return path }
    return folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
  }
}
