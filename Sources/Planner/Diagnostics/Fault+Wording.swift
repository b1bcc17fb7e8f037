/// The words for every fault of a study file.
extension Fault {
  /// What is wrong, in one line.
  public var message: String {
    switch self {
    case .tooLarge(let bytes, let limit): "the file has \(bytes) bytes; a study may have \(limit)"
    case .notUTF8(let offset): "the file is not UTF-8 text (byte \(offset))"
    case .empty: "the file holds no study"
    case .syntax(let problem, _): "this is not YAML: \(problem)"
    case .duplicateKey(let name): "\(quoted(name)) is given again further down in the same mapping"
    case .tooDeep(let limit): "values are nested more than \(limit) levels deep"
    case .tooManyValues(let limit): "the file stands for more than \(limit) values, its aliases written out"
    case .tooManyAliases(let limit): "the file has more than \(limit) aliases"
    case .structuredKey: "a key must be a plain word"
    case .tag(let tag): "the tag \(quoted(tag)) is not allowed in a study"
    case .undefinedVariable(let name): "the environment variable \(quoted(name)) is not set"
    case .brokenSubstitution(let text): "\(quoted(text)) is not a substitution"
    case .nestedSubstitution(let text): "\(quoted(text)) has a substitution within another"
    case .unknownName(let what, let name, _): "unknown \(what) \(quoted(name))"
    case .missingName(let what, let name, _): "\(what) needs \(quoted(name))"
    case .wrongType(let name, let expected, let found): "\(quoted(name)) must be \(expected), not \(found)"
    case .notOneOf(let name, let value, _): "\(quoted(name)) cannot be \(quoted(value))"
    case .seedsAmongAxes: "`seed` does not stand among the axes"
    case .outOfRange(let name, let value, let expected): "\(quoted(name)) must be \(expected), not \(quoted(value))"
    case .invalidName(let what, let value, _): "\(quoted(value)) cannot be the name of \(what)"
    case .tooMany(let what, let count, let limit): "\(count) \(what) are more than \(limit)"
    case .severalForms(let name, let forms):
      "\(quoted(name)) gives its values by \(forms.map { quoted($0) }.joined(separator: " and ")) at once"
    case .valuesCoincide(let name, let value): "\(quoted(name)) comes to \(quoted(value)) more than once"
    case .conditionOnFixedAxis(let name): "every cell has a \(quoted(name)), so it cannot hang on a condition"
    case .caseNeverReached(let name): "values of \(quoted(name)) stand behind others that every cell takes"
    case .axesInACircle(let names):
      "the conditions of axes hang on each other: \(names.map { quoted($0) }.joined(separator: " -> "))"
    case .cannotExtend(let file, let reason): "\(quoted(file)) cannot be extended: \(reason)"
    case .extendsInACircle(let files):
      "the files extend each other: \(files.map { quoted($0) }.joined(separator: " -> "))"
    case .extendsTooDeep(let limit): "files extend each other more than \(limit) deep"
    case .invalidPath(let name, let value): "\(quoted(name)) leaves the data set's folder: \(quoted(value))"
    case .emptyList(let name): "\(quoted(name)) has no values"
    case .repeatedValue(let name, let value): "\(quoted(name)) names \(quoted(value)) twice"
    case .pairedWithItself(let initialisation): "`pair` compares \(quoted(initialisation)) with itself"
    case .noPair(let first, let second):
      "`cross_cka` compares \(first) with \(second), and no cell that asks for it has both"
    case .sourceOfDistance: "a `distance` needs a source: either `statistics` or `source`"
    case .distanceWithoutWeights(let backbone):
      "`distance` looks at images by \(quoted(backbone)), which has no weights"
    case .splitNotWhole(let sum): "the parts of a split must add up to 1, not \(sum)"
    case .metricNeedsBinary(let metric): "the metric \(quoted(metric)) needs a task of two classes"
    case .metricOfOtherTask(let metric, let task, _): "the metric \(quoted(metric)) does not judge a \(task) task"
    case .targetOfOtherTask(let task, true): "a \(task) task needs several columns in `target`, or a `separator`"
    case .targetOfOtherTask(let task, false): "several classes an image make a multilabel task, not a \(task) one"
    case .classesBesideColumns: "`classes` does not go with a list in `target`: its columns are the classes"
    case .nothingPublished(let dataset, _):
      "`normalise` is `published`, and for the data set \(quoted(dataset)) nothing is"
    case .differentLengths(let name, let counts):
      "axes that move together need the same number of values: \(name) have \(counts.joined(separator: " and "))"
    case .zipOfUnknownAxis(let name, _): "\(quoted(name)) is no axis of this grid"
    case .axisZippedTwice(let name): "the axis \(quoted(name)) can move with one group of axes only"
    case .ruleSetsAxis(let name): "\(quoted(name)) is an axis of the grid, so a rule cannot set it"
    case .noWeights(let backbone, let initialisations):
      "the grid asks for \(initialisations.joined(separator: " and ")) of \(quoted(backbone)), which has no weights"
    case .weightsWithoutSource(let backbone): "the weights of \(quoted(backbone)) need a file or a pretraining"
    case .kindOfPretraining: "`kind` says what a file's weights were learned by; it does not go with `pretrain`"
    case .nothingLeft: "the exclusions leave no cell of the grid"
    case .tooManyCells(let limit): "the grid has more than \(limit) cells"
    case .contradictingCells(let cell, let first, let second):
      "the cell \(quoted(cell)) is in \(first) and in \(second), with different training options"
    case .invertedRange(let name, let low, let high): "\(quoted(name)) starts at \(low) and ends at \(high)"
    case .mismatchedLists(let name, let first, let second):
      "the lists of \(quoted(name)) have \(first) and \(second) values; they need as many"
    case .sizeNotMultiple(let backbone, let size, let multiple):
      "\(quoted(backbone)) needs images whose size is a multiple of \(multiple), not \(size)"
    case .transforms(let option, let fault): fault.message(of: quoted(option))
    case .classesOfBinary(let count): "a binary task has two classes, not \(count)"
    case .matchesNothing(let name, let value, _): "no \(name) of the study is \(quoted(value))"
    case .depthOutOfRange(let initialisation, let backbone, _): "\(quoted(backbone)) has no \(quoted(initialisation))"
    case .optionWithoutMeaning(let option, let backbone, _): "\(quoted(backbone)) has no \(quoted(option))"
    case .optionOfOtherOptimizer(let name, let optimizer, _): "\(quoted(name)) is no option of \(quoted(optimizer))"
    case .nesterovWithoutMomentum: "Nesterov's momentum needs a momentum, and `optimizer.momentum` is 0"
    case .warmupNotFirst(let before): "the schedule `linear_warmup` stands after \(quoted(before))"
    case .twoSchedules(let first, let second) where first == second: "the schedule \(quoted(first)) stands twice"
    case .twoSchedules(let first, let second):
      "the schedules \(quoted(first)) and \(quoted(second)) would both move the learning rate"
    case .twoWarmups: "the schedule `linear_warmup` stands twice"
    case .cycleAfterWarmup: "the schedule `one_cycle` has a warm-up of its own and cannot follow `linear_warmup`"
    case .milestonesNotAscending(let first, let second):
      "`milestones` must ascend, and \(second) stands after \(first)"
    case .milestoneAfterTheEnd(let milestone, let epochs):
      "the milestone \(milestone) is not within the training of \(epochs) epochs"
    case .minimumAboveRate(let name, let minimum, let rate):
      "the `min_lr` of \(quoted(name)) is \(minimum), above the learning rate of \(rate)"
    case .searchInPretraining(let backbone):
      "the pretraining of \(quoted(backbone)) would search its learning rate, which only cells do"
    case .weightlessClasses: "no class has a weight above 0"
    case .overrideOfNothing(let name, let reason): "\(quoted(name)) cannot be set: \(reason)"
    }
  }

