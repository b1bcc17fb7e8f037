import ArgumentParser
import Files
import Foundation

/// Kills a study's processes at random moments, and more, and compares what is left with an undisturbed run's.
@main struct ChaosCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graft-chaos",
    abstract: "Run studies under kills, pauses, full disks and failing syncs; compare them with undisturbed ones.")

  @Option(help: "How many processes are killed, in all.") var kills = 1000
  @Option(help: "Which faults, when: the same number draws the same.") var seed: UInt64 = 1
  @Option(help: "Only this one: noop, training or slurm.") var only: String?
  @Option(help: "No storm is begun after so many minutes, and one that goes on is left in peace.") var minutes = 30.0
  @Option(help: "The folder of the programs; left out, this one's.") var programs: String?
  @Option(help: "The script that starts a Slurm cluster on this machine.") var cluster = "Tests/SlurmTests/cluster.sh"

  func run() throws {
    OwnMounts.enter()
    let begin = ContinuousClock.now
    let scenarios = try chosen()
    let shares = scenarios.reduce(0) { $0 + $1.share }
    var isWhole = true
    var kills = 0
    for (number, scenario) in scenarios.enumerated() {
      let campaign = try Campaign(
        scenario: scenario, programs: programs ?? Campaign.ownFolder, clusterScript: cluster,
        seed: seed &+ UInt64(number) &* 1000, deadline: begin + .seconds(60 * minutes))
      let tally = try campaign.held(kills: Int((Double(self.kills) * scenario.share / shares).rounded()))
      say(campaign.text(tally))
      kills += tally.kills
      isWhole = isWhole && tally.findings.isEmpty
    }
    let verdict = isWhole ? "nothing was lost, nothing was done twice, nothing is left over" : "see what is wrong above"
    say("\(kills) processes killed in \(Int((ContinuousClock.now - begin) / .seconds(1))) s, seed \(seed): \(verdict)")
    if !isWhole { throw ExitCode(1) }
  }

  private func chosen() throws -> [Scenario] {
    let names: [String: Scenario] = ["noop": .hollow, "training": .training, "slurm": .cluster]
    if let only {
      guard let scenario = names[only] else { throw ValidationError("--only takes noop, training or slurm") }
      return [scenario]
    }
    guard SlurmCluster.isInstalled else {
      say("pilots on Slurm: not tried, for that needs slurm-wlm, munge and root")
      return [.hollow, .training]
    }
    return Scenario.all
  }
}

/// Writes a line at once, also where nobody looks at a terminal.
func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }
