import Foundation

/// The two streams that a command writes to. Answers go to standard output, everything else to standard error.
enum Console {
  static func write(_ text: String) {
    emit(text, to: 1)
  }

  static func writeLine(_ text: String) {
    emit(text + "\n", to: 1)
  }

  static func note(_ text: String) {
    emit(text + "\n", to: 2)
  }

  /// Writes all of the text; a reader that went away (a closed pipe) ends the process quietly, as it does other tools.
  private static func emit(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let written = Foundation.write(descriptor, rest.baseAddress, rest.count)
        if written > 0 {
          rest = rest.dropFirst(written)
        } else if errno == EINTR || errno == EAGAIN {
          continue
        } else {
          exit(descriptor == 1 && errno == EPIPE ? 0 : ExitStatus.cannotWrite.rawValue)
        }
      }
    }
  }

  /// Whether standard error is a terminal that can be drawn on.
  static var isTerminal: Bool {
    isatty(2) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  /// Whether colour is wanted: on a terminal, unless NO_COLOR is set to anything.
  static var wantsColour: Bool {
    isTerminal && allowsColour
  }

  /// Whether NO_COLOR is not set.
  static var allowsColour: Bool { (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty }

  /// Columns and rows of the terminal behind standard error; 80 x 24 where they are not known.
  static var size: (columns: Int, rows: Int) {
    var window = winsize()
    guard ioctl(2, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0, window.ws_row > 0 else { return (80, 24) }
    return (Int(window.ws_col), Int(window.ws_row))
  }
}

extension UnsafeBufferPointer<UInt8>.SubSequence {
  fileprivate var baseAddress: UnsafePointer<UInt8>? {
    base.baseAddress.map { $0 + startIndex }
  }
}
