import Foundation
import Synchronization

/// A terminal of a test's own, in which a program runs as a person runs it: with a screen, a keyboard and signals.
final class PseudoTerminal: Sendable {
  private let master: Int32
  /// The program's end, held open so that the terminal outlives the program.
  private let slave: Int32
  private let name: String
  private let shown = Shown()

  /// What was written so far, and what that looks like.
  private final class Shown: Sendable {
    let state = Mutex((written: [UInt8](), screen: DrawnScreen()))
  }

  // TIOCSPTLCK, TIOCGPTN and POSIX_SPAWN_SETSID, which the C library's headers keep from programs that ask for nothing.
  private static let unlock: UInt = 0x4004_5431
  private static let tellNumber: UInt = 0x8004_5430
  private static let ownSession: Int16 = 0x80

  struct CannotOpen: Error {
    let call: String
    let code = errno
  }

  init(columns: Int, rows: Int) throws {
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var number: Int32 = 0
    var isLocked: Int32 = 0
    guard master >= 0, ioctl(master, Self.unlock, &isLocked) == 0, ioctl(master, Self.tellNumber, &number) == 0 else {
      throw CannotOpen(call: "open /dev/ptmx")
    }
    name = "/dev/pts/\(number)"
    slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard slave >= 0 else { throw CannotOpen(call: "open") }
    resize(columns: columns, rows: rows)
    let (master, shown) = (master, shown)
    Thread.detachNewThread { Self.read(master, shown) }
  }

  deinit { close(slave) }

  /// Begins a program that has this terminal to itself; what it writes is read until it ends.
  ///
  /// - Returns: Its process.
  func start(
    _ arguments: [String], in folder: TemporaryFolder, environment: [String: String] = [:],
    program: String = GraftProcess.binary.path
  ) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    // The first terminal that the first process of a session opens is the session's.
    posix_spawnattr_setflags(&attributes, Self.ownSession | Int16(POSIX_SPAWN_SETSIGDEF))
    var ignored = sigset_t()
    sigemptyset(&ignored)
    for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGPIPE] { sigaddset(&ignored, number) }
    posix_spawnattr_setsigdefault(&attributes, &ignored)
    posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
    posix_spawn_file_actions_adddup2(&actions, 0, 1)
    posix_spawn_file_actions_adddup2(&actions, 0, 2)
    // It makes way for the program in the same process.
    let env = "/usr/bin/env"
    let texts = [env, "--chdir=\(folder.url.path)", program] + arguments
    let variables = GraftProcess.environment(["TERM": "xterm-256color"].merging(environment) { $1 })
      .map { "\($0)=\($1)" }
    var words = texts.map { strdup($0) } + [nil]
    var settings = variables.map { strdup($0) } + [nil]
    defer { for text in words + settings { free(text) } }
    var process: pid_t = 0
    guard posix_spawn(&process, env, &actions, &attributes, &words, &settings) == 0 else {
      throw CannotOpen(call: "posix_spawn")
    }
    return process
  }

  /// Reads until nobody has the program's end open any more.
  private static func read(_ master: Int32, _ shown: Shown) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Foundation.read(master, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      shown.state.withLock { state in
        state.written += buffer[..<count]
        state.screen.take(buffer[..<count])
      }
    }
    close(master)
  }

  func resize(columns: Int, rows: Int) {
    // What is drawn for the new size is to find it.
    shown.state.withLock { state in
      var size = winsize(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
      _ = ioctl(master, UInt(TIOCSWINSZ), &size)
      state.screen.resize(columns: columns, rows: rows)
    }
  }

  func type(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(master, bytes, bytes.count)
  }

  /// All that was written so far.
  var written: String {
    shown.state.withLock { String(decoding: $0.written, as: UTF8.self) }.replacing(Self.mark, with: "")
  }
  var screen: DrawnScreen { shown.state.withLock { $0.screen } }

  /// How the terminal is set: the flags that say how lines and keys are taken.
  var settings: [UInt32] {
    var settings = termios()
    tcgetattr(master, &settings)
    return [settings.c_iflag, settings.c_oflag, settings.c_cflag, settings.c_lflag]
  }

  /// Waits until the screen is as wanted.
  ///
  /// - Returns: Whether it came to be so.
  func awaits(atMost seconds: Double = 60, _ isSo: (DrawnScreen) -> Bool) -> Bool {
    let end = Date().addingTimeInterval(seconds)
    while Date() < end {
      if isSo(screen) { return true }
      Thread.sleep(forTimeInterval: 0.02)
    }
    return isSo(screen)
  }

  private static let mark = "\u{1B}[0;0;0m"

  /// Waits for a process that was started here, and for all that it wrote.
  ///
  /// - Returns: Its exit status, or 128 and the number of the signal that ended it.
  func end(of process: Int32) -> Int32 {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    // What is written after it is read after all that it wrote.
    let mark = Array(Self.mark.utf8)
    _ = write(slave, mark, mark.count)
    _ = awaits { _ in shown.state.withLock { $0.written.suffix(mark.count).elementsEqual(mark) } }
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }
}

