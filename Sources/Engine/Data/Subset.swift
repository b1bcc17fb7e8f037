import Hashing

/// Fractions of a training split.
public enum Subset {
  /// The positions, in ascending order, that make up a fraction of the images with these labels.
  ///
  /// Per class, `fraction` of its images, rounded to the nearest whole number and at least one: those that come first in
  /// the class's random order of this seed. So the images of a smaller fraction are among those of a larger one.
  ///
  /// - Parameters:
  ///   - labels: The class index of each position, none negative.
  ///   - fraction: Above 0, up to 1; what lies outside is taken as the nearest of these.
  public static func positions(labels: [Int], fraction: Double, seed: UInt64) -> [Int] {
    let stream = RandomStream(seed: seed, purpose: "subset")
    var chosen: [Int] = []
    for (label, members) in Dictionary(grouping: labels.indices, by: { labels[$0] }) {
      var draws = stream.child(UInt64(label))
      let order = draws.permutation(members.count)
      let wanted = (fraction * Double(members.count)).rounded()
      let count = wanted >= Double(members.count) ? members.count : wanted >= 1 ? Int(wanted) : 1
      chosen += order.prefix(count).map { members[$0] }
    }
    return chosen.sorted()
  }

  /// The SHA-256 of the positions (each as 8 bytes, little-endian), in hexadecimal.
  public static func digest(of positions: [Int]) -> String {
    let hash = SHA256()
    for position in positions {
      withUnsafeBytes(of: UInt64(bitPattern: Int64(position)).littleEndian) { hash.update($0) }
    }
    return hash.finish().hex
  }
}
