/// How a cell's network is made and begun where that departs from its backbone's own way. An option that does not depart
/// is left out of the parameters, so that it is no part of a key.
public struct BackboneOptions: Sendable, Hashable {
  /// Pixels a side of a transformer's patches; nil: the backbone's own.
  public var patchSize: Int?
  /// The chance that a block's branches are left out in training, at the last block; nil: the backbone's own.
  public var dropPath: Double?
  public var positional: PositionalStatistics

  static let patchSizeName = "patch_size"
  static let dropPathName = "drop_path"
  static let positionalName = "st.positional"

  static let declarations = [
    OptionDeclaration(
      patchSizeName, .choice(["8", "16", "32"]), .derived("the backbone's own"),
      "Height and width of a DeiT's patches, in pixels."),
    OptionDeclaration(
      dropPathName, .number(.from(0, to: 0.9)), .derived("0.2 for a Swin, else 0"),
      "How often a transformer's last block is left out in training; blocks before it in proportion to their place."),
    OptionDeclaration(
      positionalName, .choice(PositionalStatistics.allCases.map(\.rawValue)), .value("kept"),
      "What statistics transfer does to class tokens, position embeddings and tables of position biases: kept from the "
        + "source, as in the study's released code, or sampled as linear weights are."),
  ]
}

/// What statistics transfer does to tensors that belong to places in the image.
public enum PositionalStatistics: String, Sendable, Hashable, CaseIterable {
  /// They stay the source's.
  case kept
  /// They are drawn by their own mean and standard deviation.
  case sampled
}

extension BackboneOptions {
  /// Decodes members of canonical training options.
  init(_ fields: ParameterFields) throws(ParameterFault) {
    patchSize = fields.optional(Self.patchSizeName) == nil ? nil : try fields.integer(Self.patchSizeName)
    dropPath = fields.optional(Self.dropPathName) == nil ? nil : try fields.number(Self.dropPathName)
    positional = fields.optional("st") == nil ? .kept : try fields.object("st").choice("positional")
  }

  /// The members that depart from the backbone's own way.
  var canonicalMembers: [String: JSONValue] {
    var members: [String: JSONValue] = [:]
    if let patchSize { members[Self.patchSizeName] = .integer(patchSize) }
    if let dropPath { members[Self.dropPathName] = .number(dropPath) }
    if positional != .kept { members["st"] = ["positional": .string(positional.rawValue)] }
    return members
  }

  /// Whether a backbone has what an option of this name sets.
  static func hasMeaning(_ name: String, on backbone: Backbone) -> Bool {
    switch name {
    case patchSizeName: backbone.family.hasPatchSizes
    case dropPathName: backbone.family.hasDroppedPaths
    default: true
    }
  }

  /// Whether canonical options leave out an option of this name at this value: nil and the backbone's own.
  static func leavesOut(_ name: String, _ value: JSONValue?, on backbone: Backbone) -> Bool {
    switch name {
    case patchSizeName: value == nil || backbone.family.hasPatchSizes && value == .integer(backbone.sizeMultiple)
    case dropPathName: value == nil || value == .number(backbone.dropPath)
    case positionalName: value == nil || value == .string(PositionalStatistics.kept.rawValue)
    default: false
    }
  }

  /// Canonical training options without what an initialisation on a backbone does not look at; nil where that is nothing.
  static func trimmed(_ canonical: JSONValue, for initialisation: InitialisationSpec, on backbone: Backbone)
    -> JSONValue?
  {
    guard !looksAtPositions(initialisation, backbone), case .object(var members) = canonical, members["st"] != nil
    else { return nil }
    members["st"] = nil
    return .object(members)
  }

  /// Whether `st.positional` can change the weights that a network begins with. A DeiT's positional tensors belong to its
  /// first module, which every mixture takes from the source; a Swin's tables belong to their blocks.
  private static func looksAtPositions(_ initialisation: InitialisationSpec, _ backbone: Backbone) -> Bool {
    switch initialisation {
    case .random, .weights: false
    case .statistics: backbone.family == .deit || backbone.family == .swin
    case .mixture: backbone.family == .swin
    }
  }
}

extension TrainingCheck {
  /// Records what is asked of a backbone that does not have it.
  func check(
    _ options: BackboneOptions, of changes: [String: OptionChange], on backbone: Backbone, otherwiseAt place: Place
  ) {
    var asked: [String] = []
    if options.patchSize != nil { asked.append(BackboneOptions.patchSizeName) }
    if let dropPath = options.dropPath, dropPath > 0 { asked.append(BackboneOptions.dropPathName) }
    for name in asked where !BackboneOptions.hasMeaning(name, on: backbone) {
      let having = BackboneCatalogue.all.filter { BackboneOptions.hasMeaning(name, on: $0) }.map(\.name)
      faults.add(
        .optionWithoutMeaning(option: name, backbone: backbone.name, having: having),
        at: changes[name]?.place ?? place)
    }
  }
}
