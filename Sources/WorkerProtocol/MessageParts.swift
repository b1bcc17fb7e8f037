import Planner

// The JSON of what messages carry; outcomes are kept in artifacts and in the database in this same form.

extension StageRequest {
  public var json: JSONValue {
    var members: [String: JSONValue] = [
      "attempt": .number(Double(attempt)), "key": .string(key.hex), "kind": .string(kind.rawValue),
      "label": .string(label), "parameters": parameters,
      "inputs": .array(inputs.map(\.json)),
      "locations": .object(locations.mapValues { .string($0) }), "manner": manner, "output": .string(outputFolder),
      "checkpoints": .string(checkpointFolder), "threads": .number(Double(threads)), "device": .string(device),
    ]
    if let logFile { members["log"] = .string(logFile) }
    if !companions.isEmpty {
      members["companions"] = .array(
        companions.map { companion in
          [
            "key": .string(companion.key.hex), "kind": .string(companion.kind.rawValue),
            "parameters": companion.parameters, "inputs": .array(companion.inputs.map(\.json)),
          ]
        })
    }
    return .object(members)
  }

  /// - Throws: `MessageError` naming what is missing.
  public init(json: JSONValue) throws {
    let fields = Fields(json, of: "stage")
    let kindName = try fields.string("kind")
    guard let kind = StageKind(rawValue: kindName) else { throw MessageError("a stage of unknown kind '\(kindName)'") }
    self.init(
      attempt: Int64(try fields.integer("attempt")), key: try fields.key("key"), kind: kind,
      label: try fields.string("label"),
      parameters: json["parameters"] ?? .null,
      inputs: try fields.array("inputs").map { try ResolvedInput(json: $0) },
      locations: (json["locations"]?.objectValue ?? [:]).compactMapValues(\.stringValue),
      manner: json["manner"] ?? [:],
      outputFolder: try fields.string("output"), checkpointFolder: try fields.string("checkpoints"),
      threads: try fields.integer("threads"), device: try fields.string("device"), logFile: json["log"]?.stringValue,
      companions: try (json["companions"]?.arrayValue ?? []).map { companion in
        let fields = Fields(companion, of: "companion")
        let kindName = try fields.string("kind")
        guard let kind = StageKind(rawValue: kindName) else {
          throw MessageError("a companion of unknown kind '\(kindName)'")
        }
        return CompanionStage(
          key: try fields.key("key"), kind: kind, parameters: companion["parameters"] ?? [:],
          inputs: try fields.array("inputs").map { try ResolvedInput(json: $0) })
      })
  }
}

extension ResolvedInput {
  fileprivate var json: JSONValue { ["role": .string(role), "key": .string(key.hex), "folder": .string(folder)] }

  fileprivate init(json: JSONValue) throws {
    let fields = Fields(json, of: "input")
    self.init(role: try fields.string("role"), key: try fields.key("key"), folder: try fields.string("folder"))
  }
}

extension StageProgress {
  public var json: JSONValue {
    var members: [String: JSONValue] = ["fraction": .number(fraction), "position": .string(position)]
    if let loss { members["loss"] = .number(loss) }
    if let metricName { members["metric_name"] = .string(metricName) }
    if let metric { members["metric"] = .number(metric) }
    return .object(members)
  }

  public init(json: JSONValue) throws {
    let fields = Fields(json, of: "progress")
    self.init(
      fraction: try fields.number("fraction"), position: try fields.string("position"),
      loss: fields.optionalNumber("loss"),
      metricName: json["metric_name"]?.stringValue, metric: fields.optionalNumber("metric"))
  }
}

extension StageOutcome {
  /// What `outcome.json` holds.
  public var json: JSONValue {
    [
      "diverged": .bool(diverged),
      "metrics": .array(
        metrics.map { ["split": .string($0.split), "name": .string($0.name), "value": .number($0.value)] }),
      "history": .array(history.map(\.json)), "facts": facts,
    ]
  }

