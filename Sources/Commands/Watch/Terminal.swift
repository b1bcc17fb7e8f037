import Foundation

/// The terminal while a command has it to itself: another screen, no cursor, keys as they are pressed.
///
/// However the command ends, the terminal is given back: by `giveBack`, and by the signals themselves, which need not wait for
/// whatever the command does just then. Suspended (Ctrl-Z), it is given back too, and taken again when the command goes on.
/// One at a time.
final class Terminal {
  /// What happened while `wait` waited.
  struct News {
    /// What was typed.
    var typed: [UInt8] = []
    /// Its size is another, or something else may have been drawn meanwhile.
    var mustRedraw = false
    /// Nobody is there any more.
    var isClosed = false
  }

  private let wake: Int32
  private var isTaken = true

  /// - Throws: `CommandFailure` where input and output are no terminal that can be drawn on.
  init() throws {
    guard isatty(STDOUT_FILENO) == 1 else {
      throw CommandFailure(
        .usage, "--watch draws on a terminal, and standard output is none",
        remedy: "for scripts: `graft status --format json`")
    }
    guard isatty(STDIN_FILENO) == 1 else {
      throw CommandFailure(
        .usage, "--watch takes keys, and standard input is no terminal",
        remedy: "leave its input alone, or use `graft status`")
    }
    guard ProcessInfo.processInfo.environment["TERM"] != "dumb" else {
      throw CommandFailure(
        .usage, "this terminal cannot be drawn on (TERM=dumb)", remedy: "`graft status` says it once")
    }
    var ends: [Int32] = [-1, -1]
    var before = termios()
    guard pipe(&ends) == 0, tcgetattr(STDIN_FILENO, &before) == 0 else {
      throw CommandFailure(.machineLacks, "the terminal cannot be used: \(String(cString: strerror(errno)))")
    }
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    wake = ends[0]
    taken.pointee = Taken(before: before, wake: ends[1])
    Signals.listen()
    taken.pointee.take()
  }

  /// Puts the terminal back as it was.
  func giveBack() {
    guard isTaken else { return }
    isTaken = false
    Signals.ignore()
    taken.pointee.giveBack()
    close(wake)
    close(taken.pointee.wake)
  }

  deinit { giveBack() }

  /// Columns and rows; 80 x 24 where they are not known.
  var size: (columns: Int, rows: Int) {
    var window = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0, window.ws_row > 0 else {
      return (80, 24)
    }
    return (Int(window.ws_col), Int(window.ws_row))
  }

  /// Waits until something happens, at most so many seconds.
  func wait(atMost seconds: Double) -> News {
    var news = News()
    var files = [
      pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0), pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
    ]
    guard poll(&files, 2, Int32(max(0, min(seconds, 3600)) * 1000)) > 0 else { return news }
    if files[1].revents != 0 {
      news.mustRedraw = true
      while !bytes(from: wake).isEmpty {}
    }
    if files[0].revents != 0 {
      news.typed = bytes(from: STDIN_FILENO)
      news.isClosed = news.typed.isEmpty && errno != EINTR && errno != EAGAIN
    }
    return news
  }

  private func bytes(from file: Int32) -> [UInt8] {
    errno = 0
    return [UInt8](unsafeUninitializedCapacity: 256) { buffer, count in
      count = max(0, read(file, buffer.baseAddress, buffer.count))
    }
  }

  /// Draws; what a terminal that is gone does not take is lost.
  func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)[...]
      while !rest.isEmpty {
        let part = UnsafeRawBufferPointer(rebasing: rest)
        let written = Foundation.write(STDOUT_FILENO, part.baseAddress, part.count)
        if written > 0 {
          rest = rest.dropFirst(written)
        } else if errno == EAGAIN {
          var file = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
          _ = poll(&file, 1, 1000)
        } else if errno != EINTR {
          return
        }
      }
    }
  }
}

/// What signal handlers need to know, in memory that they may look at in the middle of anything.
nonisolated(unsafe) private let taken: UnsafeMutablePointer<Taken> = {
  let pointer = UnsafeMutablePointer<Taken>.allocate(capacity: 1)
  pointer.initialize(to: Taken(before: termios(), wake: -1))
  return pointer
}()

/// How the terminal was, and how it is while it is taken. Nothing here allocates or locks: it is all done in signal handlers too.
private struct Taken {
  /// Another screen, cleared; no cursor.
  private static let begin: StaticString = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J"
  /// A frame that was cut off ended, looks and cursor and screen put back.
  private static let end: StaticString = "\u{1B}[?2026l\u{1B}[0m\u{1B}[?25h\u{1B}[?1049l"

  private var before: termios
  private var during: termios
  /// Written to when the screen has to be drawn again.
  let wake: Int32

  init(before: termios, wake: Int32) {
    self.before = before
    self.wake = wake
    during = before
    // Keys at once and unseen. Ctrl-C and Ctrl-Z stay signals.
    during.c_lflag &= ~tcflag_t(ICANON | ECHO | IEXTEN)
    during.c_iflag &= ~tcflag_t(IXON)
    withUnsafeMutableBytes(of: &during.c_cc) { characters in
      characters[Int(VMIN)] = 1
      characters[Int(VTIME)] = 0
    }
  }

  mutating func take() {
    // First this, which stops a process that is not in the foreground before it draws.
    tcsetattr(STDIN_FILENO, TCSANOW, &during)
    Self.write(Self.begin)
    redraw()
  }

  mutating func giveBack() {
    Self.write(Self.end)
    tcsetattr(STDIN_FILENO, TCSANOW, &before)
  }

  func redraw() {
    var byte: UInt8 = 0
    _ = Foundation.write(wake, &byte, 1)
  }

  private static func write(_ text: StaticString) {
    _ = Foundation.write(STDOUT_FILENO, text.utf8Start, text.utf8CodeUnitCount)
  }
}

/// Which signals are minded while the terminal is taken; what they do stands below.
private enum Signals {
  private static let ending = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
  private static let others = [SIGTSTP, SIGCONT, SIGWINCH]

  static func listen() {
    for number in ending { set(number, end) }
    set(SIGTSTP, suspend)
    set(SIGCONT, goOn)
    set(SIGWINCH, resize)
  }

  static func ignore() {
    for number in ending + others { set(number, SIG_DFL) }
  }

  static func set(_ number: Int32, _ handler: __sighandler_t?) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = handler
    // A process that suspends itself has to take that signal within its handler.
    action.sa_flags = SA_RESTART | SA_NODEFER
    sigaction(number, &action, nil)
  }
}

private func end(_ signal: Int32) {
  taken.pointee.giveBack()
  _exit(ExitStatus.stopped.rawValue)
}

private func suspend(_ signal: Int32) {
  let code = errno
  taken.pointee.giveBack()
  Signals.set(SIGTSTP, SIG_DFL)
  raise(SIGTSTP)
  // It goes on here, or was not stopped: one whose parent could not let it go on is not.
  Signals.set(SIGTSTP, suspend)
  taken.pointee.take()
  errno = code
}

/// It may have been stopped by a signal that nobody hears.
private func goOn(_ signal: Int32) {
  let code = errno
  taken.pointee.take()
  errno = code
}

private func resize(_ signal: Int32) {
  let code = errno
  taken.pointee.redraw()
  errno = code
}
