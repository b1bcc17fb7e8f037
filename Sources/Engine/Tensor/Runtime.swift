internal import CTorch

/// Where tensors lie and are computed with.
public struct Device: Sendable, Hashable, CustomStringConvertible {
  /// As libtorch writes it: `cpu`, `cuda:0`.
  public let name: String

  public static let cpu = Device(unchecked: "cpu")

  private init(unchecked name: String) { self.name = name }

  /// - Throws: `EngineError.machine` for a CUDA device that the machine or the libtorch in use does not have,
  ///   `EngineError.specification` for any other name.
  public init(_ name: String) throws {
    if name == "cpu" {
      self = .cpu
      return
    }
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.first == "cuda", parts.count <= 2, let index = parts.count == 1 ? 0 : Int(parts[1]), index >= 0 else {
      throw EngineError.specification("unknown device '\(name)': use cpu or cuda:N")
    }
    let available = Runtime.cudaDevices
    guard index < available else {
      throw EngineError.machine(
        "device '\(name)' is not there: \(available) CUDA device(s) can be used. Use device: cpu, or a libtorch built "
          + "for CUDA through LIBTORCH")
    }
    self.init(unchecked: "cuda:\(index)")
  }

  public var description: String { name }
}

/// The numerical libraries in use.
public enum Runtime {
  /// The version of libtorch, such as `1.13.1`.
  public static var libtorchVersion: String { String(cString: graft_version()) }

  /// The file of the BLAS in use; empty where it cannot be told.
  public static var blasPath: String { String(cString: graft_blas()) }

  /// The file of the library that multiplies the matrices of the engine's own kernels: oneDNN, else the BLAS.
  public static var productsPath: String { String(cString: graft_products()) }

  /// Which processor's kernels OpenBLAS has chosen here, such as `Zen` or `SkylakeX`; empty for another BLAS. The last
  /// digits of matrix products depend on it.
  public static var blasKernels: String { String(cString: graft_blas_kernels()) }

  /// Whether the engine's own kernels run on this processor; libtorch's operators stand in where they do not.
  public static var hasKernels: Bool { graft_has_kernels() != 0 }

  public static var cudaDevices: Int { Int(graft_cuda_devices()) }

  /// Sets how many threads numerics use when called from the current thread. Results depend on the number in their last
  /// digits where an operator of libtorch splits a sum by threads, so it belongs to what a result is made by.
  public static func setThreads(_ count: Int) throws {
    guard (1...1024).contains(count) else {
      throw EngineError.specification("\(count) threads: give a number from 1 to 1024")
    }
    try Native.check(graft_set_threads(Int32(count)))
  }

  /// Keeps this process to these processors, with the threads that it starts from now on. To be called before any other is
  /// started.
  public static func setProcessors(_ processors: [Int]) throws {
    guard !processors.isEmpty, processors.allSatisfy({ (0..<1 << 16).contains($0) }) else {
      throw EngineError.specification("'\(processors)' are no processors")
    }
    try Native.check(graft_set_processors(processors.map(Int32.init), Int32(processors.count)))
  }

  /// Lets libtorch's operators stand in for the engine's own kernels on this thread, for comparing the two.
  package static func useKernels(_ enabled: Bool) { graft_use_kernels(enabled ? 1 : 0) }
}
