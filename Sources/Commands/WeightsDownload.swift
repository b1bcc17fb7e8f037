import Files
import Foundation
import Hashing
import Planner
import Store
import Synchronization

/// One published file on its way here, by `curl`: into a `.part` file that a later try goes on with, verified, then
/// renamed.
struct WeightsDownload {
  let published: PublicWeights
  let url: String
  let folder: String

  /// Tries that brought nothing further before it is given up.
  private static let fruitlessTries = 3

  var place: String { "\(folder)/\(published.fileName)" }
  private var partial: String { "\(place).part" }
  /// Where a file goes whose digest is wrong.
  private var refused: String { "\(place).wrong" }

  /// - Throws: `CommandFailure`: 65 for a file that is not the published one, 66 where there is none, 69 without a
  ///   network or curl, 73 where it cannot be written. `FileFault`.
  func perform() throws {
    if let size = Self.size(of: place) {
      guard isRight(try SHA256Digest(ofFile: place)) else {
        throw CommandFailure(
          .studyOrData, "\(place) (\(size) bytes) is there already, but is not the published file",
          remedy: "move it away and run the same command again, or name another folder with --output")
      }
      Console.note("\(published.fileName) is there already")
      return
    }
    try DurableFiles.makeFolder(folder)
    Console.note("fetching \(url)")
    let running = RunningCurl()
    let signals = RunSignals()
    signals.pass { _ in
      running.end()
      exit(ExitStatus.stopped.rawValue)
    }
    try download(running)
    try verify()
  }

  private func isRight(_ digest: SHA256Digest) -> Bool {
    published.digest.map { digest.hex.hasPrefix($0) } ?? true
  }

  /// Puts the complete file in its place, or aside where it is another than was published.
  private func verify() throws {
    let digest = try SHA256Digest(ofFile: partial)
    let size = Self.size(of: partial) ?? 0
    guard isRight(digest), published.size.map({ $0 == size }) ?? true else {
      try Self.move(partial, to: refused)
      throw CommandFailure(
        .studyOrData,
        "\(url) is not the published file: \(size) bytes with SHA-256 \(digest.hex), "
          + "not \(published.digest ?? "")\((published.digest?.count ?? 64) < 64 ? "..." : "")"
          + (published.size.map { " of \($0) bytes" } ?? ""),
        remedy: "it is kept as \(refused); run the same command again, or fetch the file by other means")
    }
    try DurableFiles.synchronise(partial)
    try Self.move(partial, to: place)
    try DurableFiles.synchronise(folder)
    let told =
      switch published.digest?.count {
      case nil: "its makers publish no digest; the SHA-256 is \(digest.hex)"
      case 64: "the SHA-256 is right"
      case let digits?: "the first \(digits) digits of the SHA-256 are right: \(digest.hex)"
      }
    Console.note("\(published.fileName): \(size) bytes; \(told)")
  }

  /// Fills the `.part` file, going on as long as tries bring something.
  private func download(_ running: RunningCurl) throws {
    var fruitless = 0
    while true {
      let before = Self.size(of: partial) ?? 0
      let answer = try curl(running)
      let after = Self.size(of: partial) ?? 0
      if answer.status == 0 { return }
      // All of it is there already: the server has nothing behind its end.
      if answer.httpStatus == 416, after > 0 { return }
      if answer.httpStatus == 404 || answer.httpStatus == 410 {
        throw CommandFailure(
          .noSuchFile, "\(url) is not there any more (\(answer.httpStatus))",
          remedy: "look for \(published.fileName) at \(published.origin)'s own pages and put it at \(place)")
      }
      switch answer.status {
      case 23:
        throw CommandFailure(.cannotWrite, "\(partial) cannot be written: \(answer.words)", remedy: "make room there")
      case 33:
        // A server that cannot go on in the middle.
        try DurableFiles.remove(partial)
        fruitless += 1
      default: fruitless = after > before ? 0 : fruitless + 1
      }
      guard fruitless < Self.fruitlessTries else {
        throw CommandFailure(
          .machineLacks, "\(url) cannot be fetched: \(answer.words)",
          remedy: "see to the network and run the same command again: it goes on after \(after) bytes")
      }
      Console.note("broke off after \(after) bytes (\(answer.words)); going on")
    }
  }

  private struct Answer {
    let status: Int32
    let httpStatus: Int
    /// What curl said of it.
    let words: String
  }

  private func curl(_ running: RunningCurl) throws -> Answer {
    let arguments =
      ["curl", "--fail", "--location", "--silent", "--show-error", "--connect-timeout", "30"]
      + ["--speed-limit", "1", "--speed-time", "60", "--continue-at", "-", "--write-out", "%{http_code}"]
      + ["--output", partial, url]
    defer { running.began(0) }
    var progress: DownloadProgress?
    let ended: ProgramOutput
    do {
      ended = try ProgramOutput.of("/usr/bin/env", arguments) { processID in
        running.began(processID)
        progress = DownloadProgress(path: partial, total: published.size)
      }
    } catch {
      throw CommandFailure(.machineLacks, "curl cannot be started", remedy: "install it: `sh scripts/setup.sh`")
    }
    progress?.end()
    guard ended.status != 127 else {
      throw CommandFailure(.machineLacks, "there is no curl on the PATH", remedy: "install it: `sh scripts/setup.sh`")
    }
    let words = ended.errors.split(separator: "\n").last.map(String.init) ?? "curl ended with \(ended.status)"
    return Answer(status: ended.status, httpStatus: Int(ended.text.suffix(3)) ?? 0, words: words)
  }

  /// Nil where there is no file.
  private static func size(of path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
  }

  private static func move(_ path: String, to other: String) throws {
    guard rename(path, other) == 0 else { throw FileFault.last("rename", path) }
  }
}

/// The curl under way: it has a process group of its own, so a Ctrl-C must be passed on to it.
private final class RunningCurl: Sendable {
  private let id = Mutex<Int32>(0)

  /// 0 where none is under way.
  func began(_ id: Int32) { self.id.withLock { $0 = id } }

  func end() {
    // It has inherited that the gentler signals are ignored.
    id.withLock { if $0 > 0 { kill($0, SIGKILL) } }
  }
}

/// How much of a file is there, once a second on a terminal.
private final class DownloadProgress {
  private let timer: any DispatchSourceTimer

  init(path: String, total: Int?) {
    let timer = DispatchSource.makeTimerSource()
    self.timer = timer
    guard Console.isTerminal else {
      timer.activate()
      return
    }
    timer.schedule(deadline: .now() + 1, repeating: 1)
    timer.setEventHandler {
      var status = stat()
      guard stat(path, &status) == 0 else { return }
      let done = Int(status.st_size) >> 20
      FileHandle.standardError.write(Data("\r\(done) MiB\(total.map { " of \($0 >> 20)" } ?? "")".utf8))
    }
    timer.activate()
  }

  func end() {
    timer.cancel()
    if Console.isTerminal { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
  }
}
