import Foundation
import Planner
import Store
import StudyView
import StudyWatch

/// `graft status --watch`: a study on the whole terminal, kept up to date.
struct StatusWatch {
  private let arguments: StudyArguments
  private let rows: String?
  private let columns: String?

  init(_ arguments: StudyArguments, rows: String?, columns: String?) {
    self.arguments = arguments
    self.rows = rows
    self.columns = columns
  }

  /// Shows the study until it is told to end.
  ///
  /// - Throws: `CommandFailure` where the study or the workspace cannot be read at first.
  func run() throws {
    // What is wrong is said as any command says it, before the screen is taken.
    var (study, files) = try read()
    var viewpoint = try viewpoint(of: study.axes)
    _ = try explaining { try study.look(at: .now) }
    let terminal = try Terminal()
    defer { terminal.giveBack() }
    var update = ScreenUpdate(isColoured: Console.allowsColour)
    var keys = KeyReader()
    var matrix = study.matrix(viewpoint)
    var trouble: String?
    var changedFile: String?
    var nextLook = ContinuousClock.now + .seconds(WatchedStudy.pause)

    func draw(_ notice: String? = nil) -> StudyFrame {
      var moment = study.moment(at: .now)
      if let changedFile {
        moment.notices.append("\((changedFile as NSString).lastPathComponent) has changed: r reads it again")
      }
      if let notice = notice ?? trouble { moment.notices.append(notice) }
      let size = terminal.size
      let frame = StudyFrame(
        moment, cells: study.tally, matrix: matrix, viewpoint, width: size.columns, height: size.rows)
      terminal.write(update.sequence(for: frame))
      return frame
    }

    while true {
      let frame = draw()
      viewpoint.settle(in: frame)
      // Times go on, so that it is drawn each second in any case.
      let left = (nextLook - .now) / .seconds(1)
      let news = terminal.wait(atMost: min(WatchedStudy.pause, max(0, left)))
      if news.isClosed { return }
      if news.mustRedraw { update.forget() }
      for key in keys.take(news.typed) {
        switch viewpoint.take(key, seeing: frame) {
        case .nothing: break
        case .end: return
        case .redraw: update.forget()
        case .readAgain:
          _ = draw("reading the study ...")
          do {
            var (fresh, freshFiles) = try read()
            changedFile = freshFiles.changed()
            _ = try explaining { try fresh.look(at: .now) }
            (study, files) = (fresh, freshFiles)
            viewpoint.adapt(to: study.axes)
            trouble = nil
          } catch {
            trouble = "not read, and what is shown is from before: \(Self.line(error))"
          }
        }
        matrix = study.matrix(viewpoint)
      }
      guard ContinuousClock.now >= nextLook else { continue }
      let begin = ContinuousClock.now
      changedFile = files.changed()
      do {
        if try explaining({ try study.look(at: .now) }) {
          matrix = study.matrix(viewpoint)
          trouble = nil
        }
      } catch {
        trouble = "cannot be read now: \(Self.line(error))"
      }
      let took = (ContinuousClock.now - begin) / .seconds(1)
      nextLook = begin + .seconds(WatchedStudy.pause(after: took))
    }
  }

  /// Reads the study and plans it.
  ///
  /// - Throws: `CommandFailure` where it cannot be read.
  private func read() throws -> (WatchedStudy, WatchedFiles) {
    let loaded = try arguments.load()
    let workspace = try workspaceForReading(loaded.workspaceFolder)
    let files = WatchedFiles(of: loaded.file)
    return (WatchedStudy(try loaded.plan(in: workspace), in: workspace), files)
  }

  private static func line(_ error: any Error) -> String {
    let text = (error as? CommandFailure)?.message ?? "\(error)"
    return String(text.prefix { $0 != "\n" })
  }

  /// - Throws: `CommandFailure` 64 for an axis that the study does not have.
  private func viewpoint(of axes: [CellAxis]) throws -> Viewpoint {
    let names = axes.map(\.name)
    for (option, name) in [("--rows", rows), ("--columns", columns)] {
      guard let name, !names.contains(name) else { continue }
      let guess = NearestName.of(name, among: names).map { "; did you mean \($0)?" } ?? ""
      throw CommandFailure(
        .usage, "\(option): the study has no axis '\(name)'\(guess)",
        remedy: "its axes are \(names.joined(separator: ", "))")
    }
    if let rows, rows == columns {
      throw CommandFailure(
        .usage, "--rows and --columns: both are '\(rows)'", remedy: "its axes are \(names.joined(separator: ", "))")
    }
    var viewpoint = Viewpoint(axes)
    viewpoint.show(rows: rows, columns: columns)
    return viewpoint
  }
}

extension WatchedStudy {
  /// The cells along the axes that are looked at; nil where there is none.
  fileprivate func matrix(_ viewpoint: Viewpoint) -> CellMatrix? {
    func axis(_ name: String?) -> CellAxis? { axes.first { $0.name == name } }
    return axis(viewpoint.rowAxis).map { CellMatrix(cells, rows: $0, columns: axis(viewpoint.columnAxis)) }
  }
}
