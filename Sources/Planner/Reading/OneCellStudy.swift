/// A study of one cell, written from what a command line says: one model is a run of one cell, by the same means.
public struct OneCellStudy: Sendable {
  /// The study's name.
  public var name: String
  /// The data set by its name, declared by the base or here.
  public var dataset: String
  /// The declaration where the base has none of that name.
  public var declared: OwnDataset?
  /// The folder that data sets lie in; nil: as the base says.
  public var data: String?
  public var backbone: String
  public var initialisation: String
  public var fraction: String
  public var seed: String
  /// The file of the source weights; nil: as the base says.
  public var weights: String?
  /// Values by dotted name, as `--set` gives them.
  public var overrides: [(name: String, value: String)] = []

  /// A data set of one's own.
  public struct OwnDataset: Sendable {
    public var format: String
    /// The folder; nil for images that Graft makes itself.
    public var root: String?

    public init(format: String, root: String?) {
      self.format = format
      self.root = root
    }
  }

  public init(
    name: String, dataset: String, backbone: String, initialisation: String, fraction: String, seed: String
  ) {
    self.name = name
    self.dataset = dataset
    self.backbone = backbone
    self.initialisation = initialisation
    self.fraction = fraction
    self.seed = seed
  }

  /// The study's text; ends in a line break.
  ///
  /// - Parameters:
  ///   - base: The text of a study without fault, whose data sets, weights, training options, rules for such a cell and
  ///     resources are taken over; nil for none.
  ///   - environment: Where the base's `${NAME}` is looked up.
  ///   - bases: Where the files that the base extends come from.
  /// - Throws: The faults of the overrides; what else is wrong shows when the text is read.
  public func text(
    base: String?, environment: [String: String] = [:], bases: BaseFiles = .none
  ) throws(StudyFaults) -> String {
    let faults = FaultCollector(file: "")
    var taken: [YAMLMember] = []
    if let base {
      taken =
        StudyDocument(faults: faults, environment: environment, bases: bases)
        .read(base, fileName: "", overrides: [])?.members ?? []
    }
    func section(_ name: String) -> YAMLMember? { taken.first { $0.name == name } }

    var members = [Self.member("study", Self.scalar(name))]
    if let data {
      members.append(Self.member("data", Self.text(data)))
    } else if let data = section("data") {
      members.append(data)
    }
    members.append(
      Self.member(
        "axes",
        Self.mapping([
          Self.member(Axis.dataset, Self.list([Self.text(dataset)])),
          Self.member(Axis.backbone, Self.list([Self.text(backbone)])),
          Self.member(Axis.fraction, Self.list([Self.scalar(fraction)])),
          Self.member(Axis.initialisation, Self.list([Self.text(initialisation)])),
        ])))
    members.append(Self.member("seeds", Self.list([Self.scalar(seed)])))
    if let training = section("training") { members.append(training) }
    // What rules set is the cell's alone: among `training` it would be a pretraining's too.
    let changes = changesByRules(section("rules"), datasets: section("datasets"))
    if !changes.isEmpty {
      let condition = Self.mapping([Self.member(Axis.dataset, Self.text(dataset))])
      let rule = [Self.member("when", condition), Self.member("set", Self.mapping(changes))]
      members.append(Self.member("rules", Self.list([Self.mapping(rule)])))
    }
    var datasets = section("datasets")?.value.members ?? []
    if let declared {
      var options = [Self.member("format", Self.text(declared.format))]
      if let root = declared.root { options.append(Self.member("root", Self.text(root))) }
      datasets = datasets.filter { $0.name != dataset } + [Self.member(dataset, Self.mapping(options))]
    }
    if !datasets.isEmpty { members.append(Self.member("datasets", Self.mapping(datasets))) }
    var sources = section("weights")?.value.members ?? []
    if let weights {
      let source = Self.mapping([Self.member("file", Self.text(weights))])
      sources = sources.filter { $0.name != backbone } + [Self.member(backbone, source)]
    }
    if !sources.isEmpty { members.append(Self.member("weights", Self.mapping(sources))) }
    if let resources = section("resources") { members.append(resources) }
    if let slurm = section("slurm") { members.append(slurm) }

    let document = Overrides.applied(overrides, to: Self.mapping(members), faults: faults)
    guard faults.isEmpty else { throw faults.faults() }
    return YAMLWriter.text(of: document.members ?? [])
  }

