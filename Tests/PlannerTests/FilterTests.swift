import Planner
import Testing

/// Which cells a filter means.
@Suite struct FilterTests {
  /// The study of the case `mixtures`: RI and every depth of two backbones, which have 4 and 3.
  @Test(
    arguments: [
      ("init=WT-ST-*", 9), ("init!=WT-ST-*", 6), ("init=WT-ST-3", 2), ("init=WT-ST--2", 2), ("init=WT-ST-4|RI", 3),
      ("init>=WT-ST-2", 5), ("init>WT-ST-2", 3), ("init<=ST", 4), ("init<WT", 13), ("init>=ST,backbone=vit*", 7),
      ("init<RI", 0),
    ] as [(String, Int)])
  func initialisations(_ filter: String, expected: Int) throws {
    let studyCase = try #require(StudyCase.all.first { $0.name == "mixtures" })
    let text = try String(contentsOf: studyCase.folder.appending(path: "study.yaml"), encoding: .utf8)
    let study = try StudyReader.read(text: text, fileName: "mixtures.yaml")
    let filter = try CellFilter(filter)
    let cells = Array(study.plan(contents: [:]).cells)
    #expect(cells.count == 15)
    #expect(cells.count(where: filter.matches) == expected)
    #expect(Array(study.plan(contents: [:], filter: filter).cells) == cells.filter(filter.matches))
  }

  private let cells: [Cell]

  init() throws { cells = Array(try PlanOrderTests.quickstart().cells) }

  @Test(
    arguments: [
      ("dataset=grading", 60), ("dataset=gr*", 60), ("dataset!=gr*", 60), ("seed<2", 48), ("seed<=2", 72),
      ("seed>3", 24), ("seed>=3", 48), ("fraction=1", 60), ("fraction=0.250", 60), ("fraction<0.5", 60),
      ("init=RI|WT", 80), ("init!=RI|WT", 40), ("dataset=grading, backbone=vit_micro ,init=WT,seed=0", 2),
      ("backbone=*_micro", 120), ("backbone=?it_micro", 60), ("dataset=nothing", 0), ("training.epochs=3", 0),
      ("training.epochs!=3", 120),
    ] as [(String, Int)])
  func count(_ filter: String, expected: Int) throws {
    let filter = try CellFilter(filter)
    #expect(cells.count(where: filter.matches) == expected)
  }

  @Test(
    arguments: [
      ("", "`` is no term"), ("seed", "`seed` is no term"), ("=3", "`=3` is no term"), ("seed=", "`seed=` is no term"),
      ("seed=1,,init=RI", "`` is no term"), ("sed=1", "did you mean `seed`?"),
      ("dataset<a", "`dataset` cannot be compared in size with `a`"), ("seed<x", "cannot be compared in size"),
      ("training.epoch=3", "`training.epoch` is no axis"), ("init<3", "`init` cannot be compared with `3`"),
      ("init>=WT-ST-*", "use = or !=, or one of RI, ST, WT"),
    ])
  func refused(_ filter: String, because part: String) {
    let fault = #expect(throws: CellFilterFault.self) { try CellFilter(filter) }
    #expect(fault?.description.contains(part) == true, "\(fault?.description ?? "")")
  }

  @Test(
    arguments: [
      ("isic*", "isic2019", true), ("*2019", "isic2019", true), ("i*c*9", "isic2019", true),
      ("isic", "isic2019", false),
      ("*", "", true), ("?", "", false), ("a*b*c", "aXbYc", true), ("a*b*c", "aXbY", false), ("**a", "ba", true),
      ("a*a*a*a*a*a*a*a*b", String(repeating: "a", count: 2000), false),
    ])
  func globs(_ pattern: String, _ text: String, expected: Bool) {
    #expect(Glob(pattern).matches(text) == expected)
  }
}
