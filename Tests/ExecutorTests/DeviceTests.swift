import Executor
import Planner
import Testing

@Suite("Devices")
struct DeviceTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let choice: DeviceChoice?
    let available: Int
    /// Nil where the choice is refused.
    let devices: StageDevices?
    var testDescription: String { "\(choice.map { "\($0)" } ?? "none") of \(available)" }
  }

  static let cases = [
    Case(choice: DeviceChoice("auto"), available: 0, devices: .cpu),
    Case(choice: DeviceChoice("auto"), available: 3, devices: .cuda([0, 1, 2])),
    Case(choice: DeviceChoice("cpu"), available: 2, devices: .cpu),
    Case(choice: DeviceChoice("cuda"), available: 2, devices: .cuda([0, 1])),
    Case(choice: DeviceChoice("cuda"), available: 0, devices: nil),
    Case(choice: DeviceChoice("cuda:1"), available: 2, devices: .cuda([1])),
    Case(choice: DeviceChoice("cuda:2"), available: 2, devices: nil),
    Case(choice: DeviceChoice("cuda:0"), available: 0, devices: nil),
    Case(choice: DeviceChoice(gpus: nil), available: 1, devices: .cuda([0])),
    Case(choice: DeviceChoice(gpus: 0), available: 4, devices: .cpu),
    Case(choice: DeviceChoice(gpus: 2), available: 4, devices: .cuda([0, 1])),
    Case(choice: DeviceChoice(gpus: 2), available: 1, devices: nil),
  ]

  @Test(arguments: cases)
  func aChoiceMeetsTheMachine(_ example: Case) throws {
    let choice = try #require(example.choice)
    let devices = try? choice.devices(available: example.available)
    #expect(devices == example.devices)
  }

  @Test(arguments: ["", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:x", "cuda:1:2", "cuda:99999999999999999999"])
  func anotherNameIsNoDevice(_ name: String) { #expect(DeviceChoice(name) == nil) }

  @Test(arguments: [
    (DeviceChoice.everyCUDA, 0, "device cuda is asked for, and graft-worker finds no CUDA device"),
    (.oneCUDA(index: 1), 1, "device cuda:1 is asked for, and graft-worker finds one CUDA device, cuda:0"),
    (.firstCUDA(count: 4), 2, "4 CUDA devices (gpus) are asked for, and graft-worker finds cuda:0 to cuda:1"),
  ])
  func sayWhatIsMissing(choice: DeviceChoice, available: Int, message: String) {
    let error = #expect(throws: RunError.self) { try choice.devices(available: available) }
    #expect(error?.description == message)
  }

  @Test func aJobADeviceUnlessFewerAreAskedFor() {
    let two = StageDevices.cuda([0, 1])
    func options(_ jobs: Int?, _ devices: StageDevices) -> RunOptions {
      RunOptions(resources: Resources(jobs: jobs), devices: devices, cores: 8)
    }
    #expect(options(nil, two).jobs == 2 && options(nil, two).threadsPerJob == 4)
    #expect(options(1, two).jobs == 1 && options(1, two).threadsPerJob == 8)
    #expect(options(5, two).jobs == 2 && options(5, two).threadsPerJob == 4)
    #expect(options(5, .cpu).jobs == 5)
    #expect(RunOptions(jobs: 7, threadsPerJob: 1, devices: .cuda([3])).jobs == 1)
  }

  /// Two devices: two stages at once, each on a device of its own, and every attempt's record says which.
  @Test(.timeLimit(.minutes(1)))
  func eachStageHasADeviceToItself() async throws {
    let study = try FakeStudy()
    let stages = try (0..<6).map { try study.stage("stage-\($0)", kind: .train, ["steps": 10, "pause": 0.03]) }
    let options = RunOptions(resources: Resources(), devices: .cuda([0, 1]))
    #expect(try await study.run(stages, options: options).ending == .complete)

    var running: [String: String] = [:]
    var used: [String: String] = [:]
    var most = 0
    for note in try study.noted() {
      let (what, label, device) = (note[0], String(note[1]), String(note[3]))
      if what == "begin" {
        #expect(running[device] == nil, "\(label) began on \(device) beside another")
        running[device] = label
        used[label] = device
        most = max(most, running.count)
      } else {
        #expect(running.removeValue(forKey: device) == label)
      }
    }
    #expect(most == 2 && Set(used.values) == ["cuda:0", "cuda:1"])
    for stage in stages { #expect(try study.record(of: stage).lastAttempt?.device == used[stage.label]) }
  }
}