  /// What to do about it: a line each, the nearest valid name first.
  public var help: [String] {
    switch self {
    case .tooLarge: return ["a grid is written as axes, not cell by cell"]
    case .notUTF8: return ["save the file as UTF-8"]
    case .empty: return ["`graft init` writes a study to begin with"]
    case .syntax(_, .substitutionNeedsQuotes):
      return ["inside [ ] and { }, a value with ${...} needs quotes: \"${NAME}/file\""]
    case .syntax(_, .tab): return ["indent with spaces: YAML takes no tabs there"]
    case .syntax(_, nil): return []
    case .duplicateKey(let name): return ["keep one \(quoted(name)) and delete the other"]
    case .tooDeep, .tooManyValues, .tooManyAliases: return ["write the values out, with fewer aliases and levels"]
    case .structuredKey: return ["write the key as one word followed by a colon"]
    case .tag: return ["leave the tag out; Graft knows each option's type"]
    case .undefinedVariable(let name): return ["set it, or give a default: ${\(name):-VALUE}"]
    case .brokenSubstitution: return ["write ${NAME} or ${NAME:-DEFAULT}; a dollar sign itself is $$"]
    case .nestedSubstitution: return ["write the default itself behind `:-`"]
    case .unknownName(let what, let name, let valid): return Self.choices(for: name, among: valid, what: what)
    case .missingName(_, _, let example): return example.map { ["for example: \($0)"] } ?? []
    case .notOneOf(let name, let value, let valid): return Self.choices(for: value, among: valid, what: name)
    case .seedsAmongAxes: return ["write `seeds: 5` or `seeds: [0, 1, 2]` beside `axes`"]
    case .wrongType, .outOfRange: return []
    case .invalidName(_, _, let rule): return [rule]
    case .tooMany: return ["ask for fewer, or write what they have in common as an axis, a list or a pattern"]
    case .severalForms: return ["keep one of them"]
    case .valuesCoincide: return ["ask for fewer values, or write them out"]
    case .conditionOnFixedAxis:
      return ["leave cells out with `exclude`, or give them a grid of their own in `blocks`"]
    case .caseNeverReached: return ["put the values without `when` last"]
    case .axesInACircle: return ["let one of them hang on data set, backbone, fraction, init or seed alone"]
    case .cannotExtend: return ["name a study file, relative to the file that extends it: `extends: base.yaml`"]
    case .extendsInACircle: return ["take `extends` out of one of them"]
    case .extendsTooDeep: return ["join some of the files"]
    case .invalidPath: return ["name a file below the data set's root, without `..` and without a leading `/`"]
    case .emptyList: return ["give at least one value, or leave the key out"]
    case .repeatedValue: return ["delete one of them"]
    case .pairedWithItself: return ["name two initialisations: `pair: [WT, ST]`"]
    case .noPair(let first, let second):
      return ["have both \(first) and \(second) in `init`", "or name another `pair`"]
    case .sourceOfDistance:
      return [
        "name a file of its statistics: `{name: distance, statistics: PATH.npz}`",
        "or a data set of the study: `{name: distance, source: NAME}`",
      ]
    case .distanceWithoutWeights(let backbone):
      return [
        "name a file: `weights: {\(backbone): {file: PATH.safetensors}}`",
        "or another backbone: `{name: distance, backbone: NAME, ...}`",
      ]
    case .splitNotWhole: return ["for example: split: {train: 0.7, val: 0.15, test: 0.15}"]
    case .metricNeedsBinary: return ["set `task: binary`, or choose accuracy, macro_recall or quadratic_kappa"]
    case .metricOfOtherTask(_, _, let valid): return ["valid: \(valid.joined(separator: ", "))"]
    case .targetOfOtherTask(_, true): return ["for example: target: [Edema, Fracture], or separator: \"|\""]
    case .targetOfOtherTask(_, false): return ["leave `task` out"]
    case .classesBesideColumns: return ["delete it; the order of `target` is that of the classes"]
    case .nothingPublished(_, let having):
      return [
        "published constants are known of \(having.joined(separator: ", "))",
        "set `normalise` by a rule for these alone: rules: [{when: {dataset: NAME}, set: {training.normalise: published}}]",
      ]
    case .differentLengths: return []
    case .zipOfUnknownAxis(let name, let valid): return Self.choices(for: name, among: valid, what: "axis")
    case .axisZippedTwice: return ["join the groups into one"]
    case .ruleSetsAxis: return ["remove the axis, or restrict it with `exclude`"]
    case .noWeights(let backbone, _):
      return [
        "name a file: `weights: {\(backbone): {file: PATH.safetensors}}`",
        "or train the source in the study: `weights: {\(backbone): {pretrain: {dataset: NAME}}}`",
        "or leave ST and WT out of `init`",
      ]
    case .weightsWithoutSource(let backbone):
      return ["write `\(backbone): {file: PATH.safetensors}` or `\(backbone): {pretrain: {dataset: NAME}}`"]
    case .kindOfPretraining: return ["delete it"]
    case .nothingLeft: return ["remove an entry of `exclude`"]
    case .tooManyCells: return ["split the study, or shorten an axis"]
    case .contradictingCells: return ["make the option that differs an axis, or leave it out of the block"]
    case .invertedRange: return ["exchange the two"]
    case .mismatchedLists: return ["one value a channel"]
    case .sizeNotMultiple(_, let size, let multiple):
      let below = size / multiple * multiple
      return ["set `image_size` to \(below > 0 ? "\(below) or " : "")\(below + multiple)"]
    case .transforms(_, let fault): return [fault.help]
    case .classesOfBinary: return ["set `task: multiclass`, or name two classes"]
    case .matchesNothing(let name, let value, let valid): return Self.choices(for: value, among: valid, what: name)
    case .depthOutOfRange(_, let backbone, let deepest):
      return [
        "\(backbone) goes from WT-ST-\(InitialisationSpec.shallowest) (which is ST) to WT-ST-\(deepest) (which is WT)",
        "`\(InitialisationSpec.everyDepth)` takes all that each backbone has; `blocks` give backbones initialisations of their own",
      ]
    case .optionWithoutMeaning(let option, _, let having):
      return [
        "these have it: \(having.joined(separator: ", "))",
        "set it for them alone: rules: [{when: {backbone: \(having.first ?? "NAME")}, set: {training.\(option): VALUE}}]",
      ]
    case .optionOfOtherOptimizer(let name, _, let takers):
      return [
        "it belongs to \(takers.joined(separator: ", "))",
        "where the optimizer is an axis, set it by a rule: {when: {training.optimizer.name: \(takers[0])}, set: "
          + "{training.\(name): ...}}",
      ]
    case .nesterovWithoutMomentum: return ["set `optimizer.momentum`, for example to 0.9"]
    case .warmupNotFirst: return ["put it first"]
    case .twoSchedules(let first, let second) where first == second: return ["keep one of them"]
    case .twoSchedules: return ["keep one of them; only `linear_warmup` may stand before another"]
    case .twoWarmups: return ["keep one of them"]
    case .cycleAfterWarmup: return ["leave the warm-up out; `rising_share` and `div_factor` shape the cycle's own"]
    case .milestonesNotAscending: return ["put them in order"]
    case .milestoneAfterTheEnd: return ["leave it out, or raise `epochs`"]
    case .minimumAboveRate: return ["lower `min_lr`, or raise `optimizer.lr`"]
    case .searchInPretraining: return ["give it a number: `pretrain: {dataset: NAME, optimizer: {lr: 1.0e-3}}`"]
    case .weightlessClasses: return ["give at least one class a weight, or set `class_weights: balanced`"]
    case .overrideOfNothing: return ["write --set NAME=VALUE, for example --set training.epochs=2"]
    }
  }

