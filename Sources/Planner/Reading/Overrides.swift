/// Values given on the command line, put into the study's text as if they stood there.
enum Overrides {
  /// The document with every assignment made, in order.
  static func applied(
    _ overrides: [(name: String, value: String)], to document: YAMLValue, faults: FaultCollector,
    option: String = "--set"
  ) -> YAMLValue {
    var document = document
    for (name, text) in overrides {
      let place = Place.override("\(option) \(name)=\(text)")
      let path = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      guard path.allSatisfy({ !$0.isEmpty }), path.count <= YAMLText.depthLimit else {
        faults.add(.overrideOfNothing(name: name, reason: "a name is words joined by dots"), at: place)
        continue
      }
      guard text.utf8.count <= YAMLText.sizeLimit else {
        faults.add(.tooLarge(bytes: text.utf8.count, limit: YAMLText.sizeLimit), at: place)
        continue
      }
      var reading = YAMLText(environment: [:], faults: faults, fixedPlace: place)
      let dollarFree = text.replacing("$", with: "$$")
      guard let value = reading.document(dollarFree.isEmpty ? "\"\"" : dollarFree) else { continue }
      if let assigned = assigning(value, at: path[...], in: document, place: place) {
        document = assigned
      } else {
        faults.add(.overrideOfNothing(name: name, reason: "the study has a value there, not a mapping"), at: place)
      }
    }
    return document
  }

  /// The value with the one at the path replaced, mappings made where there are none; nil where a scalar or a list is
  /// in the way.
  private static func assigning(
    _ new: YAMLValue, at path: ArraySlice<String>, in value: YAMLValue?, place: Place
  ) -> YAMLValue? {
    guard let name = path.first else { return new }
    var members: [YAMLMember]
    switch value?.content {
    case .mapping(let present): members = present
    case .null, nil: members = []
    case .bool, .number, .string, .list: return nil
    }
    // A dotted key (`training.optimizer.lr` as an axis) is one name.
    let whole = path.joined(separator: ".")
    if path.count > 1, let index = members.firstIndex(where: { $0.name == whole }) {
      members[index] = YAMLMember(name: whole, place: place, value: new)
    } else {
      let index = members.firstIndex { $0.name == name }
      guard
        let inner = assigning(new, at: path.dropFirst(), in: index.map { members[$0].value }, place: place)
      else { return nil }
      let member = YAMLMember(name: name, place: index.map { members[$0].place } ?? place, value: inner)
      if let index, path.count == 1 {
        members[index] = YAMLMember(name: name, place: place, value: inner)
      } else if let index {
        members[index] = member
      } else {
        members.append(member)
      }
    }
    return YAMLValue(content: .mapping(members), place: value?.place ?? place, text: "")
  }
}
