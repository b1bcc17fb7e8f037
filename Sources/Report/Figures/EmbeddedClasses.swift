/// How the classes of a data set are told apart in an embedding: a colour and a shape for each of ten; of more, the nine with the
/// most images have their own, and all others are grey.
struct EmbeddedClasses {
  /// Those with a mark of their own, in the order of the legend.
  let named: [String]
  let others: Int
  private let places: [String: Int]

  /// - Parameters:
  ///   - labels: Of every point.
  ///   - classes: Of the data set, in its order; combinations of them and names beyond follow by their number of points.
  init(labels: some Sequence<String>, classes: [String]) {
    var counts: [String: Int] = [:]
    for label in labels { counts[label, default: 0] += 1 }
    let frequent = counts.keys.sorted { left, right in
      let (more, fewer) = (counts[left] ?? 0, counts[right] ?? 0)
      return more == fewer ? left < right : more > fewer
    }
    let kept = Set(
      frequent.count <= Palette.classes.count ? frequent : Array(frequent.prefix(Palette.classes.count - 1)))
    named = (classes + frequent).uniqued().filter(kept.contains)
    others = frequent.count - named.count
    places = Dictionary(named.enumerated().map { ($1, $0) }) { first, _ in first }
  }

  /// Nil for one of the others.
  func place(_ label: String) -> Int? { places[label] }

  static func style(_ place: Int?, radius: Double) -> PointStyle {
    guard let place else { return PointStyle(.circle, radius: radius, fill: Palette.others, opacity: 0.8) }
    let (color, shape) = Palette.classes[place]
    return PointStyle(shape, radius: radius, fill: color, stroke: nil, opacity: 0.8)
  }

  func legend(title: String) -> Legend {
    func key(_ label: String, _ place: Int?) -> Legend.Key {
      var style = Self.style(place, radius: 3.5)
      if style.shape == .cross { style.stroke = Stroke(style.fill ?? Palette.ink, width: 1.3) }
      return Legend.Key(label, style)
    }
    let keys = named.enumerated().map { key($1.isEmpty ? "no class" : $1, $0) }
    return .keys(title: title, keys + (others > 0 ? [key("\(others) others", nil)] : []))
  }
}