/// What a terminal shows of what was written to it: as much of its language as `graft` uses.
struct DrawnScreen: Sendable {
  private var cells: [[Character]] = [[]]
  private var column = 0
  private var row = 0
  private var rest: [UInt8] = []
  /// Whether the other screen is shown, and whether the cursor is.
  private(set) var isOther = false
  private(set) var hasCursor = true

  /// Line by line, without the spaces at their ends.
  var lines: [String] {
    cells.map { line in
      var line = line
      while line.last == " " { line.removeLast() }
      return String(line)
    }
  }

  var text: String { lines.joined(separator: "\n") }

  mutating func resize(columns: Int, rows: Int) {
    cells = Array(repeating: Array(repeating: " ", count: columns), count: rows)
    (column, row) = (0, 0)
  }

  mutating func take(_ bytes: some Sequence<UInt8>) {
    rest += bytes
    // A character or sequence whose end has not come waits for it.
    var text = ""
    for missing in 0...3 {
      guard let whole = String(validating: rest.dropLast(missing), as: UTF8.self) else { continue }
      text = whole
      break
    }
    rest = Array(rest.dropFirst(text.utf8.count))
    var scalars = Array(text.unicodeScalars)[...]
    while let scalar = scalars.first {
      if scalar == "\u{1B}" {
        guard let length = Self.sequence(scalars) else { break }
        perform(scalars.prefix(length))
        scalars = scalars.dropFirst(length)
      } else {
        scalars = scalars.dropFirst()
        put(scalar)
      }
    }
    var left = ""
    left.unicodeScalars.append(contentsOf: scalars)
    rest = Array(left.utf8) + rest
  }

  /// The length of `ESC [ ... letter`; nil where it is not whole.
  private static func sequence(_ scalars: ArraySlice<Unicode.Scalar>) -> Int? {
    guard scalars.count > 1 else { return nil }
    guard scalars[scalars.startIndex + 1] == "[" else { return 2 }
    return scalars.dropFirst(2).firstIndex { (0x40...0x7E).contains($0.value) }.map { $0 - scalars.startIndex + 1 }
  }

  private mutating func perform(_ sequence: ArraySlice<Unicode.Scalar>) {
    var parameters = ""
    parameters.unicodeScalars.append(contentsOf: sequence.dropFirst(2).dropLast())
    let numbers = parameters.split(separator: ";").map { Int($0) ?? 0 }
    switch (sequence.last, parameters) {
    case ("H", _):
      row = min(max(0, (numbers.first ?? 1) - 1), cells.count - 1)
      column = max(0, (numbers.count > 1 ? numbers[1] : 1) - 1)
    case ("J", "2"): cells = cells.map { $0.map { _ in " " } }
    case ("K", "2"): cells[row] = cells[row].map { _ in " " }
    case ("h", "?1049"), ("l", "?1049"): isOther = sequence.last == "h"
    case ("h", "?25"), ("l", "?25"): hasCursor = sequence.last == "h"
    default: break
    }
  }

  private mutating func put(_ scalar: Unicode.Scalar) {
    switch scalar {
    case "\r": column = 0
    case "\n": row = min(row + 1, cells.count - 1)
    default:
      if row < cells.count, column < cells[row].count { cells[row][column] = Character(scalar) }
      column += 1
    }
  }
}
