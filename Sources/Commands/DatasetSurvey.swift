import Foundation
import Planner

/// What `graft doctor --data` says of a data set.
struct DatasetSurvey {
  /// Data set, what, found, fine.
  private(set) var rows: [[JSONValue]] = []
  private(set) var isFine = true
  /// What the worker found; empty where it was not asked.
  private(set) var found: JSONValue = .object([:])
  /// What is wrong with the images or their labels, in words.
  private(set) var faults: [String] = []
  private let name: String

  /// Looks into the data set's folder.
  ///
  /// - Parameter folder: What its root is relative to.
  /// - Throws: `CommandFailure` where there is no worker to look.
  init(of dataset: DeclaredDataset, in folder: String = "") throws {
    name = dataset.name
    guard let root = dataset.root.map({ Self.joined(folder, $0) }) else { return }
    let published = dataset.options.format.published?.facts
    let isThere = FileManager.default.fileExists(atPath: root)
    add("folder", isThere ? root : "not there: \(root)", isThere)
    if isThere {
      for table in published?.tables ?? [] {
        let found = table.first { FileManager.default.fileExists(atPath: "\(root)/\($0)") }
        add("labels", found ?? "not there: \(table.joined(separator: " or "))", found != nil)
      }
      try addImages(DatasetParameters(options: dataset.options, content: nil), root)
    }
    guard let published else { return }
    add("from", "\(published.title): \(published.home)")
    add("terms", published.terms)
  }

  private static func joined(_ folder: String, _ root: String) -> String {
    root.hasPrefix("/") || folder.isEmpty ? root : "\(folder)/\(root)"
  }

  private mutating func add(_ what: String, _ found: String, _ fine: Bool? = nil) {
    rows.append([.string(name), .string(what), .string(found), fine.map { .string($0 ? "yes" : "NO") } ?? .null])
    if fine == false { isFine = false }
  }

  private mutating func addImages(_ parameters: DatasetParameters, _ root: String) throws {
    let request: JSONValue = ["parameters": parameters.canonical, "root": .string(root)]
    let (text, errors) = try WorkerProgram.output(["--survey-data", request.canonicalText])
    guard let found = text.flatMap({ try? JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }) else {
      faults = [errors.trimmingCharacters(in: .whitespacesAndNewlines)]
      return add("images", faults[0], false)
    }
    self.found = found
    faults = found["fault"]?.stringValue?.split(separator: "\n").map(String.init) ?? []
    for line in faults { add("fault", line, false) }
    addCounts(found)
    let missing = found["missing"]?.intValue ?? 0
    if missing > 0 {
      add("missing", "\(missing) images, first \(found["first_missing"]?.stringValue ?? "")", false)
    }
    let unlisted = found["unlisted"]?.intValue ?? 0
    if unlisted > 0 { add("not listed", "\(unlisted) images that the labels do not name") }
    let shared = found["shared_groups"]?.intValue ?? 0
    if shared > 0 { add("shared groups", "\(shared) patients or lesions have images in several splits") }
  }

  private mutating func addCounts(_ found: JSONValue) {
    let splits = ["train", "val", "test"]
    func counts(_ place: Int? = nil) -> String? {
      let numbers = splits.compactMap { split -> Int? in
        guard let place else { return found["images"]?[split]?.intValue }
        guard let all = found["images_per_class"]?[split]?.arrayValue, all.indices.contains(place) else { return nil }
        return all[place].intValue
      }
      guard numbers.count == splits.count else { return nil }
      return zip(splits, numbers).map { "\($0) \($1)" }.joined(separator: ", ")
    }
    guard let all = counts() else { return }
    add("images", all, true)
    for (place, label) in (found["classes"]?.arrayValue ?? []).enumerated() {
      if let text = counts(place) { add("class \(label.stringValue ?? "")", text) }
    }
  }
}
