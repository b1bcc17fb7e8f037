/// The stages of a plan in columns, some tens of bytes each; a `Stage` is made of them when one is looked at.
struct StageTable: Sendable {
  private(set) var keys: [StageKey] = []
  private(set) var kinds: [StageKind] = []
  private var recipes: [StageRecipe] = []
  /// What each recipe is about: a point of the grid, or a place in `whole`.
  private var subjects: [Int32] = []
  /// Where each stage's inputs begin; one entry more than there are stages.
  private var inputStarts: [Int32] = [0]
  private var inputs: [Int32] = []
  private var index: KeyIndex
  /// The stages that are kept as they are.
  private var whole: [Stage] = []

  init(capacity: Int = 0) {
    keys.reserveCapacity(capacity)
    kinds.reserveCapacity(capacity)
    recipes.reserveCapacity(capacity)
    subjects.reserveCapacity(capacity)
    inputStarts.reserveCapacity(capacity + 1)
    inputs.reserveCapacity(2 * capacity)
    index = KeyIndex(capacity: capacity)
  }

  var count: Int { keys.count }

  /// The place of the stage that has this key; nil where there is none.
  func place(of key: StageKey) -> Int? { index.place(of: key, in: keys) }

  /// Where the inputs of a stage stand, each before it; -1 for one that does not.
  func inputPlaces(of place: Int) -> ArraySlice<Int32> {
    inputs[Int(inputStarts[place])..<Int(inputStarts[place + 1])]
  }

  /// Takes in a stage unless one of its key is there.
  ///
  /// - Parameter inputs: Their places, by their roles ascending.
  /// - Returns: Where the stage of this key stands.
  mutating func add(
    _ key: StageKey, _ kind: StageKind, _ recipe: StageRecipe, of subject: Int, inputs places: [Int]
  ) -> Int {
    if let known = place(of: key) { return known }
    append(key, kind, recipe, of: subject)
    for place in places { inputs.append(Int32(place)) }
    inputStarts.append(Int32(inputs.count))
    return keys.count - 1
  }

  /// Takes in a stage that is kept as it is, unless one of its key is there.
  mutating func add(_ stage: Stage) -> Int {
    if let known = place(of: stage.key) { return known }
    append(stage)
    return keys.count - 1
  }

  /// Takes in a stage that is kept as it is, whatever is there.
  mutating func append(_ stage: Stage) {
    let places = stage.inputs.map { place(of: $0.key) ?? -1 }
    append(stage.key, stage.kind, .whole, of: whole.count)
    whole.append(stage)
    for place in places { inputs.append(Int32(place)) }
    inputStarts.append(Int32(inputs.count))
  }

  /// The stages at these places alone, ascending; inputs among them stay inputs.
  func narrowed(to places: [Int]) -> StageTable {
    var table = StageTable(capacity: places.count)
    table.whole = whole
    for place in places {
      let inputs = inputPlaces(of: place).map { $0 < 0 ? -1 : table.place(of: keys[Int($0)]) ?? -1 }
      _ = table.add(keys[place], kinds[place], recipes[place], of: Int(subjects[place]), inputs: inputs)
    }
    return table
  }

  private mutating func append(_ key: StageKey, _ kind: StageKind, _ recipe: StageRecipe, of subject: Int) {
    keys.append(key)
    kinds.append(kind)
    recipes.append(recipe)
    subjects.append(Int32(subject))
    index.insertLast(of: keys)
  }

  /// The stage at a place.
  ///
  /// - Parameter author: Who knows the study; nil where all stages are kept as they are or do nothing.
  func stage(at place: Int, author: StageAuthor?, versions: KindVersions) -> Stage {
    let subject = Int(subjects[place])
    switch recipes[place] {
    case .whole: return whole[subject]
    case .noop:
      return Stage(
        key: keys[place], kind: .noop, parameters: NoopParameters(index: subject).canonical, inputs: [],
        locations: [:], label: "noop \(subject)")
    case let recipe:
      guard let author else { preconditionFailure("a stage of a study without the study") }
      let roles = recipe.roles
      let inputs = inputPlaces(of: place).enumerated().map { position, input in
        StageInput(role: roles?[position] ?? kinds[Int(input)].role, key: keys[Int(input)])
      }
      return Stage(
        key: keys[place], kind: kinds[place], version: versions[kinds[place]],
        parameters: author.parameters(of: recipe, at: subject), inputs: inputs,
        locations: [:], manner: author.manner(of: recipe, at: subject),
        label: author.label(of: recipe, at: subject))
    }
  }

  /// The parameters of the stage at a place, without the rest of it.
  func parameters(at place: Int, author: StageAuthor?) -> JSONValue {
    let subject = Int(subjects[place])
    return switch recipes[place] {
    case .whole: whole[subject].parameters
    case .noop: NoopParameters(index: subject).canonical
    case let recipe: author?.parameters(of: recipe, at: subject) ?? [:]
    }
  }

  /// The label of the stage at a place, without the rest of it.
  func label(at place: Int, author: StageAuthor?) -> String {
    switch recipes[place] {
    case .whole: whole[Int(subjects[place])].label
    case .noop: "noop \(subjects[place])"
    case let recipe: author?.label(of: recipe, at: Int(subjects[place])) ?? ""
    }
  }

  /// The position of the point that a stage follows from; nil for one that is kept as it is.
  func point(at place: Int) -> Int? {
    switch recipes[place] {
    case .whole, .noop: nil
    case .train, .rateSearch, .test, .measure, .pair: Int(subjects[place])
    }
  }

  /// What tells stages apart whose parameters differ in more than the cell that they measure.
  struct Likeness: Hashable {
    let recipe: StageRecipe
    let subject: Int32
  }

  func likeness(at place: Int, author: StageAuthor?) -> Likeness {
    var subject = subjects[place]
    if case .measure = recipes[place], let author { subject = Int32(author.study.grid.points[Int(subject)].dataset) }
    if case .pair = recipes[place] { subject = 0 }
    return Likeness(recipe: recipes[place], subject: subject)
  }

  /// Of a stage that compares two models, the recipe's second initialisation.
  func partner(at place: Int, author: StageAuthor?) -> String? {
    guard case .pair(_, let partner) = recipes[place] else { return nil }
    return author?.initialisation(partner)
  }
}

/// How a stage follows from a point of the grid.
enum StageRecipe: Sendable, Hashable {
  /// It does not: it is kept as it is.
  case whole
  case noop
  case train
  case rateSearch
  case test
  /// The position of the analysis in `StageAuthor.analyses`.
  case measure(Int16)
  /// The same, and the position of the other's initialisation in the grid.
  case pair(Int16, partner: Int16)

  /// The roles of its inputs; nil where each input's kind tells its role.
  var roles: [String]? {
    if case .pair = self { return ["dataset", "first", "second"] }
    return nil
  }
}

extension StageKind {
  /// The role that a stage of this kind plays in those that read it, but for models that are compared.
  var role: String {
    switch self {
    case .dataset: "dataset"
    case .weights, .pretrain: "weights"
    case .lrSearch: "rate"
    case .test: "test"
    default: "model"
    }
  }
}
