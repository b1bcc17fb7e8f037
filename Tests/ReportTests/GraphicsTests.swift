import Foundation
import FoundationXML
import Report
import Store
import Testing

@Suite struct GraphicsTests {
  @Test(arguments: [
    (Scale.linear(Interval(low: 0, high: 1)), 5, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    (.linear(Interval(low: 0.61, high: 0.74)), 4, ["0.65", "0.70"]),
    (.linear(Interval(low: -3, high: 12)), 4, ["0", "5", "10"]),
    (.linear(Interval(low: 141, high: 202)), 4, ["160", "180", "200"]),
    (.log(Interval(low: 150, high: 4000)), 4, ["300", "1k", "3k"]),
    (.log(Interval(low: 90, high: 400_000)), 6, ["100", "1k", "10k", "100k"]),
    (.log(Interval(low: 700, high: 900)), 4, ["700", "800", "900"]),
    (.band(["a", "b"]), 1, ["a", "b"]),
  ])
  func ticks(scale: Scale, count: Int, expected: [String]) {
    let labels = scale.ticks(count).map(\.label)
    #expect(labels == expected)
    for tick in scale.ticks(count) {
      #expect(scale.place(tick.position).map { $0 > -1e-9 && $0 < 1 + 1e-9 } == true)
    }
  }

  @Test(arguments: [[], [0.5], [0.5, 0.5], [0], [.nan, 1], [1e-300, 1e300], [-4, 7]])
  func scalesAreNeverEmpty(values: [Double]) {
    for scale in [Scale.linear(around: values), .log(around: values)] {
      switch scale {
      case .linear(let range), .log(let range): #expect(range.low < range.high)
      case .band: Issue.record("not asked for")
      }
      _ = scale.ticks(5)
      for value in values where value.isFinite && value > 0 {
        #expect(scale.place(.value(value)).map { (0...1).contains($0) } == true)
      }
    }
  }

  @Test func placesThatAScaleDoesNotHave() {
    #expect(Scale.log(Interval(low: 1, high: 10)).place(.value(0)) == nil)
    #expect(Scale.linear(Interval(low: 1, high: 10)).place(.value(.nan)) == nil)
    #expect(Scale.linear(Interval(low: 1, high: 10)).place(.name("a")) == nil)
    #expect(Scale.band(["a"]).place(.name("b")) == nil)
    #expect(Scale.band(["a", "b"]).place(.name("b")) == 0.75)
  }

  /// So that it prints in grey and no colour blindness turns its order round: the luminance of WCAG rises at every step.
  @Test func theColourMapRisesInLuminance() throws {
    let colors = (0...200).map { Palette.sequential(Double($0) / 200) }
    let luminances = try colors.map { color in
      let value = try #require(UInt32(color.dropFirst(), radix: 16))
      let channels = [value >> 16 & 255, value >> 8 & 255, value & 255].map { byte -> Double in
        let share = Double(byte) / 255
        return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
      }
      return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]
    }
    for (darker, lighter) in zip(luminances, luminances.dropFirst()) { #expect(darker < lighter + 1e-4) }
    for index in stride(from: 0, to: 200, by: 10) { #expect(luminances[index] < luminances[index + 10]) }
    #expect(luminances[0] < 0.03 && luminances[200] > 0.7)
    #expect(Palette.sequential(-1) == colors[0] && Palette.sequential(2) == colors[200])
  }

  @Test(arguments: SnapshotTests.studies.map(\.name))
  func everySVGIsWellFormed(name: String) throws {
    let study = try #require(SnapshotTests.studies.first { $0.name == name }).study
    for file in ReportWriter.renderFiles(results: study.results) where file.path.hasSuffix(".svg") {
      let parser = XMLParser(data: Data(file.text.utf8))
      #expect(parser.parse(), "\(file.path): \(String(describing: parser.parserError))")
      #expect(!file.text.contains("nan") && !file.text.contains("inf\""))
    }
  }

  /// Names come from files and folders that anyone may have named.
  @Test(arguments: ["<script>alert(1)</script>", "a&b", "\u{7}bell", "\"quoted\""])
  func namesCannotBreakOut(name: String) {
    let study = PhantomStudy(study: name, datasets: [name], backbones: [name], fractions: [1], seeds: 1)
    for file in ReportWriter.renderFiles(results: study.results) {
      guard file.path.hasSuffix(".svg") || file.path.hasSuffix(".html") else { continue }
      #expect(!file.text.contains("<script"))
      #expect(!file.text.contains("\u{7}"))
      if file.path.hasSuffix(".svg") { #expect(XMLParser(data: Data(file.text.utf8)).parse()) }
    }
  }

  /// A figure in a few lines: what a new one costs.
  @Test func aFigureOfOnesOwn() throws {
    let panel = Panel(
      title: "Loss", x: Axis("Step", .linear(around: [0, 100])), y: Axis("Loss", .log(around: [0.1, 3])),
      marks: [.line([(.value(0), .value(3)), (.value(50), .value(0)), (.value(100), .value(0.1))], .rule)])
    let figure = Figure(
      name: "loss", title: "Loss", description: "Loss by step.", panels: [panel],
      legends: [.keys(title: nil, [.init("loss", PointStyle())])])
    try Snapshot.expect(figure.svg, "figure-of-ones-own.svg")
  }

  /// Each of so many marks stands where it does in a smaller figure, in elements that share what marks of one style have.
  @Test func aCrowdedFigureHasAnElementForManyMarks() throws {
    func figure(_ groups: Int) -> String {
      let marks = (0..<groups).flatMap { group -> [Mark] in
        let style = PointStyle(group.isMultiple(of: 2) ? .square : .circle, radius: 2)
        return (0..<10).map { run in
          .point(x: .value(Double(group)), y: .value(Double(run)), style: style, note: "run \(run)")
        } + [.point(x: .value(Double(group)), y: .value(4.5), style: PointStyle(.diamond), note: "mean")]
      }
      let axis = Axis("", .linear(Interval(low: 0, high: 10)))
      return Figure(
        name: "many", title: "", description: "",
        panels: [Panel(title: "", x: Axis("", .linear(Interval(low: 0, high: 1000))), y: axis, marks: marks)]
      ).svg
    }
    let (sparse, crowded) = (figure(900), figure(1000))
    #expect(sparse.count(of: "<title>run") == 9000 && sparse.count(of: "<title>mean") == 900)
    #expect(crowded.count(of: "<title>run") == 0 && crowded.count(of: "<title>mean") == 1000)
    #expect(crowded.count(of: "h.01") == 5000, "a round mark of each run of every second group")
    #expect(crowded.utf8.count < sparse.utf8.count / 2)
    #expect(XMLParser(data: Data(crowded.utf8)).parse())
  }
}

extension String {
  fileprivate func count(of text: String) -> Int { components(separatedBy: text).count - 1 }
}