  /// The nearest valid name as a question, then the list of the valid ones.
  private static func choices(for name: String, among valid: [String], what: String) -> [String] {
    var lines: [String] = []
    if let nearest = NearestName.of(name, among: valid) { lines.append("did you mean `\(nearest)`?") }
    if valid.isEmpty {
      lines.append("there is no \(what) to choose from")
    } else {
      let shown = valid.prefix(40)
      let rest = valid.count - shown.count
      lines.append("valid: \(shown.joined(separator: ", "))\(rest > 0 ? " and \(rest) more" : "")")
    }
    return lines
  }

  private func quoted(_ text: String) -> String { Self.quoted(text) }

  /// A text from outside in backquotes: control characters made visible, cut where it is very long.
  static func quoted(_ text: String) -> String { "`\(Diagnostic.printable(text, limit: 80))`" }
}

extension Diagnostic {
  /// The fault as text: place and message, the source line with a caret below, and `help:` lines; ends in a line break.
  public var rendered: String {
    var text: String
    switch place {
    case .text(let line, let column, _):
      text = "\(file):\(line):\(column): error: \(message)\n"
      if let sourceLine { text += Self.excerpt(of: sourceLine, column: column) }
    case .override(let assignment): text = "\(Self.printable(assignment, limit: 90)): error: \(message)\n"
    case .wholeFile: text = "\(file): error: \(message)\n"
    }
    for line in help { text += "help: \(line)\n" }
    return text
  }

