import Planner
import Testing

/// Comma-separated values as they are read.
@Suite struct CSVTextTests {
  @Test(arguments: [
    ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
    ("a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]),
    ("a,b\r1,2", [["a", "b"], ["1", "2"]]),
    ("\u{FEFF}a,b\n", [["a", "b"]]),
    ("\"a,b\",\"c\"\"d\"\n", [["a,b", "c\"d"]]),
    ("\"two\nlines\",x\n", [["two\nlines", "x"]]),
    ("a,,\n\n\nb\n", [["a", "", ""], ["b"]]),
    ("\"\",x\n", [["", "x"]]),
    ("5\" wide,x\n", [["5\" wide", "x"]]),
    ("", []),
  ])
  func recordsAreRead(text: String, expected: [[String]]) throws {
    #expect(try #require(CSVText.records(text)).map(\.fields) == expected)
  }

  @Test func recordsKnowTheirLines() throws {
    let records = try #require(CSVText.records("a\n\n\"x\ny\"\nb\n"))
    #expect(records.map(\.line) == [1, 3, 5])
  }

  @Test func linesEndAsRFC4180HasThemWhereThatIsAsked() {
    #expect(CSVText.withCRLF("a,b\n\"two\nlines, \"\"x\"\"\",c\n") == "a,b\r\n\"two\nlines, \"\"x\"\"\",c\r\n")
  }

  @Test func aQuoteThatIsNotClosedIsNoTable() { #expect(CSVText.records("a\n\"b\n") == nil) }

  @Test(arguments: ["plain", "a,b", "a \"quote\"", "two\nlines", "", " spaces "])
  func whatIsWrittenIsRead(text: String) throws {
    #expect(try #require(CSVText.records(CSVText.line([text, "x"]))).first?.fields == [text, "x"])
  }
}
