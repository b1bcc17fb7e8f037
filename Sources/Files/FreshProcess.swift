import Foundation

/// Starts programs that begin with no signal ignored or held back, whatever this process does with its own.
public enum FreshProcess {
  /// Why one was not started, as an error number.
  public struct Failure: Error {
    public let code: Int32
  }

  /// - Parameters:
  ///   - path: The program.
  ///   - arguments: Without the name that it goes by, which is its path.
  ///   - environment: All of its variables.
  ///   - flags: Of `posix_spawnattr_setflags`, beside those for signals: a process group or a session of its own.
  ///   - files: Says what its descriptors are.
  /// - Returns: Its number.
  public static func start(
    _ path: String, _ arguments: [String], environment: [String: String], flags: Int16,
    files: (inout posix_spawn_file_actions_t) -> Void
  ) throws(Failure) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    files(&actions)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var nothing = sigset_t()
    sigemptyset(&nothing)
    posix_spawnattr_setsigmask(&attributes, &nothing)
    var handled = sigset_t()
    sigemptyset(&handled)
    for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD] { sigaddset(&handled, number) }
    posix_spawnattr_setsigdefault(&attributes, &handled)
    posix_spawnattr_setflags(&attributes, flags | Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let argumentTexts = ([path] + arguments).map { strdup($0) } + [nil]
    let environmentTexts = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argumentTexts + environmentTexts { free(text) } }
    var processID = pid_t()
    let code = posix_spawn(&processID, path, &actions, &attributes, argumentTexts, environmentTexts)
    guard code == 0 else { throw Failure(code: code) }
    return processID
  }
}