  /// The line and a caret under the column; of a very long line, the part around the column.
  private static func excerpt(of line: String, column: Int) -> String {
    let scalars = Array(line.unicodeScalars)
    let width = 110
    let start = scalars.count > width && column > width - 30 ? min(column - width / 2, scalars.count) : 0
    let end = min(scalars.count, start + width)
    var shown = start > 0 ? "..." : ""
    var caret = start > 0 ? "   " : ""
    for (index, scalar) in scalars[start..<end].enumerated() {
      let isShown = scalar == "\t" || !isHidden(scalar)
      shown.unicodeScalars.append(isShown ? scalar : "?")
      if start + index < column - 1 { caret += scalar == "\t" ? "\t" : " " }
    }
    if end < scalars.count { shown += "..." }
    if column - 1 > end { caret += String(repeating: " ", count: min(1, column - 1 - end)) }
    return "\(shown)\n\(caret)^\n"
  }

  /// Whether a terminal would obey a sign instead of showing it, or show what follows in another order.
  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || scalar.properties.isBidiControl
  }

  /// A text for one line of a terminal: control characters made visible, cut at the limit.
  static func printable(_ text: String, limit: Int) -> String {
    var shown = ""
    var count = 0
    for scalar in text.unicodeScalars {
      if count == limit { return shown + "..." }
      switch scalar {
      case "\n": shown += "\\n"
      case "\t": shown += "\\t"
      case _ where isHidden(scalar): shown += "?"
      default: shown.unicodeScalars.append(scalar)
      }
      count += 1
    }
    return shown
  }
}
