import Foundation
import Synchronization
import WorkerProtocol

/// Digests of many files, on all cores.
enum ParallelReading {
  /// - Returns: One digest a path, in order.
  /// - Throws: The `FileFault` of the first path, in order, that cannot be read.
  static func digests(of paths: [String]) throws -> [FileDigest] {
    let results = Mutex<[Result<FileDigest, FileFault>?]>(Array(repeating: nil, count: paths.count))
    let block = 16
    DispatchQueue.concurrentPerform(iterations: (paths.count + block - 1) / block) { part in
      for index in part * block..<min(paths.count, (part + 1) * block) {
        let result: Result<FileDigest, FileFault>
        do {
          result = .success(try FileDigest.sha256(of: paths[index]))
        } catch {
          result = .failure(error as? FileFault ?? FileFault(action: "read", path: paths[index], code: EIO))
        }
        results.withLock { $0[index] = result }
      }
    }
    return try results.withLock { results in
      try results.enumerated().map { index, result in
        guard let result else { throw FileFault(action: "read", path: paths[index], code: EIO) }
        return try result.get()
      }
    }
  }
}
