import Foundation
import Testing

/// `--device` from the command line to the record; a fake worker has as many CUDA devices as it is told.
@Suite(.serialized) struct DeviceTests {
  private static func environment(devices: Int) -> [String: String] {
    let worker = GraftProcess.binary.deletingLastPathComponent().appendingPathComponent("graft-fake-worker").path
    return ["GRAFT_WORKER": worker, "GRAFT_FAKE_DEVICES": "\(devices)"]
  }

  @Test(
    .timeLimit(.minutes(1)), arguments: [("cuda", ["cuda:0", "cuda:1"]), ("cuda:1", ["cuda:1"]), ("cpu", ["cpu"])])
  func stagesRunOnWhatIsAskedFor(device: String, used: [String]) throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "small.yaml")
    let environment = Self.environment(devices: 2)
    let run = try GraftProcess.run(["run", "small.yaml", "--device", device], in: folder, environment: environment)
    try #require(run.status == 0, "\(run.errors)")
    let attempts = try GraftProcess.run(
      ["export", "small.yaml", "--table", "attempts"], in: folder, environment: environment)
    let lines = attempts.output.split(whereSeparator: \.isNewline).map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let column = try #require(lines.first?.firstIndex(of: "device"))
    #expect(Set(lines.dropFirst().map { $0[column] }) == Set(used))
  }

  /// A device that is not there is one error before anything is begun, of `run` and `plan` alike.
  @Test(.timeLimit(.minutes(1)), arguments: ["run", "plan"])
  func anAbsentDeviceIsRefusedFirst(command: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "small.yaml")
    let environment = Self.environment(devices: 2)
    let refused = try GraftProcess.run(
      [command, "small.yaml", "--device", "cuda:2"], in: folder, environment: environment)
    #expect(refused.status == 69)
    #expect(refused.errors.contains("device cuda:2 is asked for, and graft-worker finds cuda:0 to cuda:1"))
    #expect(refused.errors.contains("--device auto"))
    #expect(refused.output.isEmpty)
    let attempts = try GraftProcess.run(
      ["export", "small.yaml", "--table", "attempts"], in: folder, environment: environment)
    #expect(attempts.output.split(whereSeparator: \.isNewline).count == 1, "\(attempts.output)")
  }

  @Test(.timeLimit(.minutes(1))) func theStudyFilesCountOfDevicesIsLookedForToo() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small().replacing("jobs: 2,", with: "gpus: 3,"), to: "small.yaml")
    let refused = try GraftProcess.run(
      ["run", "small.yaml"], in: folder, environment: Self.environment(devices: 2))
    #expect(refused.status == 69 && refused.errors.contains("3 CUDA devices (gpus) are asked for"))
  }

  @Test(.timeLimit(.minutes(1)), arguments: [("true", "graphs"), ("false", "single operations")])
  func doctorSaysHowStepsAreSentToDevices(graphs: String, told: String) throws {
    let folder = try TemporaryFolder()
    let doctor = try GraftProcess.run(
      ["doctor"], in: folder,
      environment: Self.environment(devices: 2).merging(["GRAFT_FAKE_GRAPHS": graphs]) { $1 })
    #expect(doctor.output.contains("2, training steps as \(told)"), "\(doctor.output)\(doctor.errors)")
  }

  @Test(.timeLimit(.minutes(1))) func anUnknownDeviceIsWrongUsage() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "small.yaml")
    let refused = try GraftProcess.run(["run", "small.yaml", "--device", "gpu"], in: folder)
    #expect(refused.status == 64 && refused.errors.contains("'gpu'"))
  }
}
