import Foundation
import Planner
import Store
import StudyView
import StudyWatch

/// The study as all viewers together see it. The workspace is looked at when one of them asks and the last look is old enough:
/// once for all, and not at all while nobody watches.
actor LiveStudy {
  private let source: any ServedStudy
  private var study: WatchedStudy
  private var curves = ProgressCurves()
  private var nextLook: ContinuousClock.Instant
  /// Why what is shown may be from before.
  private var trouble: String?
  private var changedFile: String?
  /// How often the study file was read.
  private var reading = 1
  private var summary: Answer?
  /// What viewers were told since the last look.
  var told: [AskedNews: News] = [:]
  /// By the axes that they are along; made when asked for, and anew when cells stand otherwise.
  private var matrices: [MatrixAxes: Answer] = [:]
  /// Counts how often cells came to stand otherwise.
  private var change = 0

  private struct MatrixAxes: Hashable {
    let rows: String
    let columns: String?
  }

  /// The largest matrix that is sent: so many rows times columns.
  private static let largestMatrix = 40_000
  /// The most cells in one answer.
  static let mostCells = 500
  /// The most of a log in one answer, in bytes.
  static let logPart = 64 << 10
  /// So much of a log is read for the losses in it, in bytes.
  private static let curveLog = 1 << 20

  /// - Parameter first: The study as it was just read and looked at.
  init(_ source: any ServedStudy, first: WatchedStudy) {
    self.source = source
    study = first
    nextLook = .now
  }

  /// Looks at the workspace, where the last look is old enough.
  func look() {
    let begin = ContinuousClock.now
    guard begin >= nextLook else { return }
    do {
      if try study.look(at: .now) {
        change += 1
        matrices = [:]
      }
      trouble = nil
    } catch {
      trouble = "the workspace cannot be read now, and what is shown is from before: \(Self.line(error))"
    }
    takeCurves()
    changedFile = source.changedFile()
    summary = nil
    told = [:]
    let took = (ContinuousClock.now - begin) / .seconds(1)
    nextLook = begin + .seconds(WatchedStudy.pause(after: took))
  }

  private func takeCurves() {
    let workspace = ClosedFolder(path: study.folder)
    curves.take(study.running) { running in
      guard [.train, .pretrain].contains(running.stage.kind) else { return [] }
      let names = Self.logNames(running.stage.key, attempt: running.attempt.number)
      let text = workspace.file(names, from: nil, limit: Self.curveLog)
      return text.map { ProgressCurves.points(inLog: String(decoding: $0.bytes, as: UTF8.self)) } ?? []
    }
  }

  private static func logNames(_ key: StageKey, attempt: Int64) -> [String] { ["logs", key.hex, "\(attempt).log"] }

  private static func line(_ error: any Error) -> String {
    let text = (error as? ServeFault)?.message ?? "\(error)"
    return String(text.prefix { $0 != "\n" })
  }

  /// The study as a whole, what runs and what failed.
  func summaryAnswer() -> Answer {
    look()
    if let summary { return summary }
    let answer = Answer.json(
      study.summary(
        isStopping: study.holder != nil && StopRequest.isPending(in: study.folder), changedFile: changedFile,
        notices: source.notices + [trouble].compactMap(\.self), reading: reading, cellsTag: "\(reading)-\(change)"))
    summary = answer
    return answer
  }

  /// The cells counted along axes.
  func matrixAnswer(rows: String?, columns: String?) -> Answer {
    look()
    let viewpoint = Viewpoint(study.axes)
    guard let rows = rows ?? viewpoint.rowAxis ?? study.axes.first?.name else {
      return .fault(.notFound, "the study has no axes", remedy: nil)
    }
    let asked = MatrixAxes(rows: rows, columns: columns == "" ? nil : columns ?? viewpoint.columnAxis)
    if let known = matrices[asked] { return known }
    guard let rowAxis = axis(asked.rows) else { return noAxis(asked.rows) }
    var columnAxis: CellAxis?
    if let name = asked.columns {
      guard let found = axis(name) else { return noAxis(name) }
      columnAxis = name == asked.rows ? nil : found
    }
    guard rowAxis.values.count * (columnAxis?.values.count ?? 1) <= Self.largestMatrix else {
      return .fault(
        .unprocessableContent, "the axes \(asked.rows) and \(asked.columns ?? "-") make too large a matrix",
        remedy: "choose an axis of fewer values")
    }
    let answer = Answer.json(CellMatrix(study.cells, rows: rowAxis, columns: columnAxis).json)
    matrices[asked] = answer
    return answer
  }

  private func axis(_ name: String) -> CellAxis? { study.axes.first { $0.name == name } }

  private func noAxis(_ name: String) -> Answer {
    let names = study.axes.map(\.name)
    let guess = NearestName.of(name, among: names).map { "; did you mean \($0)?" } ?? ""
    return .fault(
      .badRequest, "the study has no axis '\(name)'\(guess)", remedy: "its axes are \(names.joined(separator: ", "))")
  }

  /// The cells that have these values of axes and stand like that, some of them.
  ///
  /// - Parameter values: By axes' names; `-` is that of cells without the axis.
  func cellsAnswer(values: [(axis: String, value: String)], standing: String?, from: Int, count: Int) -> Answer {
    look()
    var meant = study.cells.indices.filter { standing == nil || study.cells[$0].name == standing }
    for (name, value) in values {
      guard let axis = axis(name) else { return noAxis(name) }
      let position = axis.values.firstIndex(of: value).map { Int32($0) } ?? -1
      guard position >= 0 || value == CellMatrix.absent else {
        return .fault(
          .badRequest, "the axis \(name) has no value '\(value)'",
          remedy: "its values are \(axis.values.prefix(20).joined(separator: ", "))")
      }
      meant = meant.filter { axis.positions[$0] == position }
    }
    let shown = meant.dropFirst(max(0, from)).prefix(min(max(0, count), Self.mostCells))
    return .json([
      "count": .number(Double(meant.count)), "from": .number(Double(from)),
      "cells": .array(
        shown.map { place in
          ["cell": .string(study.plan.cells[place].id.text), "standing": .string(study.cells[place].name)]
        }),
    ])
  }

  /// A cell with its stages and what has become of them.
  func cellAnswer(_ name: String) -> Answer {
    look()
    guard let place = study.plan.cells.place(of: CellID(name)) else {
      return .fault(.notFound, "the study has no cell '\(name)'", remedy: "/api/cells lists them")
    }
    let plan = study.plan
    // What it needs comes first.
    let places = plan.stages.closure(of: plan.cells.stagePlaces(of: place).map { Int($0) })
    do {
      let workspace = try Workspace.openForReading(study.folder)
      let stages = try places.map { place -> JSONValue in
        if let dossier = try workspace.dossier(of: plan.stages.keys[place]) {
          return dossier.json(state: study.states[place])
        }
        return [
          "stage": .string(plan.stages.label(at: place)), "kind": .string(plan.stages.kinds[place].rawValue),
          "key": .string(plan.stages.keys[place].hex), "state": .string(study.states[place].rawValue),
          "attempts": [], "diverged": .null, "metrics": [], "history": [],
        ]
      }
      return .json(["cell": .string(name), "standing": .string(study.cells[place].name), "stages": .array(stages)])
    } catch {
      return .fault(.serviceUnavailable, "the workspace cannot be read now: \(Self.line(error))", remedy: "try again")
    }
  }

  /// What runs, as of the last look.
  var runningAttempts: [Int64] { study.running.map(\.attempt.number) }

  /// How a running attempt has come along.
  func curveAnswer(attempt: Int64) -> Answer {
    look()
    guard let points = curves.points(of: attempt) else {
      return .fault(.notFound, "no attempt \(attempt) runs now", remedy: "/api/study has those that do")
    }
    return .json(["attempt": .number(Double(attempt)), "points": .array(points.map(\.json))])
  }

  /// A part of what was logged of a stage of the study.
  ///
  /// - Parameter start: Its first byte; nil for the last part.
  func logAnswer(key: StageKey, attempt: Int64, from start: Int?) -> Answer {
    guard study.plan.stages.place(of: key) != nil else {
      return .fault(.notFound, "the study has no stage \(key.short)", remedy: "/api/cell has those of a cell")
    }
    let workspace = ClosedFolder(path: study.folder)
    guard let part = workspace.file(Self.logNames(key, attempt: attempt), from: start, limit: Self.logPart) else {
      return .fault(.notFound, "attempt \(attempt) of stage \(key.short) left no log", remedy: nil)
    }
    return .json([
      "text": .string(String(decoding: part.bytes, as: UTF8.self)), "from": .number(Double(part.from)),
      "next": .number(Double(part.from + part.bytes.count)), "size": .number(Double(part.size)),
    ])
  }

  /// Reads the study's files again and plans it; what is shown stays where they cannot be read.
  func readAgain() -> Answer {
    do {
      study = try source.read()
      reading += 1
      change += 1
      matrices = [:]
      told = [:]
      nextLook = .now
      return .json(["reading": .number(Double(reading))])
    } catch {
      let fault = error as? ServeFault
      return .fault(.unprocessableContent, "not read: \(fault?.message ?? Self.line(error))", remedy: fault?.remedy)
    }
  }

  /// Begins what a viewer asks for, where there is something to do it to.
  func begin(_ action: StudyAction) -> Answer {
    // As it is now.
    nextLook = .now
    look()
    switch action {
    case .stop where study.holder == nil:
      return .fault(.conflict, "no run goes on in \(study.folder)", remedy: "there is nothing to stop")
    case .retry where study.holder != nil:
      return .fault(
        .conflict, "a run goes on, and what failed is not tried again before it has ended",
        remedy: "wait until it has ended, or stop it")
    case .retry(let only):
      guard study.stages.failed > 0 else {
        return .fault(.conflict, "nothing failed", remedy: "`graft run` goes on with what is not done")
      }
      if let only {
        do {
          let filter = try CellFilter(only)
          guard study.plan.cells.places(matching: filter).contains(where: { study.cells[$0] == .failed }) else {
            return .fault(.conflict, "nothing failed of what '\(only)' matches", remedy: nil)
          }
        } catch {
          return .fault(.badRequest, "\(error)", remedy: nil)
        }
      }
    case .stop: break
    }
    do {
      let processID = try source.begin(action)
      nextLook = .now
      var answer = Answer.json(["began": .string(action.command), "process": .number(Double(processID))])
      answer.status = .accepted
      return answer
    } catch {
      let fault = error as? ServeFault
      return .fault(.conflict, fault?.message ?? "\(error)", remedy: fault?.remedy)
    }
  }
}
