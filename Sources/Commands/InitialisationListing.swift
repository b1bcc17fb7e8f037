import Foundation
import Planner
import Store
import WorkerProtocol

/// What an initialisation did to a network, tensor by tensor, as its `train` stage recorded it.
struct InitialisationListing {
  let records: [InitialisationRecord]

  /// Reads the record of a stage; nil for a stage that left none.
  ///
  /// - Throws: `CommandFailure` where the record cannot be read.
  init?(_ dossier: StageDossier) throws {
    guard let folder = dossier.artifactFolder,
      dossier.files.contains(where: { $0.name == InitialisationRecord.fileName })
    else { return nil }
    let path = "\(folder)/\(InitialisationRecord.fileName)"
    do {
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      let entries = try JSONDecoder().decode([JSONValue].self, from: data)
      records = try entries.map(InitialisationRecord.init)
    } catch {
      throw CommandFailure(
        .studyOrData, "\(path) cannot be read as the record of an initialisation",
        remedy: "remove that folder; the next run trains it again")
    }
  }

  /// A row a treatment: how many tensors and numbers, and from which depth to which.
  var summary: Listing {
    var listing = Listing(columns: ["treatment", "tensors", "numbers", "first_depth", "last_depth"])
    for treatment in ["kept", "sampled", "reset", "fresh"] {
      let own = records.filter { $0.treatment.name == treatment }
      guard !own.isEmpty else { continue }
      let counts = own.compactMap(\.count)
      let depths = own.compactMap(\.depth)
      listing.rows.append([
        .string(treatment), .number(Double(own.count)),
        counts.count == own.count ? .number(Double(counts.reduce(0, +))) : .null,
        depths.min().map { .number(Double($0)) } ?? .null, depths.max().map { .number(Double($0)) } ?? .null,
      ])
    }
    return listing
  }

  /// A row a tensor, in the order of the state dict.
  var tensors: Listing {
    var listing = Listing(columns: ["tensor", "depth", "numbers", "treatment", "mean", "sd"])
    listing.rows = records.map { record in
      var moments: [JSONValue] = [.null, .null]
      if case .sampled(let mean, let deviation) = record.treatment { moments = [.number(mean), .number(deviation)] }
      return [
        .string(record.tensor), record.depth.map { .number(Double($0)) } ?? .null,
        record.count.map { .number(Double($0)) } ?? .null, .string(record.treatment.name),
      ] + moments
    }
    return listing
  }

  /// A line a treatment: `kept 12 tensors, 5,000 numbers, depth -1 to 3`.
  var lines: [String] {
    summary.rows.map { row in
      let numbers = row[2].intValue.map { ", \($0) numbers" } ?? ""
      var text = "\(row[0].stringValue ?? "") \(row[1].canonicalText) tensors\(numbers)"
      if let first = row[3].intValue, let last = row[4].intValue {
        text += first == last ? ", depth \(first)" : ", depth \(first) to \(last)"
      }
      return text
    }
  }
}
