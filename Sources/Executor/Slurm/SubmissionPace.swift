/// How many jobs of like needs Slurm is asked for, and when: learnt from what it takes and what it refuses.
///
/// A site limits what an account, a quality of service or a partition may have in many ways, and only some commands, where
/// slurmdbd is, tell of some of them. A refusal always tells. So the number of jobs that are out is lowered to where it was when
/// one more was refused, and now and then one more is tried.
package struct SubmissionPace: Sendable, Hashable {
  /// The most jobs of one submission: fewer after a refusal, more after a success.
  private var mostAtOnce = Int.max
  /// The most jobs that are to be out, in the queue and running.
  private var mostOut = Int.max
  /// Nothing is asked for before.
  private var nextTry: ContinuousClock.Instant?
  /// When one more than `mostOut` is tried.
  private var nextRaise: ContinuousClock.Instant?
  private var lastRefusal: ContinuousClock.Instant?
  private var wait = shortestWait
  /// Refusals in a row of a number that was taken before.
  private var surprises = 0
  /// Whether such jobs were ever taken.
  package private(set) var hasTaken = false

  package static let shortestWait = Duration.seconds(15)
  package static let longestWait = Duration.seconds(300)
  /// A job that has ended counts for Slurm until its node has cleared up.
  private static let clearingUp = Duration.seconds(5)

  package init() {}

  /// How many may be asked for now.
  ///
  /// - Parameters:
  ///   - out: How many such jobs are out.
  ///   - others: How many others are.
  package mutating func room(out: Int, others: Int, at now: ContinuousClock.Instant) -> Int {
    if out + others == 0, let lastRefusal, now >= lastRefusal + Self.shortestWait {
      // Nothing goes on meanwhile.
      nextTry = nil
      nextRaise = nextRaise.map { _ in now }
    }
    if let raise = nextRaise, now >= raise {
      nextRaise = nil
      mostOut = .max
      mostAtOnce = 1
    }
    if let nextTry, now < nextTry { return 0 }
    return max(0, min(mostAtOnce, mostOut == .max ? .max : mostOut - out))
  }

  /// Slurm took so many.
  package mutating func took(_ count: Int) {
    hasTaken = true
    surprises = 0
    nextTry = nil
    if mostOut == .max { wait = Self.shortestWait }
    if mostAtOnce <= count { mostAtOnce = count > .max / 2 ? .max : count * 2 }
  }

  /// It has no room for so many now.
  package mutating func foundNoRoom(for count: Int, out: Int, at now: ContinuousClock.Instant) {
    lastRefusal = now
    guard count <= 1 else {
      // A smaller array may fit at once.
      mostAtOnce = count / 2
      nextTry = now + .seconds(1)
      return
    }
    if out < mostOut, mostOut != .max, surprises < 2 {
      surprises += 1
      nextTry = now + Self.clearingUp
      return
    }
    surprises = 0
    mostAtOnce = 1
    mostOut = out
    nextTry = nil
    nextRaise = now + wait
    wait = min(wait * 2, Self.longestWait)
  }

  /// It refused such jobs as such, whatever their number.
  package mutating func wasRefused(at now: ContinuousClock.Instant) {
    lastRefusal = now
    nextTry = now + wait
    wait = min(wait * 2, Self.longestWait)
  }

  /// Its answer was lost: it may be that so many at once take too long.
  package mutating func heardNothing(of count: Int) { mostAtOnce = max(1, count / 2) }
}
