/// The words for what is wrong with a filter.
extension CellFilterFault {
  /// What is wrong, and `help:` lines; ends in a line break.
  public var description: String {
    let (message, help): (String, [String]) =
      switch kind {
      case .notATerm(let term):
        (
          "\(Fault.quoted(term)) is no term of a filter",
          ["write NAME, one of = != < <= > >=, and a value: 'dataset=isic*,seed<2'"]
        )
      case .unknownAxis(let name):
        (
          "\(Fault.quoted(name)) is no axis",
          (NearestName.of(name, among: Axis.fixed).map { ["did you mean `\($0)`?"] } ?? [])
            + ["valid: \(Axis.fixed.joined(separator: ", ")), and training.OPTION"]
        )
      case .notANumber(let name, let value):
        ("\(Fault.quoted(name)) cannot be compared in size with \(Fault.quoted(value))", ["use = or !=, or a number"])
      case .notAnInitialisation(let value):
        (
          "`init` cannot be compared with \(Fault.quoted(value))",
          [
            "use = or !=, or one of \(InitialisationSpec.forms.filter { $0 != InitialisationSpec.everyDepth }.joined(separator: ", "))"
          ]
        )
      }
    return "filter \(Fault.quoted(filter)): error: \(message)\n" + help.map { "help: \($0)\n" }.joined()
  }
}
