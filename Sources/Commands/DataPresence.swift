import Foundation
import Planner

/// Whether a data set or a weights file of a study is where the study says.
struct DataPresence {
  let request: ContentRequest
  let path: String
  /// What is wrong, in words; nil where nothing is.
  let fault: String?
}

extension LoadedStudy {
  /// One for each of the study's content requests, in their order.
  var dataPresence: [DataPresence] {
    study.contentRequests.map { request in
      let path = path(request.path)
      return DataPresence(request: request, path: path, fault: fault(of: request, at: path))
    }
  }

  private func fault(of request: ContentRequest, at path: String) -> String? {
    let fetching = fetchCommand(request).map { "; \($0)" } ?? ""
    var status = stat()
    guard stat(path, &status) == 0 else { return "not there: \(path)\(fetching)" }
    let isFolder = status.st_mode & S_IFMT == S_IFDIR
    if request.scope == .file {
      if isFolder { return "a folder, not a file: \(path)\(fetching)" }
      if status.st_size == 0 { return "empty: \(path)\(fetching)" }
      if Int(status.st_size) > ContentRequest.fileLimit {
        return "\(Int(status.st_size) >> 30) GiB, more than any weights: \(path)\(fetching)"
      }
      return nil
    }
    guard isFolder else { return "a file, not a folder: \(path)" }
    func isThere(_ name: String) -> Bool { access("\(path)/\(name)", R_OK) == 0 }
    let absent: [String] =
      switch request.scope {
      case .tables(let labels, _, _): labels.filter { !isThere($0) }
      case .files(let entries): entries.filter { !$0.contains(where: isThere) }.map { $0[0] }
      case .folder, .file: []
      }
    return absent.isEmpty ? nil : "not there: " + absent.map { "\(path)/\($0)" }.joined(separator: ", ")
  }

  /// The command that fetches a weights file, where one is published.
  private func fetchCommand(_ request: ContentRequest) -> String? {
    for (backbone, source) in study.weights where request.id == .weights(backbone) {
      guard case .file(_, let kind) = source else { continue }
      return PublicWeightsCatalogue.named(backbone, kind)?.command
    }
    return nil
  }
}
