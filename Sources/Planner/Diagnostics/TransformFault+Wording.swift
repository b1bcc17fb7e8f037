/// The words for what cannot work in a list of transforms.
extension TransformFault {
  /// What is wrong, in one line.
  ///
  /// - Parameter option: The list's name, quoted.
  func message(of option: String) -> String {
    let step = step.map { "step \($0) of \(option), \(Fault.quoted(name ?? "")), " } ?? ""
    return switch reason {
    case .cropTooLarge(let size, let side, 0): "\(step)cuts \(size) pixels from a side of \(side)"
    case .cropTooLarge(let size, let side, let padding):
      "\(step)cuts \(size) pixels from a side of \(side) and \(padding) more on either side"
    case .evenKernel(let size): "\(step)has a kernel of \(size) pixels, which has no middle"
    case .kernelTooLarge(let size, let side):
      "\(step)has a kernel of \(size) pixels, too large to be reflected in a side of \(side)"
    case .cropsInEvaluation: "\(step)makes several images of one, but evaluation measures each image once"
    case .cropsOfCrops: "\(step)would make crops of crops"
    case .endsElsewhere(let size, let imageSize):
      "\(option) leaves images of \(size) pixels where `image_size` is \(imageSize)"
    case .endsInForms(let side, let imageSize):
      "\(option) leaves each image its own form, \(side) pixels on the shorter side, where `image_size` asks for "
        + "\(imageSize) x \(imageSize)"
    case .neverSized(let imageSize): "\(option) never brings images to the `image_size` of \(imageSize)"
    }
  }

  /// What to do about it.
  var help: String {
    switch reason {
    case .cropTooLarge: "resize to more before it, or cut less"
    case .evenKernel(let size): "set `kernel_size` to \(size - 1) or \(size + 1), or leave it out"
    case .kernelTooLarge(_, let side):
      "set `kernel_size` to \(2 * side - 1) or less, or blur before the image is made small"
    case .cropsInEvaluation: "use `center_crop` there"
    case .cropsOfCrops: "keep one, and raise its `count`"
    case .endsElsewhere, .neverSized:
      "leave the `size` of its last crop or resize out, so that it follows `image_size`"
    case .endsInForms: "put a `center_crop` or `random_crop` behind the resize that keeps the form"
    }
  }
}
