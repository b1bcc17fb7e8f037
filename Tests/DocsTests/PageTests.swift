import DocPages
import Foundation
import Testing

/// How pages are read: docs/pages.md.
@Suite struct PageTests {
  private static let fence = "```"

  private func page(_ text: String) throws -> Page {
    try Page(name: "p.md", text: text.replacing("~~~", with: Self.fence))
  }

  @Test func blocksAreStepsInOrder() throws {
    let page = try page(
      """
      # Title
      <!-- docs: run
      mkdir a
      -->
      ~~~sh
      cd a
      ls
      ~~~
      <!-- docs: status 65 -->
      ~~~console
      $ one
      printed
      $ two \\
      > more
      ~~~
      <!-- docs: file x.yaml -->
      ~~~yaml
      study: x
      ~~~
      ~~~text
      nothing
      ~~~

      """)
    #expect(
      page.steps == [
        Page.Step(line: 3, action: .script("mkdir a")),
        Page.Step(line: 6, action: .script("cd a\nls")),
        Page.Step(line: 11, action: .command("one", prints: ["printed"])),
        Page.Step(line: 13, action: .command("two \\\nmore", prints: []), status: 65),
        Page.Step(line: 17, action: .file(name: "x.yaml", text: "study: x\n")),
      ])
  }

  @Test func whatIsNotRunHasItsReason() throws {
    let page = try page(
      """
      <!-- docs: not run: it needs a GPU -->
      ~~~sh
      nvidia-smi
      ~~~
      <!-- docs: slow: hours -->
      ~~~sh
      true
      ~~~
      <!-- docs: page not run: a cluster -->
      ~~~sh
      sbatch
      ~~~
      1. in a list
         ~~~sh
         squeue
         ~~~

      """)
    #expect(page.unrun.map(\.reason) == ["it needs a GPU", "a cluster", "a cluster"])
    #expect(page.steps.map(\.slow) == ["hours"])
  }

  @Test(arguments: [
    ("~~~\ngraft run x\n~~~\n", "p.md:1: error: commands in a block that is not run"),
    ("text\n~~~sh\ntrue\n", "p.md:2: error: what begins here is never closed"),
    ("<!-- docs: nut run: why -->\n", "p.md:1: error: 'nut run: why' is no directive"),
    ("~~~cosnole\n$ a\n~~~\n", "p.md:1: error: blocks in 'cosnole' are not known"),
    ("~~~console\nprinted\n~~~\n", "p.md:2: error: a console block begins with a command"),
  ])
  func faultsSayWhere(text: String, error: String) {
    let fault = #expect(throws: Page.Fault.self) { try page(text) }
    #expect(fault.map { "\($0)".hasPrefix(error) } == true, "\(fault.map { "\($0)" } ?? "")")
  }

  @Test(arguments: [
    ("a\nb\n", ["a", "b"], true), ("a\nb\n", ["a"], false), ("a  \n\n", ["a"], true), ("", [], true),
    ("a\nb\nc\n", ["...", "c"], true), ("c\n", ["...", "c"], true), ("a\nb\nc\n", ["a", "...", "b"], false),
    ("a\nb\nc\nb\n", ["a", "...", "b"], true), ("12 cells in 3.5 s", ["12 cells in ... s"], true),
    ("12 cells", ["12 cells in ... s"], false), ("xax", ["xa...ax"], false), ("a.b.c.d", ["a...c...d"], true),
  ])
  func elisionsStandForAnything(printed: String, expected: [String], isMatch: Bool) {
    #expect(ExpectedOutput(expected).matches(printed) == isMatch)
  }

  @Test func quotesAreLookedFor() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "graft-pages-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data("one\n  two\nthree\nfour\n".utf8).write(to: folder.appending(path: "a.swift"))
    func findings(_ lines: String) throws -> [String] {
      try PageRun(
        try page("<!-- docs: from a.swift -->\n~~~swift\n\(lines)\n~~~\n"),
        at: PageRun.Place(programs: "/usr/bin", source: folder.path, limit: 20), isQuick: true
      ).findings.map(\.description)
    }
    #expect(try findings("  two\n...\nfour").isEmpty)
    #expect(try findings("one\nthree") == ["p.md:2: a.swift does not have these lines"])
  }

  @Test func aPageIsRunByOneShellAndWrongOnesAreFound() throws {
    let place = PageRun.Place(programs: "/usr/bin", source: "/", limit: 20)
    let good = try PageRun(
      try page("~~~sh\nmkdir a && cd a\nx=5\n~~~\n~~~console\n$ echo $x\n5\n$ basename $PWD\na\n~~~\n"), at: place,
      isQuick: true)
    #expect(good.findings.isEmpty && good.ran == 3, "\(good.findings)")
    let wrong = try PageRun(try page("~~~console\n$ echo 1\n2\n$ exit 3\n~~~\n"), at: place, isQuick: true)
    #expect(wrong.findings.count == 1 && wrong.findings[0].place == "p.md:2")
    let failing = try PageRun(try page("~~~sh\ntrue\nfalse\ntrue\n~~~\n"), at: place, isQuick: true)
    #expect(failing.findings.first?.text.hasPrefix("ended with status 1, not 0 at `false`") == true)
    let ended = try PageRun(
      try page("<!-- docs: status 3 -->\n~~~console\n$ sh -c 'exit 3'\n~~~\n"), at: place, isQuick: true)
    #expect(ended.findings.isEmpty)
  }
}
