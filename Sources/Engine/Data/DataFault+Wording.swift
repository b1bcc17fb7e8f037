extension DataFault: CustomStringConvertible {
  /// How many offending values a message names before it only counts the rest.
  static let shown = 8

  public var description: String {
    switch self {
    case .several(let faults):
      "\(faults.count) things are wrong with the data set:\n" + faults.map { "  \($0)" }.joined(separator: "\n")
    case .missingFolder, .notAFolder, .noClassFolders, .emptyClasses, .unlistedClasses, .missingClasses, .tooFewClasses,
      .linkedFilesLeaveRoot, .missingArrayFiles:
      folderText
    case .missingLabelFile, .malformedLabelFile, .missingColumn, .unknownLabels, .blankFields, .unknownSplits,
      .duplicateImages, .pathsLeaveRoot, .linksLeaveRoot, .missingImages, .noRows, .unknownPresences, .notOneClass,
      .unknownNames, .malformedList:
      labelFileText
    case .badShares, .noTrainingSplit, .tooFewImages, .classMissingFromSplit, .classEverywhereInSplit,
      .groupsInSeveralSplits:
      splitText
    case .unreadableImages, .notAnImageStore, .damagedImageStore, .badStoreSize, .noSpace: storeText
    default: pipelineText
    }
  }

  private var folderText: String {
    switch self {
    case .missingFolder(let path):
      "there is no folder \(path); put the data set there, or name its folder with `root:`"
    case .notAFolder(let path): "\(path) is a file, but a folder of images is needed; name the folder with `root:`"
    case .noClassFolders(let root, let images):
      "\(root) holds no folder a class\(images > 0 ? " (\(images) images lie in it directly)" : "");"
        + " put each class's images in a folder named for the class, or use `format: csv` with a label file"
    case .missingArrayFiles(let names, let root):
      "\(Self.count(names.count, "file")) of arrays not found in \(root): " + Self.listed(names)
        + "; put them there, or name those that are"
    case .linkedFilesLeaveRoot(let paths, let root):
      "\(Self.count(paths.count, "image")) of \(root) are links to places outside it, or lie in folders that are: "
        + Self.listed(paths) + "; put the files themselves there, or make \(root) itself the link"
    case .emptyClasses(let names, let root):
      "no image file in \(Self.listed(names, noun: "class folder")) of \(root);"
        + " add images or remove the empty folder"
    case .unlistedClasses(let names, let listed, let root):
      "\(root) holds \(Self.listed(names, noun: "folder")) that `classes:` does not name;"
        + " it names \(listed.joined(separator: ", ")). Add the class there or move the folder away"
    case .missingClasses(let names, let root, let split):
      "\(root) has no folder for \(Self.listed(names, noun: "class"))"
        + (split.map { " in its \($0.rawValue) part" } ?? "") + "; add it or correct `classes:`"
    case .tooFewClasses(let names, let place):
      "\(place) has \(names.count == 1 ? "one class only, \(names[0])" : "no class"); two or more are needed"
    default: ""
    }
  }

  private var labelFileText: String {
    switch self {
    case .missingLabelFile(let path): "there is no label file \(path); name it with `labels:`"
    case .malformedLabelFile(let path, let line, let reason): "\(path):\(line): \(reason)"
    case .missingColumn(let name, let role, let path, let columns):
      "\(path) has no column \"\(name)\" for the \(role); its columns are \(columns.joined(separator: ", "))"
        + (NearestName.of(name, among: columns).map { ". Did you mean \"\($0)\"?" } ?? "")
    case .unknownLabels(let lines, let classes, let column, let path):
      "\(path): column \"\(column)\" holds \(Self.count(lines.count, "label")) that `classes:` does not name: "
        + Self.listed(lines) + ". It names \(classes.joined(separator: ", ")); correct the file or the list"
    case .blankFields(let lines, let column, let path):
      "\(path): column \"\(column)\" is empty in \(Self.count(lines.count, "row")): line "
        + Self.listed(lines.map(String.init)) + "; fill them in or remove the rows"
    case .unknownSplits(let lines, let column, let path):
      "\(path): column \"\(column)\" holds \(Self.count(lines.count, "value")) that name no split: "
        + Self.listed(lines) + ". Use train, val and test"
    case .duplicateImages(let lines, let path):
      "\(path) names \(Self.count(lines.count, "image")) more than once: " + Self.listed(lines)
        + "; keep one row for each image"
    case .pathsLeaveRoot(let lines, let root, let path):
      "\(path): \(Self.count(lines.count, "image path")) would leave the data set's folder \(root): "
        + Self.listed(lines) + "; name images relative to that folder"
    case .missingImages(let names, let root, let path):
      "\(path) names \(Self.count(names.count, "image")) not found in \(root): " + Self.listed(names)
        + "; add the files, remove the rows, give `extension:` if the table leaves it out, or leave them out and have"
        + " them counted with `missing: skip`"
    case .linksLeaveRoot(let lines, let root, let path):
      "\(path): \(Self.count(lines.count, "image")) are links to places outside \(root): " + Self.listed(lines)
        + "; put the files themselves there, or make that folder itself the link"
    case .unknownPresences(let lines, let column, let path):
      "\(path): column \"\(column)\" holds \(Self.count(lines.count, "value")) that say neither shown nor not shown: "
        + Self.listed(lines) + "; write 1, 0, or -1 where nobody can say"
    case .notOneClass(let lines, let path):
      "\(path): \(Self.count(lines.count, "row")) do not have a 1 for one class and 0 for the others: "
        + Self.listed(lines) + "; correct these rows"
    case .unknownNames(let lines, let expected, let path):
      "\(path): \(Self.count(lines.count, "file name")) begin with none of \(expected.joined(separator: ", ")): "
        + Self.listed(lines) + "; the class is read from the name's beginning"
    case .malformedList(let path, let reason): "\(path): \(reason)"
    case .noRows(let path): "\(path) has a header but no rows; add a row for each image"
    default: ""
    }
  }

  private var splitText: String {
    switch self {
    case .badShares(let train, let validation, let test):
      "the shares of the splits are train \(train), val \(validation), test \(test);"
        + " each must be above 0 and their sum 1 (give fractions, e.g. 0.7, 0.15, 0.15)"
    case .noTrainingSplit(let place):
      "\(place) gives splits but no image for training; name the training images' split `train`"
    case .tooFewImages(let className, let count, let splits):
      "class \(className) has \(Self.count(count, "image")), but"
        + " \(splits.map(\.rawValue).joined(separator: ", ")) need at least one each;"
        + " add images of that class or leave the class out"
    case .classMissingFromSplit(let className, let split, let grouped):
      "class \(className) has no image in the \(split.rawValue) split"
        + (grouped
          ? ", as groups must not be divided; add groups with that class, change the shares, or split without `group:`"
          : "; add one, or leave the class out")
    case .classEverywhereInSplit(let className, let split):
      "every image of the \(split.rawValue) split shows class \(className);"
        + " add images without it, or leave the class out"
    case .groupsInSeveralSplits(let groups, let place):
      "\(place): \(Self.count(groups.count, "group")) have images in several splits: "
        + Self.listed(groups.map { "\($0.name) (\($0.splits.map(\.rawValue).joined(separator: ", ")))" })
        + "; give each group to one split, or accept it with `shared_groups: allow`"
    default: ""
    }
  }

  private var storeText: String {
    switch self {
    case .unreadableImages(let images, let total, let list):
      "\(Self.count(images.count, "image")) of \(total) cannot be read:\n"
        + images.prefix(Self.shown).map { "  \($0.path): \($0.reason)\n" }.joined()
        + (images.count > Self.shown ? "  and \(images.count - Self.shown) more\n" : "")
        + (list.map { "The full list is in \($0). " } ?? "")
        + "Replace these files, or set `unreadable: skip` on the data set to leave them out and have them counted"
    case .notAnImageStore(let path, let reason):
      "\(path) is not an image store (\(reason)); run the data set's stage again"
    case .damagedImageStore(let path, let reason):
      "the image store \(path) is damaged (\(reason)); delete it and run the data set's stage again"
    case .noSpace(let needed, let available, let path):
      "the image store \(path) takes about \(Self.megabytes(needed)), and \(Self.megabytes(available)) are free there;"
        + " make room, store smaller images (`store: {size: ...}`), or have the workspace elsewhere (`--workspace`)"
    case .badStoreSize(let size): "images cannot be stored with \(size) pixels on a side; give 1 to 16384"
    default: ""
    }
  }

  private var pipelineText: String {
    switch self {
    case .cropTooLarge(let size, let width, let height, let step):
      "transform \(step + 1) crops \(size) x \(size) pixels from an image of \(width) x \(height);"
        + " resize to at least \(size) before it, or crop less"
    case .badTransform(let step, let reason): "transform \(step + 1): \(reason)"
    case .varyingSizes(let shapes, let list):
      "the \(list) transforms leave images of different sizes, e.g. "
        + shapes.prefix(3).map { "\($0.width) x \($0.height)" }.joined(separator: " and ")
        + "; end with a crop, or store the images at one exact size"
    case .unequalSizes(let training, let evaluation):
      "training images come out at \(training.width) x \(training.height) pixels and evaluation images at"
        + " \(evaluation.width) x \(evaluation.height); make both sizes the same"
    case .channelMismatch(let stored, let wanted):
      "the images are stored with \(stored) channels, but \(wanted) are asked for; store them with \(wanted)"
    case .badNormalisation(let channels, let means, let deviations):
      "normalisation needs a mean and a positive standard deviation for each of \(channels) channels;"
        + " \(means) means and \(deviations) deviations are given"
    case .emptySplit(let split, let path): "the image store \(path) has no image in its \(split.rawValue) split"
    case .processing(let reason): "an image could not be processed: \(reason)"
    case .badPhantom(let reason): "phantom images: \(reason)"
    default: ""
    }
  }

  private static func megabytes(_ bytes: Int) -> String { "\((bytes + 999_999) / 1_000_000) MB" }

  private static func count(_ number: Int, _ noun: String) -> String {
    number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
  }

  private static func listed(_ values: [String], noun: String? = nil) -> String {
    let rest = values.count - min(values.count, shown)
    let text = values.prefix(shown).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    guard let noun else { return text }
    return (values.count == 1 ? "\(noun) " : noun.hasSuffix("s") ? "\(noun)es " : "\(noun)s ") + text
  }

  private static func listed(_ lines: [LabelledLine]) -> String {
    listed(lines.map { "\"\($0.value)\" (line \($0.line))" })
  }
}
