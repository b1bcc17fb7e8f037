import Files
import Foundation
import Hashing
import WorkerProtocol

/// Many files read on all cores.
enum ParallelReading {
  /// - Returns: One digest a path, in order.
  /// - Throws: The `FileFault` of the first path, in order, that cannot be read.
  static func digests(of paths: [String]) throws -> [SHA256Digest] {
    try Parallel.map(paths.count, block: 16) { index -> Result<SHA256Digest, FileFault> in
      do {
        return .success(try SHA256Digest(ofFile: paths[index]))
      } catch {
        return .failure(error as? FileFault ?? FileFault(action: "read", path: paths[index], code: EIO))
      }
    }.map { try $0.get() }
  }
}
