import Files
import Foundation
import Report
import Store
import Testing
import WorkerProtocol

@Suite struct WriterTests {
  private let results = PhantomStudy(datasets: ["derma"], backbones: ["a"], fractions: [1], seeds: 2).results

  @Test func writesEveryFileAndOnlyWhatChanged() throws {
    try Self.inNewFolder { folder in
      let target = "\(folder)/results/phantom"
      let paths = try ReportWriter.write(results: results, to: target)
      let files = ReportWriter.renderFiles(results: results)
      #expect(paths == files.map { "\(target)/\($0.path)" })
      for (path, file) in zip(paths, files) {
        #expect(FileManager.default.contents(atPath: path) == Data(file.text.utf8))
      }
      let old = Date(timeIntervalSince1970: 1_000_000)
      for path in paths { try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: path) }
      var changed = results
      changed.provenance = ["graft": "2"]
      #expect(try ReportWriter.write(results: changed, to: target) == paths)
      let touched = try paths.filter { path in
        try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date != old
      }
      #expect(touched.map { ($0 as NSString).lastPathComponent }.sorted() == ["provenance.json", "report.html"])
      let left = try FileManager.default.subpathsOfDirectory(atPath: folder)
      #expect(!left.contains { $0.hasSuffix(".part") })
    }
  }

  @Test func filesOfSearchesGoWithThem() throws {
    try Self.inNewFolder { folder in
      let searched = PhantomStudy(datasets: ["derma"], backbones: ["a"], seeds: 1, searchesRates: true).results
      let paths = ["lr_search.csv", "figures/lr-search.svg", "figures/lr-search.csv"]
      try ReportWriter.write(results: searched, to: folder)
      #expect(paths.allSatisfy { FileManager.default.fileExists(atPath: "\(folder)/\($0)") })
      try ReportWriter.write(results: results, to: folder)
      #expect(!paths.contains { FileManager.default.fileExists(atPath: "\(folder)/\($0)") })
    }
  }

  @Test func aFileInTheWayIsNamed() throws {
    try Self.inNewFolder { folder in
      let blocked = "\(folder)/taken"
      #expect(FileManager.default.createFile(atPath: blocked, contents: Data("mine".utf8)))
      let error = #expect(throws: FileFault.self) {
        try ReportWriter.write(results: results, to: "\(blocked)/report")
      }
      #expect(error?.description == "cannot use \(blocked) as a folder: Not a directory")
      #expect(FileManager.default.contents(atPath: blocked) == Data("mine".utf8))
    }
  }

  @Test func aFolderInAFilesPlaceIsNamed() throws {
    try Self.inNewFolder { folder in
      let blocked = "\(folder)/settings.csv"
      try FileManager.default.createDirectory(atPath: blocked, withIntermediateDirectories: true)
      let error = #expect(throws: FileFault.self) { try ReportWriter.write(results: results, to: folder) }
      #expect(error?.action == "replace" && error?.path == blocked)
      #expect(error?.description.contains("irectory") == true)
      #expect(try !FileManager.default.contentsOfDirectory(atPath: folder).contains { $0.hasSuffix(".part") })
    }
  }

  private static func inNewFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("graft-report-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }
}
