import Foundation
import Planner
import Serve
import Testing

/// What the page is told, and what acts.
@Suite(.serialized, .timeLimit(.minutes(3))) struct DataTests {
  @Test func aStudyThatIsDone() async throws {
    let study = try RunStudy()
    #expect(try study.run() == 0)
    let page = try await ServedPage(study)
    let summary = try await page.json("/api/study")
    #expect(summary["study"] == "small" && summary["run"] == .null && summary["estimate"] == .null)
    #expect(summary["cells"] == ["all": 12, "done": 12, "running": 0, "failed": 0])
    #expect(summary["stages"] == ["all": 28, "done": 28, "running": 0, "failed": 0, "held": 0])
    #expect(summary["running"] == [] && summary["failures"] == [] && summary["notices"] == [])
    #expect(summary["rows"] == "init" && summary["columns"] == "backbone")
    #expect(
      summary["axes"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
        == ["dataset", "backbone", "fraction", "init", "seed"])

    // Nothing changed: nothing is sent.
    let first = try await page.ask("/api/study")
    let tag = try #require(first.headers["etag"])
    try await Task.sleep(for: .seconds(1.2))
    let second = try await page.ask("/api/study", headers: ["If-None-Match": tag])
    #expect(second.status == 304 && second.body.isEmpty && second.headers["etag"] == tag)
    #expect(try await page.ask("/api/study", headers: ["If-None-Match": "\"other\""]).status == 200)
    let script = try await page.ask("/page.js")
    let same = try await page.ask("/page.js", headers: ["If-None-Match": script.headers["etag"] ?? ""])
    #expect(same.status == 304)
  }

  @Test func cellsAlongChosenAxes() async throws {
    let study = try RunStudy(fails: "train grading/vit_micro/1.0/ST/1")
    #expect(try study.run() == 1)
    let page = try await ServedPage(study)
    // All, done, running, failed.
    let usual = try await page.json("/api/matrix")
    #expect(usual["rows"] == ["axis": "init", "values": ["RI", "ST", "WT"]])
    #expect(usual["columns"] == ["axis": "backbone", "values": ["resnet_micro", "vit_micro"]])
    #expect(
      usual["entries"] == [
        [[2, 2, 0, 0], [2, 2, 0, 0]], [[2, 2, 0, 0], [2, 1, 0, 1]], [[2, 2, 0, 0], [2, 2, 0, 0]],
      ])
    #expect(usual["whole"] == [12, 11, 0, 1] && usual["of_row"] == [[4, 4, 0, 0], [4, 3, 0, 1], [4, 4, 0, 0]])
    let other = try await page.json("/api/matrix?rows=seed&columns=init")
    #expect(
      other["entries"] == [
        [[2, 2, 0, 0], [2, 2, 0, 0], [2, 2, 0, 0]], [[2, 2, 0, 0], [2, 1, 0, 1], [2, 2, 0, 0]],
      ])
    let single = try await page.json("/api/matrix?rows=seed&columns=")
    #expect(single["columns"] == .null && single["entries"] == [[[6, 6, 0, 0]], [[6, 5, 0, 1]]])
    let wrong = try await page.ask("/api/matrix?rows=sede")
    #expect(wrong.status == 400)
    #expect(try wrong.json()["error"] == "the study has no axis 'sede'; did you mean seed?")

    let failed = try await page.json("/api/cells?standing=failed")
    #expect(failed["count"] == 1)
    #expect(failed["cells"] == [["cell": "grading/vit_micro/1.0/ST/1", "standing": "failed"]])
    let some = try await page.json("/api/cells?init=ST&backbone=vit_micro&from=1&count=1")
    #expect(some["count"] == 2 && some["cells"]?.arrayValue?.count == 1)
    #expect(try await page.ask("/api/cells?colour=red").status == 400)
    #expect(try await page.ask("/api/cells?init=XY").status == 400)
    #expect(try await page.ask("/api/cells?count=many").status == 400)

    let cell = try await page.json("/api/cell?cell=grading/vit_micro/1.0/ST/1")
    let stages = try #require(cell["stages"]?.arrayValue)
    #expect(stages.map { $0["kind"] } == ["dataset", "dataset", "pretrain", "train", "test"])
    #expect(stages.map { $0["state"] } == ["done", "done", "done", "failed", "waiting"])
    let attempt = try #require(stages[3]["attempts"]?.arrayValue?.last)
    #expect(attempt["class"] == "data" && attempt["help"] == "leave GRAFT_HOLLOW_FAILS empty" && attempt["log"] == true)
    #expect(stages[2]["history"]?.arrayValue?.count == 3)
    #expect(try await page.ask("/api/cell?cell=none").status == 404)

    let failure = try #require(try await page.json("/api/study")["failures"]?.arrayValue?.first)
    #expect(failure["stage"] == "train grading/vit_micro/1.0/ST/1" && failure["class"] == "data")
    #expect(failure["message"] == "train grading/vit_micro/1.0/ST/1 was told to fail")
    #expect(failure["help"] == "leave GRAFT_HOLLOW_FAILS empty")
  }

  @Test func aRunIsSeenAndStopped() async throws {
    let study = try RunStudy(seconds: 8)
    let run = try study.begin()
    defer { run.terminate() }
    let page = try await ServedPage(study)
    let summary = try await page.awaitSummary { summary in
      summary["running"]?.arrayValue?.contains { ($0["progress"]?["fraction"]?.doubleValue ?? 0) > 0.1 } ?? false
    }
    #expect(summary["run"]?["process"]?.intValue == Int(run.processIdentifier))
    #expect(summary["stopping"] == false)
    let work = try #require(summary["running"]?.arrayValue?.first { $0["progress"] != .null })
    #expect(work["told"]?.stringValue?.hasPrefix("epoch ") == true && work["device"] == "cpu")
    let attempt = try #require(work["attempt"]?.intValue)
    // What its log says of the time before anybody watched, and what it told since: on a busy machine the first comes late.
    let curve = try await page.await("/api/curve?attempt=\(attempt)") { ($0["points"]?.arrayValue?.count ?? 0) > 1 }
    let points = try #require(curve["points"]?.arrayValue)
    #expect(points.count > 1, "\(points)")
    let losses = points.compactMap { $0.arrayValue?[2].doubleValue }
    #expect(losses.count == points.count && losses.allSatisfy { $0 > 0 && $0 < 3 })
    #expect(try await page.ask("/api/curve?attempt=9999").status == 404)
    // While it goes on, what failed is its own to try again.
    let retry = try await page.act("/api/retry")
    #expect(retry.status == 409 && retry.text.contains("a run goes on"))

    let stop = try await page.act("/api/stop", "{\"at_once\": true}")
    #expect(stop.status == 202, "\(stop.text)")
    #expect(try stop.json()["began"] == "stop")
    let after = try await page.awaitSummary { $0["run"] == .null && $0["notices"] != [] }
    run.waitUntilExit()
    #expect(run.terminationStatus == 130)
    #expect(after["running"] == [] && after["cells"]?["done"] == 0)
    #expect(after["notices"] == ["`graft stop`: it has ended; `graft run` goes on"])
    #expect(try await page.act("/api/stop").status == 409)
  }

  @Test func whatFailedIsRunAgain() async throws {
    let study = try RunStudy(fails: "train grading/vit_micro")
    #expect(try study.run() == 1)
    setenv("GRAFT_WORKER", try RunStudy.program("graft-hollow-worker"), 1)
    defer { unsetenv("GRAFT_WORKER") }
    let page = try await ServedPage(study)
    #expect(try await page.json("/api/study")["cells"] == ["all": 12, "done": 6, "running": 0, "failed": 6])
    #expect(try await page.act("/api/retry", "{\"only\": \"colour=red\"}").status == 400)
    #expect(try await page.act("/api/retry", "{\"only\": \"backbone=resnet_micro\"}").status == 409)
    // A part of it, then the rest; nothing makes it fail now.
    let part = try await page.act("/api/retry", "{\"only\": \"backbone=vit_micro,init=RI\"}")
    #expect(part.status == 202, "\(part.text)")
    let half = try await page.awaitSummary { $0["run"] == .null && $0["notices"] != [] }
    #expect(half["cells"] == ["all": 12, "done": 8, "running": 0, "failed": 4], "\(half)")
    #expect(try await page.act("/api/retry").status == 202)
    let all = try await page.awaitSummary { $0["cells"]?["done"] == 12 && $0["run"] == .null }
    #expect(all["failures"] == [])
    #expect(try await page.act("/api/retry").status == 409)
  }

  @Test func anEditIsReadWhenThatIsWanted() async throws {
    let study = try RunStudy()
    #expect(try study.run() == 0)
    let page = try await ServedPage(study)
    try study.write(RunStudy.text.replacing("seeds: 2", with: "seeds: 3"), to: "small.yaml")
    let changed = try await page.awaitSummary { $0["changed_file"] == "small.yaml" }
    #expect(changed["cells"]?["all"] == 12 && changed["reading"] == 1)
    #expect(try await page.act("/api/read-again").status == 200)
    let fresh = try await page.json("/api/study")
    #expect(fresh["cells"]?["all"] == 18 && fresh["reading"] == 2 && fresh["cells"]?["done"] == 12)
    #expect(try await page.json("/api/matrix?rows=seed&columns=")["rows"]?["values"] == ["0", "1", "2"])
    // What cannot be read changes nothing.
    try study.write("study: [", to: "small.yaml")
    let refused = try await page.act("/api/read-again")
    #expect(refused.status == 422 && refused.text.contains("not read"))
    #expect(try await page.json("/api/study")["cells"]?["all"] == 18)
  }

  @Test func aViewerIsToldWhatChanges() async throws {
    let study = try RunStudy(seconds: 3)
    var limits = ServeLimits()
    limits.patience = 4
    let page = try await ServedPage(study, limits: limits)
    let connection = try Connection(port: page.port)
    connection.write(Array("GET /api/events?rows=init&columns= HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
    let run = try study.begin()
    defer { run.terminate() }
    func events(_ text: String, _ name: String) -> [JSONValue] {
      text.components(separatedBy: "event: \(name)\ndata: ").dropFirst().compactMap {
        try? JSONValue(json: String($0.prefix { $0 != "\n" }))
      }
    }
    // Longer than an idle connection may last.
    let text = await connection.text(for: 9)
    #expect(text.contains("Content-Type: text/event-stream"))
    let summaries = events(text, "study")
    #expect(summaries.count > 2 && summaries.allSatisfy { $0["study"] == "small" })
    #expect(summaries.first?["run"] == .null && summaries.last?["run"] != .null)
    let matrices = events(text, "matrix")
    #expect(matrices.first?["whole"] == [12, 0, 0, 0] && matrices.count > 1)
    #expect(matrices.allSatisfy { $0["columns"] == .null && $0["rows"]?["axis"] == "init" })
    let curves = events(text, "curve")
    #expect(!curves.isEmpty && Set(curves.map { $0["attempt"] }).count == curves.count)
    #expect(!events(text, "time").isEmpty)
    let wrong = try await page.ask("/api/events", method: "POST", headers: ["Authorization": "Bearer \(page.token)"])
    #expect(wrong.status == 405)
  }

  /// Nobody watches: nobody looks.
  @Test func theWorkspaceIsLeftAloneUnlessSomebodyAsks() async throws {
    let study = try RunStudy()
    #expect(try study.run() == 0)
    let page = try await ServedPage(study)
    _ = try await page.json("/api/study")

    // Whoever looks reads files; what this process reads is counted by the system.
    func reads() throws -> Int {
      let text = try String(contentsOfFile: "/proc/self/io", encoding: .utf8)
      let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("syscr: ") })
      return try #require(Int(line.dropFirst(7)))
    }
    try await Task.sleep(for: .seconds(1.5))
    let before = try reads()
    try await Task.sleep(for: .seconds(3))
    #expect(try reads() - before < 30)
  }
}
