import Foundation

/// How many files and connections this process may hold open.
enum DescriptorLimit {
  /// What a run holds beside its workers' conversations: the database and its log, the lock, files that are hashed.
  static let own = 64

  /// Raises the soft limit where it is too low, as far as the hard one lets it.
  ///
  /// - Throws: `RunError.tooFewDescriptors` where that is not far enough.
  static func ensure(_ needed: Int) throws(RunError) {
    var limits = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else { return }
    if limits.rlim_cur >= UInt(needed) { return }
    guard limits.rlim_max >= UInt(needed) else {
      throw .tooFewDescriptors(limit: Int(limits.rlim_max), needed: needed)
    }
    limits.rlim_cur = UInt(needed)
    guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else {
      throw .tooFewDescriptors(limit: Int(limits.rlim_cur), needed: needed)
    }
  }
}
