/// Inception v3: Szegedy et al., *Rethinking the Inception Architecture for Computer Vision*, CVPR 2016 (arXiv 1512.00567),
/// with the parameter names and shapes of torchvision, without the auxiliary head and without torchvision's own input
/// transform, as the study has it.
public final class InceptionV3: Network {
  public let tensors: [NetworkTensor]
  public let segments: [Segment]
  public let family = NetworkFamily.inception

  // Trained at 299 pixels; the study shows it 224 as the others.
  static let backbones = [Backbone("inception_v3") { try InceptionV3($0) }]

  /// The share of the pooled features that training leaves out.
  private static let dropout = 0.5

  init(_ shape: NetworkShape) throws {
    guard shape.imageSize >= 75 else {
      throw EngineError.specification(
        "images of \(shape.imageSize) pixels are too small for Inception v3: use 75 or more")
    }
    var list = TensorList(device: shape.device)
    var inner: [Segment] = []
    var width = shape.channels
    func add(
      _ name: String, depth: Int, isPooled: Bool = false, _ branches: (inout InceptionBranches) throws -> Void
    ) throws {
      list.depth = depth
      var making = InceptionBranches(name: name, input: width, list: list)
      try branches(&making)
      list = making.list
      let module = InceptionModule(branches: making.branches)
      width = module.width(input: width)
      // The first of them is given images as they come.
      let isFirst = inner.isEmpty
      inner.append(
        Segment(name: name) { x, state, observe in
          let output = try module(isFirst ? x.channelsLast() : x, training: state.pass.isTraining)
          try observe?(name, output)
          return isPooled ? try output.maxPool(size: 3, stride: 2, padding: 0) : output
        })
    }
    func plain(
      _ name: String, depth: Int, _ output: Int, _ size: Int, stride: Int = 1, padding: Int = 0, isPooled: Bool = false
    ) throws {
      try add(name, depth: depth, isPooled: isPooled) {
        try $0.branch([.init("", output, (size, size), stride: stride, padding: (padding, padding))])
      }
    }
    try plain("Conv2d_1a_3x3", depth: -1, 32, 3, stride: 2)
    try plain("Conv2d_2a_3x3", depth: 0, 32, 3)
    try plain("Conv2d_2b_3x3", depth: 0, 64, 3, padding: 1, isPooled: true)
    try plain("Conv2d_3b_1x1", depth: 1, 80, 1)
    try plain("Conv2d_4a_3x3", depth: 2, 192, 3, isPooled: true)
    for (letter, pooled) in [("b", 32), ("c", 64), ("d", 64)] {
      try add("Mixed_5\(letter)", depth: 3) { try $0.addSquares(pooled: pooled) }
    }
    try add("Mixed_6a", depth: 4) { try $0.addSquareReduction() }
    for (letter, inner) in [("b", 128), ("c", 160), ("d", 160), ("e", 192)] {
      try add("Mixed_6\(letter)", depth: 4) { try $0.addStrips(inner: inner) }
    }
    try add("Mixed_7a", depth: 5) { try $0.addStripReduction() }
    for letter in ["b", "c"] { try add("Mixed_7\(letter)", depth: 5) { try $0.addSplits() } }
    let head = try Linear("fc", width, shape.classes, isHead: true, in: &list)
    tensors = list.all
    let dropout = RandomDrop(probability: Self.dropout, countPerImage: width)
    let end = Segment(name: "fc", drop: dropout) { x, state, observe in
      var features = try x.averagePool()
      if let factors = try state.takeFactors(per: [dropout.countPerImage]) {
        features = try features.multiplied(by: factors)
      }
      let logits = try head(features)
      try observe?("fc", logits)
      return logits
    }
    segments = inner + [end]
  }
}

/// Branches side by side, their outputs' channels joined.
struct InceptionModule {
  let branches: [InceptionBranch]

  func width(input: Int) -> Int { branches.reduce(0) { $0 + $1.width(input: input) } }

  func callAsFunction(_ x: Tensor, training: Bool) throws -> Tensor {
    let outputs = try branches.flatMap { try $0(x, training: training) }
    return outputs.count == 1 ? outputs[0] : try Tensor.concatenated(outputs)
  }
}

/// What a branch does to its input before its layers.
enum InceptionPool {
  case none
  /// The mean of 3 x 3, stride 1, the padding's zeros counted.
  case average
  /// The maximum of 3 x 3, stride 2.
  case maximum
}

/// A pool, then convolutions one after the other, then, in the last modules, two side by side.
struct InceptionBranch {
  let pool: InceptionPool
  let layers: [InceptionLayer]
  /// Layers that all take the last one's output.
  let ends: [InceptionLayer]

  func width(input: Int) -> Int {
    if !ends.isEmpty { return ends.reduce(0) { $0 + $1.width } }
    return layers.last?.width ?? input
  }

  func callAsFunction(_ input: Tensor, training: Bool) throws -> [Tensor] {
    var x =
      switch pool {
      case .none: input
      case .average: try input.averagePool(size: 3, stride: 1, padding: 1)
      case .maximum: try input.maxPool(size: 3, stride: 2, padding: 0)
      }
    for layer in layers { x = try layer(x, training: training) }
    return ends.isEmpty ? [x] : try ends.map { try $0(x, training: training) }
  }
}

