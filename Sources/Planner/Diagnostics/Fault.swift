/// What can be wrong with a study file: facts only. `Fault+Wording.swift` says them in words.
public enum Fault: Hashable, Sendable {
  // The text.
  case tooLarge(bytes: Int, limit: Int)
  case notUTF8(byteOffset: Int)
  case empty
  case syntax(problem: String, hint: SyntaxHint?)
  case duplicateKey(String)
  case tooDeep(limit: Int)
  case tooManyValues(limit: Int)
  case tooManyAliases(limit: Int)
  case structuredKey
  case tag(String)
  case undefinedVariable(String)
  case brokenSubstitution(String)
  case nestedSubstitution(String)

  // Names and values.
  case unknownName(what: String, name: String, valid: [String])
  case missingName(what: String, name: String, example: String?)
  case wrongType(name: String, expected: String, found: String)
  case notOneOf(name: String, value: String, valid: [String])
  case outOfRange(name: String, value: String, expected: String)
  case invalidName(what: String, value: String, rule: String)
  case invalidPath(name: String, value: String)
  case emptyList(name: String)
  case repeatedValue(name: String, value: String)
  /// More of something than a study may have; `count` in words where it is no number that was counted.
  case tooMany(what: String, count: String, limit: Int)

  // Axes.
  case severalForms(name: String, forms: [String])
  /// Numbers named by their ends and count that are equal once rounded.
  case valuesCoincide(name: String, value: String)
  case conditionOnFixedAxis(name: String)
  case caseNeverReached(name: String)
  /// The axes, the first again at the end.
  case axesInACircle([String])

  // Files that a study extends.
  case cannotExtend(file: String, reason: String)
  /// The files, the first again at the end.
  case extendsInACircle([String])
  case extendsTooDeep(limit: Int)

  // What the parts mean together.
  case pairedWithItself(initialisation: String)
  case noPair(first: String, second: String)
  case sourceOfDistance
  case distanceWithoutWeights(backbone: String)
  case splitNotWhole(sum: String)
  case metricNeedsBinary(metric: String)
  case metricOfOtherTask(metric: String, task: String, valid: [String])
  case targetOfOtherTask(task: String, isSingle: Bool)
  case classesBesideColumns
  case nothingPublished(dataset: String, having: [String])
  case differentLengths(name: String, counts: [String])
  case zipOfUnknownAxis(name: String, valid: [String])
  case axisZippedTwice(name: String)
  case ruleSetsAxis(name: String)
  case noWeights(backbone: String, initialisations: [String])
  case weightsWithoutSource(backbone: String)
  case kindOfPretraining
  case nothingLeft
  case tooManyCells(limit: Int)
  case contradictingCells(cell: String, first: String, second: String)
  case invertedRange(name: String, low: String, high: String)
  case mismatchedLists(name: String, first: Int, second: Int)
  case sizeNotMultiple(backbone: String, size: Int, multiple: Int)
  case transforms(option: String, TransformFault)
  case classesOfBinary(count: Int)
  case matchesNothing(name: String, value: String, valid: [String])
  case depthOutOfRange(initialisation: String, backbone: String, deepest: Int)
  case optionWithoutMeaning(option: String, backbone: String, having: [String])

  // The course of a training.
  case optionOfOtherOptimizer(name: String, optimizer: String, takenBy: [String])
  case nesterovWithoutMomentum
  case warmupNotFirst(after: String)
  case twoSchedules(first: String, second: String)
  case twoWarmups
  case cycleAfterWarmup
  case milestonesNotAscending(first: String, second: String)
  case milestoneAfterTheEnd(milestone: String, epochs: Int)
  case minimumAboveRate(name: String, minimum: String, rate: String)
  case weightlessClasses
  case searchInPretraining(backbone: String)

  case seedsAmongAxes

  // The command line.
  case overrideOfNothing(name: String, reason: String)
}

/// What a syntax error most likely comes from.
public enum SyntaxHint: Hashable, Sendable {
  /// A `${` inside `[ ]` or `{ }` without quotes.
  case substitutionNeedsQuotes
  /// A tab in the indentation.
  case tab
}
