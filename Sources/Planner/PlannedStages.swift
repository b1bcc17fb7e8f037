/// The stages of a plan. Each is made when it is looked at, from some tens of bytes; what needs only keys, kinds and inputs
/// of very many finds them here by place.
public struct PlannedStages: RandomAccessCollection, Sendable {
  let table: StageTable
  let author: StageAuthor?
  private let versions: KindVersions

  init(table: StageTable, author: StageAuthor?, versions: KindVersions) {
    self.table = table
    self.author = author
    self.versions = versions
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { table.count }
  public subscript(place: Int) -> Stage { table.stage(at: place, author: author, versions: versions) }

  /// The keys of all stages, in their order.
  public var keys: [StageKey] { table.keys }
  /// The kinds of all stages, in their order.
  public var kinds: [StageKind] { table.kinds }

  /// Where the stage of this key stands; nil where the plan has none.
  public func place(of key: StageKey) -> Int? { table.place(of: key) }

  /// The stage of this key; nil where the plan has none.
  public subscript(key: StageKey) -> Stage? { place(of: key).map { self[$0] } }

  /// Where the inputs of a stage stand, by their roles ascending, each before it; -1 for one that does not.
  public func inputPlaces(of place: Int) -> ArraySlice<Int32> { table.inputPlaces(of: place) }

  /// These stages and all that they need, ascending.
  public func closure(of places: some Sequence<Int>) -> [Int] {
    var wanted = Set(places)
    var open = Array(wanted)
    while let place = open.popLast() {
      for input in inputPlaces(of: place) where input >= 0 && wanted.insert(Int(input)).inserted {
        open.append(Int(input))
      }
    }
    return wanted.sorted()
  }

  /// The parameters of the stage at a place, without the rest of it.
  public func parameters(at place: Int) -> JSONValue { table.parameters(at: place, author: author) }

  /// The parameters of the measures at these places, each once; those that differ in nothing but the cell are not told apart:
  /// the same analysis of the same data set is computed alike.
  public func distinctParameters(ofMeasures places: some Sequence<Int>) -> [JSONValue] {
    var seen: Set<StageTable.Likeness> = []
    return places.filter { seen.insert(table.likeness(at: $0, author: author)).inserted }.map { parameters(at: $0) }
  }

  /// What the stage at a place is called.
  public func label(at place: Int) -> String { table.label(at: place, author: author) }

  /// Of a stage that compares a cell with another: that one's initialisation.
  func partner(at place: Int) -> String? { table.partner(at: place, author: author) }

  /// The study that they are of; nil where they are kept as they are.
  var study: Study? { author?.study }

  /// What a stage of a cell works on; nil for one that follows from no point of the grid.
  public func setting(at place: Int) -> PlannedSetting? {
    point(at: place).map { grid, point in
      PlannedSetting(
        dataset: grid.datasets[Int(point.dataset)], backbone: grid.backbones[Int(point.backbone)].name,
        fraction: grid.fractions[Int(point.fraction)])
    }
  }

  /// The grid and the point of it that a stage follows from; nil for one that follows from none.
  func point(at place: Int) -> (Grid, GridPoint)? {
    guard let grid = author?.study.grid, let position = table.point(at: place) else { return nil }
    return (grid, grid.points[position])
  }
}

/// Data set, backbone and fraction of training images: what tells how long a stage takes.
public struct PlannedSetting: Sendable, Hashable {
  public let dataset: String
  public let backbone: String
  public let fraction: Double
}

/// The cells of a plan. Each is made when it is looked at.
public struct PlannedCells: RandomAccessCollection, Sendable {
  let table: CellTable
  let stages: PlannedStages

  init(table: CellTable, stages: PlannedStages) {
    self.table = table
    self.stages = stages
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { table.count }

  /// Where all the stages of a cell stand among the plan's.
  public func stagePlaces(of cell: Int) -> ArraySlice<Int32> { table.stagePlaces(of: cell) }

  /// Where the stages stand that a cell is made of.
  public func ownPlaces(of cell: Int) -> ArraySlice<Int32> { table.ownPlaces(of: cell) }

  /// Where the stages of a cell's measures stand, in the order of `Cell.measures`.
  public func measurePlaces(of cell: Int) -> ArraySlice<Int32> { table.measurePlaces(of: cell) }

  /// Where the cell of this name stands; nil where there is none.
  public func place(of id: CellID) -> Int? {
    guard let author = stages.author else { return indices.first { self[$0].id == id } }
    return table.subjects.firstIndex { author.names.cellID(author.study.grid.points[Int($0)]) == id }
  }

  /// Where the cells stand that a filter matches.
  public func places(matching filter: CellFilter) -> [Int] {
    guard let grid = stages.study?.grid else { return indices.filter { filter.matches(self[$0]) } }
    return table.subjects.indices.filter { filter.matches(grid, grid.points[Int(table.subjects[$0])]) }
  }

  public subscript(cell: Int) -> Cell {
    // Asked of one object each time: a copy of the grid would count references to all its tables, for every cell on every core.
    guard let author = stages.author else { return table.whole[Int(table.subjects[cell])] }
    let point = author.study.grid.points[Int(table.subjects[cell])]
    let ownPlaces = table.ownPlaces(of: cell)
    var own = [StageKind: StageKey](minimumCapacity: ownPlaces.count)
    for place in ownPlaces { own[stages.kinds[Int(place)]] = stages.keys[Int(place)] }
    let measures = table.measurePlaces(of: cell).map { place in
      CellMeasure(
        kind: stages.kinds[Int(place)], key: stages.keys[Int(place)], partner: stages.partner(at: Int(place)))
    }
    return Cell(
      id: author.names.cellID(point), dataset: author.names.datasets[Int(point.dataset)],
      backbone: author.names.backbones[Int(point.backbone)],
      fraction: author.study.grid.fractions[Int(point.fraction)],
      initialisation: author.names.initialisations[Int(point.initialisation)],
      seed: author.study.grid.seeds[Int(point.seed)], furtherAxes: author.study.grid.further[Int(point.further)],
      stages: own, measures: measures, metric: author.metrics[Int(point.dataset)])
  }
}