/// A convolution, its norm and the rectifier.
struct InceptionLayer {
  let width: Int
  private let convolution: Convolution
  private let norm: BatchNorm

  /// What is to be made: the name after the module's, the channels and the convolution's form.
  struct Form {
    let name: String
    let width: Int
    let size: (rows: Int, columns: Int)
    let stride: Int
    let padding: (rows: Int, columns: Int)?

    init(
      _ name: String, _ width: Int, _ size: (Int, Int) = (1, 1), stride: Int = 1, padding: (Int, Int)? = nil
    ) {
      self.name = name
      self.width = width
      self.size = size
      self.stride = stride
      self.padding = padding
    }
  }

  init(_ module: String, _ input: Int, _ form: Form, in list: inout TensorList) throws {
    let name = form.name.isEmpty ? module : "\(module).\(form.name)"
    width = form.width
    convolution = try Convolution(
      "\(name).conv", input, form.width, size: form.size, stride: form.stride, padding: form.padding, in: &list)
    norm = try BatchNorm("\(name).bn", form.width, epsilon: 1e-3, in: &list)
  }

  func callAsFunction(_ x: Tensor, training: Bool) throws -> Tensor {
    try norm(convolution(x), training: training, rectified: true)
  }
}

/// The making of one module's branches; the names are torchvision's.
struct InceptionBranches {
  let name: String
  let input: Int
  var list: TensorList
  private(set) var branches: [InceptionBranch] = []

  init(name: String, input: Int, list: TensorList) {
    self.name = name
    self.input = input
    self.list = list
  }

  mutating func branch(
    pool: InceptionPool = .none, _ forms: [InceptionLayer.Form], ends: [InceptionLayer.Form] = []
  ) throws {
    var width = input
    var layers: [InceptionLayer] = []
    for form in forms {
      layers.append(try InceptionLayer(name, width, form, in: &list))
      width = form.width
    }
    var last: [InceptionLayer] = []
    for form in ends { last.append(try InceptionLayer(name, width, form, in: &list)) }
    branches.append(InceptionBranch(pool: pool, layers: layers, ends: last))
  }

  /// Figure 5 of the paper, 5 x 5 kept.
  mutating func addSquares(pooled: Int) throws {
    try branch([.init("branch1x1", 64)])
    try branch([.init("branch5x5_1", 48), .init("branch5x5_2", 64, (5, 5))])
    try branch([
      .init("branch3x3dbl_1", 64), .init("branch3x3dbl_2", 96, (3, 3)), .init("branch3x3dbl_3", 96, (3, 3)),
    ])
    try branch(pool: .average, [.init("branch_pool", pooled)])
  }

  /// Figure 10: the image halved.
  mutating func addSquareReduction() throws {
    try branch([.init("branch3x3", 384, (3, 3), stride: 2, padding: (0, 0))])
    try branch([
      .init("branch3x3dbl_1", 64), .init("branch3x3dbl_2", 96, (3, 3)),
      .init("branch3x3dbl_3", 96, (3, 3), stride: 2, padding: (0, 0)),
    ])
    try branch(pool: .maximum, [])
  }

  /// Figure 6: rows and columns of seven.
  mutating func addStrips(inner: Int) throws {
    try branch([.init("branch1x1", 192)])
    try branch([
      .init("branch7x7_1", inner), .init("branch7x7_2", inner, (1, 7)), .init("branch7x7_3", 192, (7, 1)),
    ])
    try branch([
      .init("branch7x7dbl_1", inner), .init("branch7x7dbl_2", inner, (7, 1)), .init("branch7x7dbl_3", inner, (1, 7)),
      .init("branch7x7dbl_4", inner, (7, 1)), .init("branch7x7dbl_5", 192, (1, 7)),
    ])
    try branch(pool: .average, [.init("branch_pool", 192)])
  }

  /// The image halved again.
  mutating func addStripReduction() throws {
    try branch([.init("branch3x3_1", 192), .init("branch3x3_2", 320, (3, 3), stride: 2, padding: (0, 0))])
    try branch([
      .init("branch7x7x3_1", 192), .init("branch7x7x3_2", 192, (1, 7)), .init("branch7x7x3_3", 192, (7, 1)),
      .init("branch7x7x3_4", 192, (3, 3), stride: 2, padding: (0, 0)),
    ])
    try branch(pool: .maximum, [])
  }

  /// Figure 7: the last modules, whose 3 x 3 branches end in a row and a column of three side by side.
  mutating func addSplits() throws {
    try branch([.init("branch1x1", 320)])
    try branch(
      [.init("branch3x3_1", 384)],
      ends: [.init("branch3x3_2a", 384, (1, 3)), .init("branch3x3_2b", 384, (3, 1))])
    try branch(
      [.init("branch3x3dbl_1", 448), .init("branch3x3dbl_2", 384, (3, 3))],
      ends: [.init("branch3x3dbl_3a", 384, (1, 3)), .init("branch3x3dbl_3b", 384, (3, 1))])
    try branch(pool: .average, [.init("branch_pool", 192)])
  }
}
