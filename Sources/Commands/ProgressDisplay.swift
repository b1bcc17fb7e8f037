import Executor
import Foundation
import Planner
import Store
import StudyView
import StudyWatch
import Synchronization
import WorkerProtocol

/// Shows a run to the person who started it: on a terminal a line a running stage and one for the whole, drawn over and
/// over; elsewhere a plain line for each thing that happens.
final class ProgressDisplay: RunObserver {
  private struct State {
    var running: [Int: (stage: Stage, progress: StageProgress?)] = [:]
    var counts = RunCounts()
    var estimate: Estimate?
    var drawnLines = 0
    var lastDrawn: ContinuousClock.Instant?
  }

  private let state = Mutex(State())
  private let isLive: Bool
  private let isColoured: Bool
  private let start = ContinuousClock.now
  /// Says nothing of single stages.
  private let isQuiet: Bool

  init(isQuiet: Bool = false, isLive: Bool = Console.isTerminal, isColoured: Bool = Console.wantsColour) {
    self.isQuiet = isQuiet
    self.isLive = isLive && !isQuiet
    self.isColoured = isColoured
  }

  /// Keeps a line of somebody else's above what is drawn.
  func note(_ line: String) {
    state.withLock { state in
      if isLive {
        draw(&state, above: line)
      } else if !isQuiet {
        Console.note(line)
      }
    }
  }

  func observe(_ event: RunEvent) {
    state.withLock { state in
      let line = take(event, into: &state)
      if isLive {
        draw(&state, above: line)
      } else if let line, !isQuiet {
        Console.note(line)
      }
    }
  }

  /// Enters the event into the state; the line that stays of it, if any.
  private func take(_ event: RunEvent, into state: inout State) -> String? {
    switch event {
    case .began(let counts, let recovery):
      state.counts = counts
      return Self.text(of: recovery)
    case .started(let stage, _, let slot):
      state.running[slot] = (stage, nil)
      return nil
    case .progressed(let stage, let slot, let progress):
      state.running[slot] = (stage, progress)
      return nil
    case .finished(let stage, let outcome, let seconds):
      remove(stage, from: &state)
      let numbers = outcome.metrics.map { "\($0.split) \($0.name) \(ProgressText.rounded($0.value))" }
      let result = (outcome.diverged ? ["diverged"] : []) + numbers
      let position = "\(state.counts.done + 1)/\(state.counts.total)"
      // On a terminal the bottom line counts; only what differs from the plain case is kept above it.
      if isLive { return outcome.diverged ? "\(stage.label): diverged" : nil }
      return "[\(position)] \(stage.label): done in \(spelledDuration(seconds))"
        + (result.isEmpty ? "" : ", " + result.joined(separator: ", "))
    case .failed(let stage, let failure, let retry):
      remove(stage, from: &state)
      let next = retry.map { "; tried again in \(spelledDuration($0 / .seconds(1)))" } ?? ""
      return coloured("\(stage.label): \(failure.failureClass.rawValue): \(failure.message)\(next)")
        + (retry == nil ? failure.remedy.map { "\n  help: \($0)" } ?? "" : "")
    case .stopped(let stage):
      remove(stage, from: &state)
      return isLive ? nil : "\(stage.label): stopped, to go on from its checkpoint"
    case .blocked: return nil
    case .stopping(.afterCheckpoint):
      return "stopping: running stages write their checkpoints (once more stops at once)"
    case .stopping(.atOnce): return "stopping at once"
    case .waiting(.workersElsewhere(let seconds)):
      return "a run on another machine was cut off; its workers end by themselves within \(spelledDuration(seconds)), "
        + "which is waited for"
    case .counted(let counts, let estimate):
      state.counts = counts
      state.estimate = estimate
      return nil
    case .ended:
      state.running = [:]
      return nil
    }
  }

  private func remove(_ stage: Stage, from state: inout State) {
    state.running = state.running.filter { $0.value.stage.key != stage.key }
  }

  private func coloured(_ text: String) -> String { isColoured ? "\u{1B}[31m\(text)\u{1B}[0m" : text }

  private static func text(of recovery: RecoveryReport) -> String? {
    var parts: [String] = []
    if recovery.endedWorkers > 0 { parts.append("\(recovery.endedWorkers) worker(s) of an earlier run ended") }
    if recovery.interruptedAttempts > 0 { parts.append("\(recovery.interruptedAttempts) interrupted stage(s) go on") }
    if !recovery.adopted.isEmpty { parts.append("\(recovery.adopted.count) finished stage(s) taken up") }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  /// Draws the lines again, at most ten times a second unless a line is to stay above them.
  private func draw(_ state: inout State, above line: String?) {
    let now = ContinuousClock.now
    if line == nil, let last = state.lastDrawn, now - last < .milliseconds(100), !state.running.isEmpty { return }
    state.lastDrawn = now
    let width = Console.size.columns
    var text = state.drawnLines > 0 ? "\u{1B}[\(state.drawnLines)A\u{1B}[J" : ""
    if let line { text += line + "\n" }
    var lines = state.running.sorted { $0.key < $1.key }.map { _, running in
      "  \(running.stage.label)\(running.progress.map { "  \(ProgressText.of($0))" } ?? "")"
    }
    lines = Array(lines.prefix(max(1, Console.size.rows - 3)))
    if !state.running.isEmpty { lines.append(overall(state)) }
    for line in lines { text += line.prefix(width - 1) + "\n" }
    state.drawnLines = lines.count
    if !text.isEmpty { FileHandle.standardError.write(Data(text.utf8)) }
  }

  private func overall(_ state: State) -> String {
    let counts = state.counts
    var text = "\(counts.done)/\(counts.total) stages done"
    if counts.failed > 0 { text += ", \(counts.failed) failed, \(counts.blocked) wait for them" }
    text += ", \(spelledDuration((ContinuousClock.now - start) / .seconds(1)))"
    if let estimate = state.estimate {
      text +=
        ", \(spelledDuration(estimate.seconds)) remaining"
        + " (\(spelledDuration(estimate.low)) to \(spelledDuration(estimate.high)))"
    }
    return text
  }
}
