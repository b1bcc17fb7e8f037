internal import CTorch

/// How a device's memory is used, in bytes.
public struct DeviceMemory: Sendable, Hashable {
  public let available: Int
  public let total: Int
  /// The most that this process has held of it since `measureMemoryAnew()`, what it keeps for later included; not what the
  /// driver takes for a process whatever that does.
  public let peak: Int
}

extension Device {
  /// nil for the CPU, and where the libtorch in use (before 2.10) cannot tell.
  public var memory: DeviceMemory? {
    var found = graft_memory()
    guard graft_device_memory(name, &found) == Int32(GRAFT_OK), found.total > 0 else { return nil }
    return DeviceMemory(available: Int(found.available), total: Int(found.total), peak: Int(found.peak))
  }

  /// Gives back what this process holds of the device and does not use, and begins its peak anew.
  public func measureMemoryAnew() throws { try Native.check(graft_device_memory_anew(name)) }
}
