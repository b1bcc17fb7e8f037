import Files
import Foundation
import Planner
import Store
import Synchronization

extension LoadedStudy {
  /// The study's plan, with the content of its data sets and weights as it is now.
  ///
  /// - Throws: `CommandFailure` where something cannot be read.
  func plan(in workspace: Workspace) throws -> Plan { try planned(in: workspace).plan }

  /// What is recorded of the study, read while it is planned; attempts only where they are asked for.
  ///
  /// - Throws: `CommandFailure`.
  func results(in workspace: Workspace, withAttempts: Bool = false) throws -> StudyResults {
    // A filter leaves nobody knows how few.
    let expected = filter == nil ? study.cellCount : 0
    return try explaining {
      let found = Mutex<[ContentRequest.ID: String]>([:])
      return try workspace.results(
        expecting: expected,
        planning: {
          let (plan, contents) = try planned(in: workspaceForReading(workspace.folder))
          found.withLock { $0 = contents }
          return plan
        },
        replanning: { replanned(contents: found.withLock(\.self), versions: $0) }, withAttempts: withAttempts)
    }
  }

  /// The study's plan, and the content that it was made with.
  ///
  /// - Parameter mayBeEmpty: Whether a plan without a cell is no error.
  func planned(in workspace: Workspace, mayBeEmpty: Bool = false) throws -> (
    plan: Plan, contents: [ContentRequest.ID: String]
  ) {
    var contents: [ContentRequest.ID: String] = [:]
    var versions = try ProgramVersions.current()
    do {
      for request in study.contentRequests {
        contents[request.id] = try file.digest(of: request, in: workspace)
      }
      versions = versions.accepting(try workspace.acceptances())
    } catch let error as WorkspaceError {
      throw CommandFailure(error)
    }
    let plan = replanned(contents: contents, versions: versions)
    guard mayBeEmpty || !plan.cells.isEmpty else {
      throw CommandFailure(
        .usage,
        filter.map { "--only '\($0.text)' matches none of the \(study.cellCount) cells" } ?? "the study has no cells",
        remedy: "`graft plan \(file.name) --cells` lists them")
    }
    return (plan, contents)
  }

  /// The study's plan with keys of some versions.
  func replanned(contents: [ContentRequest.ID: String], versions: KindVersions) -> Plan {
    study.plan(contents: contents, filter: filter, versions: versions, folder: file.folder)
  }
}

extension StudyFile {
  /// The digest of what lies where a study's file says.
  ///
  /// - Throws: `WorkspaceError`.
  func digest(of request: ContentRequest, in workspace: Workspace) throws -> String {
    let path = path(request.path)
    switch request.scope {
    case .file:
      var status = stat()
      // What is too large to be weights is not read to be refused.
      if stat(path, &status) == 0, Int(status.st_size) > ContentRequest.fileLimit { return ContentRequest.oversized }
      return try workspace.contentDigest(of: path).text
    case .folder: return try workspace.contentDigest(of: path, extensions: ImageFileNames.extensions).text
    case .files(let entries):
      let digests = try entries.map { places in
        try places.lazy.map { try workspace.contentDigest(of: "\(path)/\($0)") }.first { $0 != .missing } ?? .missing
      }
      return digests.contains(.missing) ? ContentRequest.missing : ContentDigest.joined(digests).text
    case .tables(let labels, let optional, let images):
      func digest(_ name: String, extensions: Set<String>? = nil) throws -> ContentDigest {
        try workspace.contentDigest(of: name.isEmpty ? path : "\(path)/\(name)", extensions: extensions)
      }
      let folders = try images.map { try digest($0, extensions: ImageFileNames.extensions) }.filter { $0 != .missing }
      let tables = try labels.map { try digest($0) } + optional.map { try digest($0) }.filter { $0 != .missing }
      if images.isEmpty ? tables.isEmpty : folders.isEmpty { return ContentRequest.missing }
      return ContentDigest.joined(tables + folders).text
    }
  }
}

extension CommandFailure {
  init(_ error: WorkspaceError) {
    let status: ExitStatus =
      switch error {
      case .held: .workspaceHeld
      case .stoppedWaiting: .stopped
      case _ where error.isWriteFault: .cannotWrite
      case .file: .cannotWrite
      default: .machineLacks
      }
    self.init(status, error.description, remedy: error.remedy)
  }
}

/// Opens a workspace for a command that only reads.
func workspaceForReading(_ folder: String) throws -> Workspace {
  do {
    return try Workspace.openForReading(folder)
  } catch let error as WorkspaceError {
    throw CommandFailure(error)
  }
}

/// Takes a workspace for a command that writes.
///
/// - Parameter whenBusy: As `Workspace.open` has it.
func workspaceForWriting(_ folder: String, whenBusy: (@Sendable (Double) -> Void)? = nil) throws -> Workspace {
  try explaining {
    try Workspace.open(folder, command: CommandLine.arguments.joined(separator: " "), whenBusy: whenBusy)
  }
}

/// Does something with a workspace, its errors in words.
func explaining<Value>(_ body: () throws -> Value) throws -> Value {
  do {
    return try body()
  } catch let error as WorkspaceError {
    throw CommandFailure(error)
  }
}
