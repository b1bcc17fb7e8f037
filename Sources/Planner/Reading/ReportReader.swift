/// Reads `report:`, what a study asks of its report. None of it changes a key.
struct ReportReader {
  let faults: FaultCollector

  static let options = [
    OptionDeclaration(
      "convergence", .number(.above(0, to: 1)), .value(.number(Reporting().convergence)),
      "The share of a run's best validation metric whose first reaching counts as convergence."),
    OptionDeclaration(
      baselines, .list(.text, count: 1...20), .value(.texts(Reporting().baselines)),
      "The initialisations that all others are compared with, run by run."),
    OptionDeclaration(
      "correction", .choice(Reporting.Correction.allCases.map(\.rawValue)),
      .value(.string(Reporting().correction.rawValue)),
      "How p values are corrected for their number: `holm` bounds the chance of any false discovery, `benjamini_hochberg` their expected share."
    ),
    OptionDeclaration(
      "published", .flag, .value(.bool(Reporting().published)),
      "Whether figure 1 as the paper (Matsoukas et al., CVPR 2022) published it is drawn beside the study's."),
    OptionDeclaration(
      "question", .text, .derived("none"), "What the study asks, in a sentence or more, for the head of its report."),
  ]
  private static let baselines = "baselines"

  func read(_ member: YAMLMember?) -> Reporting {
    guard let member,
      let read = ShapeReader(faults: faults).read(member.value, as: .members(Self.options), name: "report")
    else { return Reporting() }
    let given = Reporting()
    return Reporting(
      convergence: read["convergence"]?.doubleValue ?? given.convergence,
      baselines: read[Self.baselines]?.arrayValue?.compactMap(\.stringValue) ?? given.baselines,
      correction: read["correction"]?.stringValue.flatMap(Reporting.Correction.init) ?? given.correction,
      published: read["published"]?.boolValue ?? given.published, question: read["question"]?.stringValue)
  }

  /// Baselines that are named must be there to be compared with.
  func checkBaselines(_ member: YAMLMember?, of grid: Grid) {
    guard case .mapping(let members)? = member?.value.content,
      case .list(let values)? = members.first(where: { $0.name == Self.baselines })?.value.content
    else { return }
    let names = grid.initialisations.map(\.name)
    for value in values {
      guard let text = value.scalarText, !names.contains(text) else { continue }
      faults.add(.matchesNothing(name: "initialisation", value: text, valid: names), at: value.place)
    }
  }
}
