import Foundation
import Testing

/// `docs/compared.md` and `docs/recovery.md` say what Graft does by naming tests: they have to be there.
@Suite struct ComparisonTests {
  private static let docs = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs")

  @Test(arguments: [("compared.md", 50), ("recovery.md", 15)])
  func everyTestThatIsNamedIsThere(page: String, atLeast: Int) throws {
    let text = try String(contentsOf: Self.docs.appending(path: page), encoding: .utf8)
    var named = 0
    // [KeyTests](../Tests/PlannerTests/KeyTests.swift) `oneTest`, `another`
    for match in text.matches(of: /\]\((\.\.\/Tests\/[^)]+\.swift)\)((?:,? `[A-Za-z]+`)+)/) {
      let file = Self.docs.appending(path: String(match.1)).standardizedFileURL
      let source = try String(contentsOf: file, encoding: .utf8)
      for name in match.2.matches(of: /[A-Za-z]+/) {
        #expect(source.contains("func \(name.0)("), "\(file.lastPathComponent) has no test \(name.0)")
        named += 1
      }
    }
    #expect(named > atLeast)
  }

  @Test(arguments: ["compared.md", "recovery.md"]) func everyFileThatIsLinkedIsThere(page: String) throws {
    let text = try String(contentsOf: Self.docs.appending(path: page), encoding: .utf8)
    for match in text.matches(of: /\]\((\.\.\/[^)]+)\)/) {
      let file = Self.docs.appending(path: String(match.1)).standardizedFileURL
      #expect(FileManager.default.fileExists(atPath: file.path), "\(match.1)")
    }
  }
}
