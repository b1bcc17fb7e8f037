import Files
import Foundation
import Hashing
import Synchronization
import WorkerProtocol

/// Digests of many files, on all cores.
enum ParallelReading {
  /// - Returns: One digest a path, in order.
  /// - Throws: The `FileFault` of the first path, in order, that cannot be read.
  static func digests(of paths: [String]) throws -> [SHA256Digest] {
    let results = Mutex<[Result<SHA256Digest, FileFault>?]>(Array(repeating: nil, count: paths.count))
    let block = 16
    DispatchQueue.concurrentPerform(iterations: (paths.count + block - 1) / block) { part in
      for index in part * block..<min(paths.count, (part + 1) * block) {
        let result: Result<SHA256Digest, FileFault>
        do {
          result = .success(try SHA256Digest(ofFile: paths[index]))
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
