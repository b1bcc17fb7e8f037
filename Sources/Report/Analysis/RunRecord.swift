import Planner
import Store

/// When a study's stages ran and where, made ready to be drawn and told.
package struct RunRecord: Sendable {
  /// An attempt on the slot that it is drawn on.
  package struct Bar: Sendable {
    package let attempt: AttemptOfWork
    /// Its place in `slots`.
    package let slot: Int
    /// Seconds from the first start, idle times left out.
    package let start: Double
    package let end: Double
  }

  /// In the order of their starts; those whose end was not seen are not among them.
  package let bars: [Bar]
  /// What ran one after another: a name for each, by machine and device.
  package let slots: [String]
  /// Where idle time is left out, in seconds as the bars have them, and how long it was.
  package let pauses: [(at: Double, seconds: Double)]
  /// From the first start to the last end, with idle times.
  package let wholeSeconds: Double
  /// Without them.
  package let busySeconds: Double

  /// Times longer than this in which nothing ran are left out.
  static let longestIdle = 600.0

  package init(_ attempts: [AttemptOfWork]) {
    let ended = attempts.filter { $0.course.finished != nil }.sorted {
      ($0.course.started, $0.course.number) < ($1.course.started, $1.course.number)
    }
    var pauses: [(at: Double, seconds: Double)] = []
    var starts: [(slot: Int, start: Double)] = []
    starts.reserveCapacity(ended.count)
    var slots: [(place: Int, index: Int, free: Timestamp)] = []
    var places = Places()
    var leftOut = 0.0
    let first = ended.first?.course.started
    var last = first
    for attempt in ended {
      let course = attempt.course
      guard let first, let finished = course.finished, let latest = last else { continue }
      let idle = course.started.seconds(since: latest)
      if idle > Self.longestIdle {
        pauses.append((at: latest.seconds(since: first) - leftOut, seconds: idle))
        leftOut += idle
      }
      last = max(latest, finished)
      let place = places.index(of: course)
      let slot =
        slots.firstIndex { $0.place == place && $0.free <= course.started }
        ?? {
          slots.append((place, places.nextSlot(of: place), first))
          return slots.count - 1
        }()
      slots[slot].free = finished
      starts.append((slot, course.started.seconds(since: first) - leftOut))
    }
    self.pauses = pauses
    wholeSeconds = first.flatMap { first in last.map { $0.seconds(since: first) } } ?? 0
    busySeconds = wholeSeconds - leftOut
    // Slots of one place stand together.
    let all = places.all
    let order = slots.indices.sorted {
      (all[slots[$0].place].name, slots[$0].index) < (all[slots[$1].place].name, slots[$1].index)
    }
    var newPlaces = Array(repeating: 0, count: slots.count)
    for (new, old) in order.enumerated() { newPlaces[old] = new }
    self.slots = order.map { old in
      let place = all[slots[old].place]
      return place.slots == 1 ? place.name : "\(place.name) #\(slots[old].index + 1)"
    }
    bars = zip(ended, starts).map { attempt, own in
      let seconds = attempt.course.finished?.seconds(since: attempt.course.started) ?? 0
      return Bar(attempt: attempt, slot: newPlaces[own.slot], start: own.start, end: own.start + seconds)
    }
  }

  /// Machines with their devices: many attempts run on few.
  private struct Places {
    struct Place {
      let host: String
      let device: String
      let name: String
      var slots = 0
    }

    private(set) var all: [Place] = []

    mutating func index(of course: AttemptCourse) -> Int {
      if let known = all.firstIndex(where: { $0.device == course.device && $0.host == course.host }) { return known }
      let name = [course.host, course.device].filter { !$0.isEmpty }.joined(separator: " ")
      all.append(Place(host: course.host, device: course.device, name: name))
      return all.count - 1
    }

    mutating func nextSlot(of index: Int) -> Int {
      all[index].slots += 1
      return all[index].slots - 1
    }
  }

  /// How many attempts ran at a time, in seconds, of each kind.
  package struct Moment: Sendable {
    package let time: Double
    package let counts: [Int]
  }

  /// How many attempts ran at once, by kind, at evenly spaced times.
  package func running(_ kinds: [StageKind], times: Int) -> [Moment] {
    let positions = Dictionary(kinds.enumerated().map { ($1, $0) }) { first, _ in first }
    var changes = [[Int]](repeating: Array(repeating: 0, count: kinds.count), count: times + 1)
    let step = busySeconds / Double(max(1, times - 1))
    guard step > 0 else { return [] }
    for bar in bars {
      guard let kind = positions[bar.attempt.kind] else { continue }
      let first = Int((bar.start / step).rounded(.up))
      let end = Int((bar.end / step).rounded(.up))
      guard first < end, first <= times else { continue }
      changes[first][kind] += 1
      changes[min(times, end)][kind] -= 1
    }
    var counts = Array(repeating: 0, count: kinds.count)
    return (0..<times).map { index in
      for kind in kinds.indices { counts[kind] += changes[index][kind] }
      return Moment(time: Double(index) * step, counts: counts)
    }
  }
}
