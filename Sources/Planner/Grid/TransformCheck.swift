/// Follows the size of images through a list of transforms, as far as the study alone tells it.
struct TransformCheck {
  let steps: [TransformSpec]
  let isForTraining: Bool
  let imageSize: Int

  /// What an image measures after a step.
  private enum Size {
    /// As it is stored, or something that follows from it.
    case unknown
    case square(Int)
    /// Only the shorter side is known.
    case shortSide(Int)

    /// The side that a crop must fit into.
    var side: Int? {
      switch self {
      case .unknown: nil
      case .square(let side), .shortSide(let side): side
      }
    }
  }

  /// All that is wrong, in order.
  var faults: [TransformFault] {
    var faults: [TransformFault] = []
    var size = Size.unknown
    var crops = 0
    for (index, step) in steps.enumerated() {
      func add(_ reason: TransformFault.Reason) {
        faults.append(TransformFault(step: index + 1, name: step.name, reason: reason))
      }
      func checkCrop(_ crop: Int, padding: Int = 0) {
        if let side = size.side, crop > side + 2 * padding {
          add(.cropTooLarge(size: crop, side: side, padding: padding))
        }
        size = .square(crop)
      }
      switch step {
      case .resize(let side, let keepsAspect): size = keepsAspect ? .shortSide(side) : .square(side)
      case .centerCrop(let side): checkCrop(side)
      case .randomCrop(let side, let padding, _): checkCrop(side, padding: padding)
      case .randomResizedCrop(let side, _, _): size = .square(side)
      case .multiCrop(_, let side, _, _):
        crops += 1
        if !isForTraining { add(.cropsInEvaluation) }
        if isForTraining, crops > 1 { add(.cropsOfCrops) }
        size = .square(side)
      case .gaussianBlur(let kernel, _, _):
        if kernel % 2 == 0 { add(.evenKernel(size: kernel)) }
        if let side = size.side, kernel / 2 >= side { add(.kernelTooLarge(size: kernel, side: side)) }
      case .horizontalFlip, .verticalFlip, .randomRotation, .randomAffine, .randomPerspective, .colorJitter,
        .randomGrayscale, .solarize, .randomErasing:
        break
      }
    }
    switch size {
    case .square(imageSize): break
    case .square(let side): faults.append(TransformFault(reason: .endsElsewhere(size: side, imageSize: imageSize)))
    case .shortSide(let side): faults.append(TransformFault(reason: .endsInForms(side: side, imageSize: imageSize)))
    case .unknown: faults.append(TransformFault(reason: .neverSized(imageSize: imageSize)))
    }
    return faults
  }
}

/// What cannot work in a list of transforms.
public struct TransformFault: Hashable, Sendable {
  public enum Reason: Hashable, Sendable {
    case cropTooLarge(size: Int, side: Int, padding: Int)
    case evenKernel(size: Int)
    case kernelTooLarge(size: Int, side: Int)
    /// Several crops of an image, outside training.
    case cropsInEvaluation
    case cropsOfCrops
    case endsElsewhere(size: Int, imageSize: Int)
    /// Only the shorter side is brought to a size.
    case endsInForms(side: Int, imageSize: Int)
    case neverSized(imageSize: Int)
  }

  /// The step that it is about, counted from 1; nil for the whole list.
  public var step: Int?
  /// That step's name.
  public var name: String?
  public let reason: Reason

  init(step: Int? = nil, name: String? = nil, reason: Reason) {
    self.step = step
    self.name = name
    self.reason = reason
  }
}