  /// - Throws: `MessageError` naming what is missing.
  public init(json: JSONValue) throws {
    let fields = Fields(json, of: "outcome")
    self.init(
      diverged: json["diverged"]?.boolValue ?? false,
      metrics: try fields.array("metrics").map { metric in
        let fields = Fields(metric, of: "metric")
        return MetricValue(
          split: try fields.string("split"), name: try fields.string("name"), value: try fields.number("value"))
      },
      history: try fields.array("history").map { try HistoryEntry(json: $0) }, facts: json["facts"] ?? [:])
  }
}

extension HistoryEntry {
  var json: JSONValue {
    var members: [String: JSONValue] = [
      "step": .number(Double(step)), "epoch": .number(epoch), "learning_rate": .number(learningRate),
      "training_loss": .number(trainingLoss), "validation_loss": .number(validationLoss),
      "validation_metric": .number(validationMetric),
    ]
    if let validationNeighbours { members["validation_knn"] = .number(validationNeighbours) }
    return .object(members)
  }

  init(json: JSONValue) throws {
    let fields = Fields(json, of: "history")
    self.init(
      step: try fields.integer("step"), epoch: try fields.number("epoch"),
      learningRate: try fields.number("learning_rate"), trainingLoss: try fields.number("training_loss"),
      validationLoss: try fields.number("validation_loss"), validationMetric: try fields.number("validation_metric"),
      validationNeighbours: fields.optionalNumber("validation_knn"))
  }
}

extension StageFailure {
  public var json: JSONValue {
    var members: [String: JSONValue] = ["class": .string(failureClass.rawValue), "message": .string(message)]
    if let remedy { members["remedy"] = .string(remedy) }
    return .object(members)
  }

  public init(json: JSONValue) throws {
    let fields = Fields(json, of: "failure")
    let name = try fields.string("class")
    guard let failureClass = FailureClass(rawValue: name) else {
      throw MessageError("a failure of unknown class '\(name)'")
    }
    self.init(failureClass, try fields.string("message"), remedy: json["remedy"]?.stringValue)
  }
}

extension StageCost {
  public var json: JSONValue {
    var members: [String: JSONValue] = ["cpu": .number(cpuSeconds), "memory": .number(Double(peakMemory))]
    if let peakDeviceMemory { members["device_memory"] = .number(Double(peakDeviceMemory)) }
    return .object(members)
  }

  /// What is missing counts as 0: a cost is for display and estimates only.
  public init(json: JSONValue) {
    self.init(
      cpuSeconds: json["cpu"]?.doubleValue ?? 0,
      peakMemory: json["memory"]?.doubleValue.flatMap { Int64(exactly: $0) } ?? 0,
      peakDeviceMemory: json["device_memory"]?.doubleValue.flatMap { Int64(exactly: $0) })
  }
}

/// The members of one object, with errors that say whose they are.
struct Fields {
  let json: JSONValue
  let owner: String

  init(_ json: JSONValue, of owner: String) {
    self.json = json
    self.owner = owner
  }

  func string(_ name: String) throws -> String {
    guard let value = json[name]?.stringValue else { throw MessageError("'\(owner)' without its text '\(name)'") }
    return value
  }

  func key(_ name: String) throws -> StageKey {
    guard let key = StageKey(hex: try string(name)) else {
      throw MessageError("'\(owner)' with a '\(name)' that is no key")
    }
    return key
  }

  func array(_ name: String) throws -> [JSONValue] {
    guard let value = json[name]?.arrayValue else { throw MessageError("'\(owner)' without its list '\(name)'") }
    return value
  }

  func number(_ name: String) throws -> Double {
    guard let value = optionalNumber(name) else { throw MessageError("'\(owner)' without its number '\(name)'") }
    return value
  }

  func integer(_ name: String) throws -> Int {
    guard let value = json[name]?.intValue else { throw MessageError("'\(owner)' without its whole number '\(name)'") }
    return value
  }

  func optionalNumber(_ name: String) -> Double? {
    switch json[name] {
    case .number(let value): value
    case .string("nan"): .nan
    case .string("inf"): .infinity
    case .string("-inf"): -.infinity
    default: nil
    }
  }
}