  /// What the rules of the base set for the cell, by dotted names, but for what an override gives.
  private func changesByRules(_ rules: YAMLMember?, datasets: YAMLMember?) -> [YAMLMember] {
    var changes: [YAMLMember] = []
    for (name, value) in rulesThatHold(rules, datasets: datasets) {
      let isOverridden = overrides.contains { override in
        override.name == name || name.hasPrefix(override.name + ".") || override.name.hasPrefix(name + ".")
      }
      if isOverridden { continue }
      changes.removeAll { $0.name == name }
      changes.append(Self.member(name, value))
    }
    return changes
  }

  /// What the rules of the base that hold for the cell set, by dotted names, in order.
  private func rulesThatHold(_ rules: YAMLMember?, datasets: YAMLMember?) -> [(name: String, value: YAMLValue)] {
    guard let backbone = BackboneCatalogue.named(backbone),
      let initialisation = InitialisationSpec(initialisation)?.resolved(on: backbone)
    else { return [] }
    // Without blocks, an axis that the cell does not have makes a condition unreadable: it cannot hold.
    let names = (datasets?.value.members?.map(\.name) ?? []) + PublishedDataset.allCases.map(\.rawValue)
    let reader = ConditionReader(
      faults: FaultCollector(file: ""), datasetNames: DatasetNames(names), furtherAxes: nil)
    func number(_ text: String) -> AxisEntry {
      AxisEntry(text: text, value: Double(text).map { .number($0) } ?? .string(text), place: .file)
    }
    return (rules?.value.list ?? []).flatMap { rule -> [(name: String, value: YAMLValue)] in
      guard let when = rule.members?.first(where: { $0.name == "when" }),
        let set = rule.members?.first(where: { $0.name == "set" }),
        let condition = reader.condition(when.value, name: "when")
      else { return [] }
      let holds = condition.terms.allSatisfy { axis, matcher in
        switch axis {
        case Axis.dataset: matcher.matches(AxisEntry(text: dataset, value: .string(dataset), place: .file))
        case Axis.backbone: matcher.matches(AxisEntry(text: backbone.name, value: .string(backbone.name), place: .file))
        case Axis.initialisation: matcher.matches(initialisation, on: backbone)
        case Axis.fraction: matcher.matches(number(fraction))
        case Axis.seed: matcher.matches(number(seed))
        default: false
        }
      }
      return holds ? Self.options(set.value, below: "") : []
    }
  }

  /// The training options in a mapping, nested or by dotted names, each with its whole name.
  private static func options(_ value: YAMLValue, below prefix: String) -> [(name: String, value: YAMLValue)] {
    (value.members ?? []).flatMap { member -> [(name: String, value: YAMLValue)] in
      let name = prefix + member.name
      let option = name.hasPrefix(Axis.trainingPrefix) ? String(name.dropFirst(Axis.trainingPrefix.count)) : ""
      if TrainingOption.named(option) != nil { return [(name, member.value)] }
      return options(member.value, below: name + ".")
    }
  }

  private static func member(_ name: String, _ value: YAMLValue) -> YAMLMember {
    YAMLMember(name: name, place: .file, value: value)
  }

  private static func mapping(_ members: [YAMLMember]) -> YAMLValue {
    YAMLValue(content: .mapping(members), place: .file, text: "")
  }

  private static func list(_ values: [YAMLValue]) -> YAMLValue {
    YAMLValue(content: .list(values), place: .file, text: "")
  }

  /// A text, whatever it looks like.
  private static func text(_ text: String) -> YAMLValue { YAMLValue(content: .string, place: .file, text: text) }

  /// What a bare scalar stands for.
  private static func scalar(_ text: String) -> YAMLValue {
    YAMLValue(content: YAMLValue.resolved(plain: text), place: .file, text: text)
  }
}
