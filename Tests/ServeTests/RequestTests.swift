import Foundation
import Serve
import Testing

/// Who may ask what, and how: Host, Origin, token, methods, paths, sizes.
@Suite(.serialized, .timeLimit(.minutes(3))) struct RequestTests {
  @Test func aNameThatIsNotTheServersIsRefused() async throws {
    let page = try await ServedPage(RunStudy(), names: ["graft.example"])
    let right = [
      "127.0.0.1:\(page.port)", "localhost", "LOCALHOST:8000", "localhost.:80", "[::1]:1", "127.9.9.9",
      "graft.example:443",
    ]
    for host in right {
      #expect(try await page.ask("/api/study", headers: ["Host": host]).status == 200, "\(host)")
    }
    let wrong = [
      "evil.example", "evil.example:\(page.port)", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1",
      "[::2]", "localhost:80:80", "localhost:x", "[::1", "[::1]x", "0x7f000001", "2130706433", "127.1", " ",
      "@localhost",
    ]
    for host in wrong {
      let reply = try await page.ask("/api/study", headers: ["Host": host])
      #expect(reply.status == 421, "\(host)")
      #expect(try reply.json()["help"]?.stringValue?.contains("graft serve") == true)
    }
    // None at all.
    #expect(try await page.ask("/", headers: ["Host": ""]).status == 421)
  }

  @Test func pagesOfOthersCannotAskOrAct() async throws {
    let page = try await ServedPage(RunStudy())
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1:\(page.port).evil.example"] {
      #expect(try await page.ask("/api/study", headers: ["Origin": origin]).status == 403, "\(origin)")
      #expect(try await page.act("/api/stop", headers: ["Origin": origin]).status == 403, "\(origin)")
    }
    for site in ["cross-site", "same-site"] {
      #expect(try await page.act("/api/stop", headers: ["Sec-Fetch-Site": site]).status == 403)
    }
    // What a form or a beacon can send is no JSON.
    for type in ["text/plain", "application/x-www-form-urlencoded", ""] {
      #expect(try await page.act("/api/stop", headers: ["Content-Type": type]).status == 415)
    }
  }

  @Test func whatActsNeedsTheToken() async throws {
    let page = try await ServedPage(RunStudy())
    #expect(page.token.count == 64)
    let wrong = [
      "", "Bearer", "Bearer ", "Bearer \(page.token.dropLast())", "Bearer \(page.token)0",
      "Bearer \(String(page.token.reversed()))", "Basic \(page.token)", page.token,
    ]
    for path in ["/api/stop", "/api/retry", "/api/read-again"] {
      for authorization in wrong {
        let reply = try await page.act(path, headers: ["Authorization": authorization])
        #expect(reply.status == 401, "\(path) \(authorization)")
      }
      // Nor does it help in the address.
      #expect(
        try await page.act("\(path)?token=\(page.token)", headers: ["Authorization": ""]).status == 401)
    }
    // With it there is nothing to stop or to retry.
    #expect(try await page.act("/api/stop").status == 409)
    #expect(try await page.act("/api/retry").status == 409)
    #expect(try await page.act("/api/read-again").status == 200)
    // A script has no origin.
    #expect(try await page.act("/api/stop", headers: ["Origin": "", "Sec-Fetch-Site": ""]).status == 409)
    // Another start, another token.
    #expect(try await ServedPage(RunStudy()).token != page.token)
  }

  @Test func methodsAreMinded() async throws {
    let page = try await ServedPage(RunStudy())
    for method in ["DELETE", "PUT", "OPTIONS", "TRACE", "POST"] {
      let headers = ["Authorization": "Bearer \(page.token)"]
      let reply = try await page.ask("/api/study", method: method, headers: headers)
      #expect(reply.status == 405 && reply.headers["allow"] == "GET, HEAD", "\(method)")
    }
    let stop = try await page.ask("/api/stop")
    #expect(stop.status == 405 && stop.headers["allow"] == "POST")
    let head = try await page.ask("/", method: "HEAD")
    let whole = try await page.ask("/")
    #expect(head.status == 200 && head.body.isEmpty && head.headers["content-length"] == "\(whole.body.count)")
  }

  @Test func thePageIsClosedToOthersScripts() async throws {
    let page = try await ServedPage(RunStudy())
    for path in ["/", "/page.css", "/page.js", "/icon.svg", "/api/study", "/nothing"] {
      let reply = try await page.ask(path)
      let policy = try #require(reply.headers["content-security-policy"])
      #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"))
      #expect(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"))
      #expect(reply.headers["x-content-type-options"] == "nosniff")
      #expect(reply.headers["referrer-policy"] == "no-referrer")
      #expect(reply.headers["access-control-allow-origin"] == nil)
      #expect(!reply.text.contains(page.token))
    }
    #expect(try await page.ask("/").headers["content-type"] == "text/html; charset=utf-8")
    #expect(try await page.ask("/page.js").headers["content-type"] == "text/javascript; charset=utf-8")
  }

  @Test func pathsStayWithinTheReport() async throws {
    let study = try RunStudy()
    try study.write("a secret", to: "secret.html")
    try study.write("<h1>report</h1>", to: "results/report.html")
    try study.write("<svg/>", to: "results/figures/figure-1.svg")
    try study.write("a secret", to: "results/.hidden.html")
    try study.write("a secret", to: "results/program.sh")
    let files = FileManager.default
    try files.createSymbolicLink(
      atPath: "\(study.root)/results/link.html", withDestinationPath: "\(study.root)/secret.html")
    try files.createSymbolicLink(atPath: "\(study.root)/results/out", withDestinationPath: study.root)
    try #require(mkfifo("\(study.root)/results/pipe.html", 0o600) == 0)
    let page = try await ServedPage(study)

    let report = try await page.ask("/report/report.html")
    #expect(report.status == 200 && report.text == "<h1>report</h1>")
    let policy = try #require(report.headers["content-security-policy"])
    #expect(!policy.contains("script-src") && policy.contains("default-src 'none'"))
    #expect(try await page.ask("/report/figures/figure-1.svg").headers["content-type"] == "image/svg+xml")
    #expect(try await page.ask("/report/figures%2Ffigure-1.svg").status == 404)
    let tag = try #require(report.headers["etag"])
    #expect(try await page.ask("/report/report.html", headers: ["If-None-Match": tag]).status == 304)

    let leadOut = [
      "/report/../secret.html", "/report/%2e%2e/secret.html", "/report/..%2fsecret.html",
      "/report/%2e%2e%2fsecret.html",
      "/report/figures/../../secret.html", "/report/.%2e/secret.html", "/report//etc/passwd",
      "/report/%2fetc%2fpasswd", "/report\(study.root)/secret.html", "/report/..\\secret.html",
      "/report/%5c..%5csecret.html", "/report/link.html", "/report/out/secret.html", "/report/.hidden.html",
      "/report/program.sh", "/report/pipe.html", "/report/report.html%00.svg", "/report/%252e%252e/secret.html",
      "/report/figures", "/report/", "/report", "/../../etc/passwd", "/%2e%2e/secret.html", "report/report.html",
      "//report/report.html", "/api/../report/report.html", "/report/%zz",
    ]
    for path in leadOut {
      let reply = try await page.ask(path)
      #expect(reply.status == 404, "\(path): \(reply.status)")
      #expect(!reply.text.contains("a secret") && !reply.text.contains("root:"), "\(path)")
    }
    let list = try await page.json("/api/report")
    #expect(list == ["files": ["figures/figure-1.svg", "report.html"], "page": true])
  }

  @Test func logsAreThoseOfTheStudy() async throws {
    let study = try RunStudy(fails: "train grading/resnet_micro/1.0/RI/0")
    try study.run()
    let page = try await ServedPage(study)
    let failure = try #require(try await page.json("/api/study")["failures"]?.arrayValue?.first)
    let key = try #require(failure["key"]?.stringValue)
    let attempt = try #require(failure["attempt"]?.intValue)
    let log = try await page.json("/api/log?key=\(key)&attempt=\(attempt)")
    #expect(log["text"]?.stringValue?.contains("looked for train grading") == true)
    let size = try #require(log["size"]?.intValue)
    let rest = try await page.json("/api/log?key=\(key)&attempt=\(attempt)&from=\(size - 3)")
    #expect(rest["text"]?.stringValue?.utf8.count == 3 && rest["next"]?.intValue == size)
    let wrong = [
      "key=\(key)&attempt=999", "key=../../secret&attempt=1", "key=\(key)&attempt=../1", "key=\(key)", "attempt=1",
      "key=\(String(repeating: "0", count: 64))&attempt=1", "key=\(key)&attempt=-1", "key=\(key)&attempt=1&from=x",
    ]
    for query in wrong {
      #expect([400, 404].contains(try await page.ask("/api/log?\(query)").status), "\(query)")
    }
    // A link in the place of a log is not followed.
    let path = "\(study.folder)/logs/\(key)/\(attempt).log"
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/etc/passwd")
    #expect(try await page.ask("/api/log?key=\(key)&attempt=\(attempt)").status == 404)
  }

  @Test func whatIsTooLargeIsRefused() async throws {
    let page = try await ServedPage(RunStudy())
    let large = String(repeating: "x", count: 20_000)
    #expect(try await page.act("/api/stop", "{\"at_once\": \"\(large)\"}").status == 413)
    #expect(try await page.ask("/api/study", headers: ["X-Long": large]).status == 431)
    #expect(try await page.ask("/\(large)").status == 414)
    #expect(
      try await page.act("/api/stop", headers: ["Transfer-Encoding": "chunked", "Content-Length": ""]).status == 411)
    for body in ["", "[]", "1", "{", "{\"at_once\": 1}", "{\"else\": 1}", String(repeating: "[", count: 9000)] {
      #expect(try await page.act("/api/stop", body).status == 400, "\(body.prefix(20))")
    }
    #expect(try await page.act("/api/retry", "{\"only\": 1}").status == 400)
    // What follows a refused body is not taken for a request.
    let smuggled = "GET /api/study HTTP/1.1\r\nHost: localhost\r\n\r\n"
    let text =
      "POST /api/stop HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30000\r\n\r\n\(smuggled)"
    let bytes = try await Connection(port: page.port).exchange(Array(text.utf8))
    #expect(String(decoding: bytes, as: UTF8.self).components(separatedBy: "HTTP/1.1 ").count == 2)
  }

  @Test func slowAndEndlessViewersAreEnded() async throws {
    var limits = ServeLimits()
    limits.patience = 2
    let page = try await ServedPage(RunStudy(), limits: limits)
    // One that says nothing, one that says a little now and then, one whose headers never end.
    let silent = try Connection(port: page.port)
    let slow = try Connection(port: page.port)
    slow.write(Array("GET / HTTP/1.1\r\n".utf8))
    let endless = try Connection(port: page.port)
    let writer = Thread {
      let line = Array("X-More: \(String(repeating: "y", count: 4000))\r\n".utf8)
      endless.write(Array("GET / HTTP/1.1\r\n".utf8))
      while endless.write(line) {}
    }
    writer.start()
    for _ in 0..<6 {
      slow.write(Array("X".utf8))
      try await Task.sleep(for: .milliseconds(300))
    }
    #expect(await silent.endsWithin(10))
    #expect(await slow.endsWithin(10))
    #expect(await endless.endsWithin(10))
    // Others were not held up, and are not.
    #expect(try await page.ask("/api/study").status == 200)
  }

  @Test func connectionsAreFew() async throws {
    var limits = ServeLimits()
    limits.connections = 4
    let page = try await ServedPage(RunStudy(), limits: limits)
    let held = try (0..<20).map { _ in try Connection(port: page.port) }
    var ended = 0
    for connection in held.reversed() where await connection.endsWithin(ended == 0 ? 6 : 1.5) { ended += 1 }
    #expect(ended >= 16)
    #expect(try await page.ask("/api/study").status == 200)
  }

  @Test func aPortInUseIsSaid() async throws {
    let study = try RunStudy()
    let page = try await ServedPage(study)
    let second = try StudyServer(
      study, first: try study.read(), host: "127.0.0.1", port: UInt16(page.port), names: [], reportFolder: study.root)
    await #expect(throws: ServeFault.self) { try await second.run(began: { _ in }, failed: { _ in }) }
    #expect(throws: ServeFault.self) {
      try StudyServer(
        study, first: try study.read(), host: "no such host", port: 0, names: [], reportFolder: study.root)
    }
  }
}
