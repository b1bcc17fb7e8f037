/// What a storm did and found.
struct StormTally {
  /// How often the study was run to its end.
  var studies = 0
  var starts = 0
  var kills = 0
  var faults: [Fault: Int] = [:]
  /// Files cut short.
  var torn = 0
  /// How often it was looked for two workers on one stage.
  var looks = 0
  /// What must not be.
  var findings: [String] = []
}
