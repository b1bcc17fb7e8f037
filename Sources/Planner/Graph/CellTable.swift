/// The cells of a plan in columns: the point of each, and where its stages stand.
struct CellTable: Sendable {
  /// Points of the grid, or places in `whole`.
  private(set) var subjects: [Int32] = []
  /// Where each cell's stages begin; one entry more than there are cells.
  private var starts: [Int32] = [0]
  /// Of each cell first the stages that it is made of, then those of its measures.
  private var places: [Int32] = []
  private var measureStarts: [Int32] = []
  private(set) var whole: [Cell] = []

  init() {}

  /// Cells that are kept as they are.
  init(_ cells: [Cell], stages: StageTable) {
    for (index, cell) in cells.enumerated() {
      let kinds = cell.stages.sorted { $0.key.rawValue < $1.key.rawValue }
      add(
        index, stages: kinds.compactMap { stages.place(of: $0.value) },
        measures: cell.measures.compactMap { stages.place(of: $0.key) })
    }
    whole = cells
  }

  var count: Int { subjects.count }

  mutating func reserve(cells: Int, stagesEach: Int) {
    subjects.reserveCapacity(cells)
    starts.reserveCapacity(cells + 1)
    measureStarts.reserveCapacity(cells)
    places.reserveCapacity(cells * stagesEach)
  }

  mutating func add(_ subject: Int, stages: [Int], measures: [Int]) {
    subjects.append(Int32(subject))
    for place in stages { places.append(Int32(place)) }
    measureStarts.append(Int32(places.count))
    for place in measures { places.append(Int32(place)) }
    starts.append(Int32(places.count))
  }

  /// Where all the stages of a cell stand.
  func stagePlaces(of cell: Int) -> ArraySlice<Int32> { places[Int(starts[cell])..<Int(starts[cell + 1])] }

  /// Where the stages stand that a cell is made of.
  func ownPlaces(of cell: Int) -> ArraySlice<Int32> { places[Int(starts[cell])..<Int(measureStarts[cell])] }

  /// Where the stages of a cell's measures stand.
  func measurePlaces(of cell: Int) -> ArraySlice<Int32> { places[Int(measureStarts[cell])..<Int(starts[cell + 1])] }

  /// The cells at these places alone, with those of their stages that are in a narrower table.
  func narrowed(to cells: [Int], from stages: StageTable, to narrower: StageTable) -> CellTable {
    func found(_ places: ArraySlice<Int32>) -> [Int] {
      places.compactMap { narrower.place(of: stages.keys[Int($0)]) }
    }
    var table = CellTable()
    table.whole = whole
    for cell in cells {
      table.add(
        Int(subjects[cell]), stages: found(ownPlaces(of: cell)), measures: found(measurePlaces(of: cell)))
    }
    return table
  }

  /// The cells in the order of their points; they may have been added in any other.
  func sortedBySubject() -> CellTable {
    let order = subjects.indices.sorted { subjects[$0] < subjects[$1] }
    var sorted = CellTable()
    sorted.reserve(cells: count, stagesEach: count > 0 ? places.count / count + 1 : 0)
    for cell in order {
      sorted.subjects.append(subjects[cell])
      sorted.places.append(contentsOf: ownPlaces(of: cell))
      sorted.measureStarts.append(Int32(sorted.places.count))
      sorted.places.append(contentsOf: measurePlaces(of: cell))
      sorted.starts.append(Int32(sorted.places.count))
    }
    return sorted
  }
}
