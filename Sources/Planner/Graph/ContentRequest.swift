/// What must be digested before a study can be planned: the planner itself reads no file.
public struct ContentRequest: Sendable, Hashable {
  /// Names what is digested: `dataset/brain-mri`, `weights/resnet18`.
  public struct ID: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }

    public static func dataset(_ name: String) -> ID { ID("dataset/\(name)") }
    public static func weights(_ backbone: String) -> ID { ID("weights/\(backbone)") }
    public static func statistics(_ path: String) -> ID { ID("statistics/\(path)") }

    public var description: String { text }
  }

  /// What is part of the digest.
  public enum Scope: Sendable, Hashable {
    /// Every file below the folder.
    case folder
    /// The tables, those optional ones that are there, and every file below those of the folders of images that are there;
    /// all relative to the path, and an empty folder is the path.
    case tables([String], optional: [String], images: [String])
    /// Files below the folder: of each entry's places the first that is there.
    case files([[String]])
    case file
  }

  public let id: ID
  /// A folder or a file, absolute or relative to the study file's folder.
  public let path: String
  public let scope: Scope

  init(id: ID, path: String, scope: Scope) {
    self.id = id
    self.path = path
    self.scope = scope
  }

  /// The digest to hand back for what is not there or cannot be read.
  public static let missing = "missing"

  /// The digest to hand back for a weights file of more than `fileLimit` bytes, which nobody need read to refuse it.
  public static let oversized = "oversized"
  /// The largest backbone's weights take a third of a gigabyte, with an optimizer's state thrice as much.
  public static let fileLimit = 8 << 30
}

extension Study {
  /// What must be digested for the study's grid and its weights, in the order in which the study names it.
  public var contentRequests: [ContentRequest] {
    var requests: [ContentRequest] = []
    var sources = Set(grid.datasets)
    var backbones = grid.backbones.map(\.name)
    var statistics: [String] = []
    for options in grid.distances {
      if !backbones.contains(options.backbone) { backbones.append(options.backbone) }
      switch options.source {
      case .dataset(let name): sources.insert(name)
      case .statistics(let path): if !statistics.contains(path) { statistics.append(path) }
      }
    }
    for (name, source) in weights where backbones.contains(name) {
      if case .pretrain(let dataset, _, _, _) = source { sources.insert(dataset) }
    }
    for dataset in datasets where sources.contains(dataset.name) {
      guard let root = dataset.root else { continue }
      let scope: ContentRequest.Scope =
        switch dataset.options.source {
        case .csv(let table): .tables([table.labels], optional: [], images: [table.imageFolder ?? ""])
        case .arrays(let arrays):
          .files(arrays.files.map { arrays.container == .hdf5 ? [$0, "\($0).gz"] : [$0] })
        case .published(let published): published.dataset.facts.scope
        case .folder, .phantom: .folder
        }
      requests.append(ContentRequest(id: .dataset(dataset.name), path: root, scope: scope))
    }
    for backbone in backbones {
      if case .file(let path, _)? = weights[backbone] {
        requests.append(ContentRequest(id: .weights(backbone), path: path, scope: .file))
      }
    }
    return requests + statistics.map { ContentRequest(id: .statistics($0), path: $0, scope: .file) }
  }
}

extension PublishedFacts {
  /// Everything that its reader may look at.
  fileprivate var scope: ContentRequest.Scope {
    .tables(
      tables.filter { $0.count == 1 }.flatMap { $0 },
      optional: tables.filter { $0.count > 1 }.flatMap { $0 } + furtherTables,
      images: images)
  }
}

extension ContentRequest {
  /// The request as a value, for whoever keeps it.
  public var json: JSONValue {
    var members: [String: JSONValue] = ["id": .string(id.text), "path": .string(path)]
    switch scope {
    case .folder: members["scope"] = "folder"
    case .file: members["scope"] = "file"
    case .files(let entries):
      members["scope"] = "files"
      members["entries"] = .array(entries.map { .texts($0) })
    case .tables(let labels, let optional, let images):
      members["scope"] = "tables"
      members["labels"] = .texts(labels)
      members["optional"] = .texts(optional)
      members["images"] = .texts(images)
    }
    return .object(members)
  }

  /// nil for what `json` has not written.
  public init?(json: JSONValue) {
    func texts(_ value: JSONValue?) -> [String]? { value?.arrayValue?.compactMap(\.stringValue) }
    guard let id = json["id"]?.stringValue, let path = json["path"]?.stringValue else { return nil }
    let scope: Scope
    switch json["scope"] {
    case "folder": scope = .folder
    case "file": scope = .file
    case "files":
      guard let entries = json["entries"]?.arrayValue else { return nil }
      scope = .files(entries.compactMap { texts($0) })
    case "tables":
      guard let labels = texts(json["labels"]), let optional = texts(json["optional"]),
        let images = texts(json["images"])
      else { return nil }
      scope = .tables(labels, optional: optional, images: images)
    default: return nil
    }
    self.init(id: ID(id), path: path, scope: scope)
  }
}
