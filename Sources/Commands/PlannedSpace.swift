import Files
import Foundation
import Planner
import Store

/// What the image stores that a plan would write take on the disk, estimated from the number and the size of the files: none
/// is opened.
struct PlannedSpace {
  /// Bytes.
  private(set) var needed = 0
  /// Bytes that are free where the workspace lies; nil where that cannot be told.
  let available: Int?
  private let workspace: String

  init(of plan: Plan, in workspace: String, reasons: PlanReasons) {
    self.workspace = workspace
    available = DurableFiles.availableSpace(at: workspace)
    for place in plan.stages.indices where plan.stages.kinds[place] == .dataset && reasons.values[place].wouldRun {
      let stage = plan.stages[place]
      guard let options = try? DatasetParameters(stage.parameters).options else { continue }
      needed += Self.bytes(of: options, root: stage.locations["root"])
    }
  }

  /// What is to be said of it; nil where nothing is written.
  var sentence: String? {
    guard needed > 0 else { return nil }
    return "image stores: about \(Self.text(needed)) to be written"
      + (available.map { ", \(Self.text($0)) are free" } ?? "")
  }

  /// Why it would fail; nil where there is room.
  var failure: String? {
    guard let available, needed > available else { return nil }
    return
      "the image stores take about \(Self.text(needed)), and \(Self.text(available)) are free at \(workspace): make room, "
      + "store smaller images (`store: {size: ...}`), or have the workspace elsewhere (`--workspace`)"
  }

  private static func bytes(of options: DatasetOptions, root: String?) -> Int {
    if case .phantom(let phantom) = options.source {
      let side = options.store.size ?? phantom.size
      return (phantom.trainingImages + phantom.validationImages + phantom.testImages) * side * side * options.channels
    }
    guard let root else { return 0 }
    var (images, imageBytes, arrayBytes) = (0, 0, 0)
    // What cannot be looked into is reported as such elsewhere.
    try? FileTree(root: root).walk { name, status in
      if ImageFileNames.isImage(name) {
        images += 1
        imageBytes += Int(status.st_size)
      } else if let factor = arrayFactor(name) {
        arrayBytes += Int(factor * Double(status.st_size))
      }
    }
    switch options.format {
    case .hdf5, .npz: return arrayBytes
    case .published(.camelyon) where arrayBytes > 0: return arrayBytes
    default: break
    }
    guard let side = options.store.size else { return 10 * imageBytes }
    // Photographs are mostly 4 to 3.
    let pixels = options.store.mode == .exact ? side * side : side * side * 4 / 3
    return images * pixels * options.channels
  }

  /// How many bytes come of one of an array's file: what is compressed is written out beside the store.
  private static func arrayFactor(_ name: String) -> Double? {
    let name = name.lowercased()
    if name.hasSuffix(".h5") || name.hasSuffix(".hdf5") { return 1.2 }
    if name.hasSuffix(".npz") || name.hasSuffix(".h5.gz") { return 3 }
    return nil
  }

  private static func text(_ bytes: Int) -> String {
    let units: [(Double, String)] = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")]
    let (size, unit) = units.first { Double(bytes) >= $0.0 } ?? (1, "bytes")
    let value = Double(bytes) / size
    return "\(value < 10 ? String(format: "%.1f", value) : String(format: "%.0f", value)) \(unit)"
  }
}
