/// Reads `datasets`.
struct DatasetsReader {
  let faults: FaultCollector
  let dataFolder: String

  /// The published data sets that are not declared, as they are where a study only names them.
  ///
  /// - Parameter names: Those declared.
  func undeclared(besides names: [String]) -> [DeclaredDataset] {
    PublishedDataset.allCases.filter { !names.contains($0.rawValue) }.compactMap { published in
      let empty = YAMLValue(content: .mapping([]), place: .file, text: "")
      return dataset(YAMLMember(name: published.rawValue, place: .file, value: empty))
    }
  }

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
    guard let format = format(of: member, members) else { return nil }
    let rest = members.filter { $0.name != "format" }
    guard
      var read = ShapeReader(faults: faults).members(
        rest, format.declarations, name: "the data set \(Fault.quoted(member.name))", at: member.value.place)
    else { return nil }
    read["format"] = .string(format.rawValue)
    if let published = format.published?.facts {
      read["task"] = .string(published.task.rawValue)
      read["metric"] = read["metric"] ?? .string(published.metric.rawValue)
      read["root"] = read["root"] ?? .string(published.folder)
    } else if format == .phantom, let domain = read["domain"]?.stringValue.flatMap(PhantomDomain.init) {
      read["task"] = .string(domain.task.rawValue)
      read["metric"] = read["metric"] ?? .string(domain.metric.rawValue)
      read["store"] = read["store"] ?? ["size": read["size"] ?? .null, "mode": "exact"]
    } else {
      if format == .hdf5 || format == .npz { Self.completeArrays(&read) }
      let namesSeveral = read["target"]?.arrayValue != nil || read["separator"] != nil
      read["task"] = read["task"] ?? (namesSeveral ? "multilabel" : "multiclass")
      read["metric"] = read["metric"] ?? (read["task"] == "multiclass" ? "accuracy" : "roc_auc")
    }
    guard let options = try? DatasetOptions(canonical: .object(read)) else { return nil }
    func place(_ name: String) -> Place { rest.first { $0.name == name }?.value.place ?? member.place }
    check(options, at: place)
    if case .csv(let table) = options.source { check(table, options.task, at: place) }
    checkPaths(rest)
    let root = read["root"]?.stringValue.map { Self.joined(dataFolder, $0) }
    return DeclaredDataset(name: member.name, options: options, root: root)
  }

  /// The format; where it is not given, the one that a published data set's name says.
  private func format(of member: YAMLMember, _ members: [YAMLMember]) -> DatasetFormat? {
    guard let given = members.first(where: { $0.name == "format" }) else {
      if let dataset = PublishedDataset(rawValue: member.name) { return .published(dataset) }
      faults.add(
        .missingName(what: "the data set \(Fault.quoted(member.name))", name: "format", example: "format: folder"),
        at: member.value.place)
      return nil
    }
    if let format = given.value.scalarText.flatMap(DatasetFormat.init) { return format }
    faults.add(
      .unknownName(what: "format", name: given.value.text, valid: DatasetFormat.allCases.map(\.rawValue)),
      at: given.value.place)
    return nil
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
    let metrics = Metric.applicable(to: options.task)
    if options.task == .multilabel, !metrics.contains(options.metric) {
      faults.add(
        .metricOfOtherTask(
          metric: options.metric.rawValue, task: options.task.rawValue, valid: metrics.map(\.rawValue)),
        at: place("metric"))
    } else if !metrics.contains(options.metric) {
      faults.add(.metricNeedsBinary(metric: options.metric.rawValue), at: place("metric"))
    }
    let classes: [String]? =
      switch options.source {
      case .folder(let folder): folder.classes
      case .csv(let table): table.classes
      case .arrays(let arrays): arrays.classes
      case .phantom, .published: nil
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
    switch options.split {
    case .random(let train, let val, let test, _, _, _)?, .patient(let train, let val, let test, _)?:
      guard abs(train + val + test - 1) > 1e-6 else { break }
      let sum = ((train + val + test) * 1e6).rounded() / 1e6
      faults.add(.splitNotWhole(sum: JSONValue.number(sum).canonicalText), at: place("split"))
    case .given?, .column?, .released?, nil: break
    }
  }

  /// What is derived of an array's names.
  private static func completeArrays(_ read: inout [String: JSONValue]) {
    read["labels"] = read["labels"] ?? read["images"]
    let isDivided = ["images", "image_array", "labels", "label_array"].contains {
      read[$0]?.stringValue?.contains("{split}") ?? false
    }
    let standard: PublishedSplit = isDivided ? .given : .random
    read["split"] = read["split"] ?? standard.standard
  }

  /// What a table's columns say and what the task asks for go together.
  private func check(_ table: TableSource, _ task: ClassificationTask, at place: (String) -> Place) {
    let isSingle = if case .column = table.target { true } else { false }
    if isSingle == (task == .multilabel) {
      faults.add(.targetOfOtherTask(task: task.rawValue, isSingle: isSingle), at: place("target"))
    }
    guard case .columns(let names) = table.target else { return }
    if table.classes != nil { faults.add(.classesBesideColumns, at: place("classes")) }
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      faults.add(.repeatedValue(name: "target", value: name), at: place("target"))
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

extension PublishedDataset {
  /// All of them, as a study has them that only names them.
  ///
  /// - Parameter dataFolder: Where their folders lie.
  public static func standard(dataFolder: String) -> [DeclaredDataset] {
    DatasetsReader(faults: FaultCollector(file: ""), dataFolder: dataFolder)
      .undeclared(besides: [])
  }
}
