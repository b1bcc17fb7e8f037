import Planner
import Store
import Testing

/// The study's text is kept with its results, and so is what it extends.
@Suite("Study sources")
struct StudySourceTests {
  private let source = StudySource(
    name: "study", file: "study.yaml", text: "extends: base.yaml\n", facts: ["host": "here"],
    bases: [StudySource.Base(file: "shared/base.yaml", text: "seeds: 1\n")])

  @Test func allTextsComeBack() throws {
    let folder = try TestFolder()
    try Workspace.open(folder.workspace, command: "test").record(source)
    let workspace = try Workspace.openForReading(folder.workspace)
    #expect(try workspace.studySource(named: "study") == source)
    let provenance = try workspace.results(of: TestFolder.plan([], cells: [])).provenance
    #expect(provenance["study_digest"] == .string(source.digest))
    #expect(
      provenance["study_extends"]
        == [["file": "shared/base.yaml", "digest": .string(source.bases[0].digest)]])
    #expect(provenance["extends"] == nil)
  }

  @Test func theDigestCoversWhatIsExtendedAndNoNames() {
    func digest(_ text: String?, file: String = "b.yaml") -> String {
      StudySource(
        name: "s", file: "s.yaml", text: "x", facts: [:],
        bases: text.map { [StudySource.Base(file: file, text: $0)] } ?? []
      ).digest
    }
    #expect(digest("a") != digest("b") && digest("a") != digest(nil))
    #expect(digest("a") == digest("a", file: "elsewhere/b.yaml"))
    #expect(digest(nil) == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881")
  }
}
