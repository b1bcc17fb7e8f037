/// Every option of a study file in one list, from the declarations that reading uses.
public struct OptionListing: Sendable {
  /// One option, in words.
  public struct Entry: Sendable, Hashable {
    /// Where it stands: `study`, `training`, `dataset csv`, `transform resize`.
    public let section: String
    public let name: String
    public let type: String
    public let standard: String
    public let meaning: String
  }

  public let entries: [Entry]

  public init() {
    var entries = StudySections.declared.map {
      Entry(section: "study", name: $0.name, type: $0.type, standard: $0.standard, meaning: $0.meaning)
    }
    entries += TrainingOption.all.map { Self.entry($0.declaration, "training", takers: $0.takers) }
    for variant in [
      ScheduleSpec.shape, EarlyStopSpec.shape, RateSearchSpec.shape, TransformSpec.shape, NormaliseSpec.shape,
      AnalysisSpec.shape,
    ] {
      for form in variant.forms {
        entries.append(
          Entry(
            section: variant.noun, name: form.name, type: form.members.isEmpty ? "no arguments" : "arguments below",
            standard: "", meaning: form.meaning))
        entries += form.members.map { Self.entry($0, "\(variant.noun) \(form.name)") }
      }
    }
    entries += ReportReader.options.map { Self.entry($0, "report") }
    entries += ResourcesReader.options.map { Self.entry($0, "resources") }
    entries += SlurmProfile.declarations.map { Self.entry($0, "slurm") }
    for format in DatasetFormat.allCases {
      for declaration in format.declarations {
        entries.append(Self.entry(declaration, "dataset \(format.rawValue)"))
      }
    }
    for backbone in BackboneCatalogue.all {
      var standard = "image_size \(backbone.imageSize), WT-ST-n to n = \(backbone.deepest)"
      if backbone.dropPath > 0 { standard += ", drop_path \(backbone.dropPath)" }
      entries.append(
        Entry(
          section: "backbone", name: backbone.name, type: backbone.family.rawValue, standard: standard,
          meaning: "\(backbone.meaning) \(Self.grouped(backbone.parameters)) parameters for 1,000 classes."))
    }
    for (name, meaning) in [
      ("RI", "Random, as the backbone's library draws."),
      ("ST", "Statistics transfer: every linear and convolution tensor drawn by the source's mean and deviation."),
      (
        "WT-ST-n",
        "Modules up to n by weights, the rest by statistics; -1 is the first module, the backbone's greatest n is WT."
      ),
      (InitialisationSpec.everyDepth, "Every n that the backbone has, from ST to WT."),
      ("WT", "Weight transfer: the source's weights."),
    ] {
      entries.append(Entry(section: "init", name: name, type: "a name", standard: "", meaning: meaning))
    }
    self.entries = entries
  }

  /// `5,717,416`
  private static func grouped(_ number: Int) -> String {
    var text = String(number)
    for place in stride(from: text.count - 3, to: 0, by: -3) {
      text.insert(",", at: text.index(text.startIndex, offsetBy: place))
    }
    return text
  }

  /// - Parameter takers: The optimizers that take the option; nil for all.
  private static func entry(_ declaration: OptionDeclaration, _ section: String, takers: [String]? = nil) -> Entry {
    let standard =
      switch declaration.standard {
      case .required: "required"
      case .value(let value): value.stringValue ?? value.canonicalText
      case .derived(let words): words
      }
    return Entry(
      section: section, name: declaration.name, type: declaration.shape.expectation, standard: standard,
      meaning: declaration.meaning + (takers.map { " For \($0.joined(separator: ", "))." } ?? ""))
  }

  /// The list for a terminal; ends in a line break.
  public var text: String {
    var text = ""
    var section: String?
    for entry in entries {
      if entry.section != section {
        text += (section == nil ? "" : "\n") + "\(entry.section)\n"
        section = entry.section
      }
      text += "  \(entry.name)\n      \(entry.meaning) Value: \(entry.type)."
      if !entry.standard.isEmpty { text += " Default: \(entry.standard)." }
      text += "\n"
    }
    return text
  }
}
