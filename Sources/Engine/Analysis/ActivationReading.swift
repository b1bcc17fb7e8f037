/// What one batch of images does in a network: its logits, and of its inner outputs what is asked for.
package struct ActivationReading {
  /// What is taken.
  package struct Request: Sendable, Hashable {
    package var probe: Probe
    /// What the head is given.
    package var features: Bool
    /// Layers whose outputs are pooled.
    package var pooled: Set<String>
    /// Layers whose Gram matrices are taken.
    package var grams: Set<String>

    package init(probe: Probe = .branch, features: Bool = false, pooled: Set<String> = [], grams: Set<String> = []) {
      self.probe = probe
      self.features = features
      self.pooled = pooled
      self.grams = grams
    }
  }

  /// [images, outputs].
  package let logits: Tensor
  /// [images, width].
  package let features: Tensor?
  package let pooled: [String: PooledFeatures]
  package let grams: [String: GramVector]
}

extension Network {
  /// Shows images [n, channels, h, w] to the network, batch norms at their running statistics.
  package func read(_ images: Tensor, _ request: ActivationReading.Request) throws -> ActivationReading {
    let head = request.features ? tensors.lazy.compactMap(\.headInput).first : nil
    if request.features, head == nil {
      throw EngineError.specification("this network has no head whose input could be taken as features")
    }
    head?.isWatched = true
    defer { if let head { (head.isWatched, head.tensor) = (false, nil) } }
    var pooled: [String: PooledFeatures] = [:]
    var grams: [String: GramVector] = [:]
    let logits = try Native.recording(false) {
      try run(images, through: segments[...], pass: .evaluation, probe: request.probe) { layer, output in
        if request.pooled.contains(layer) {
          pooled[layer] = try PooledFeatures(output, layout: self.layout(of: layer, at: request.probe))
        }
        if request.grams.contains(layer) { grams[layer] = try GramVector(output) }
      }
    }
    return ActivationReading(logits: logits, features: head?.tensor, pooled: pooled, grams: grams)
  }

  /// How a probe's output is laid out.
  private func layout(of layer: String, at probe: Probe) -> TokenLayout {
    if layer == probes.last { return .vector }
    switch family {
    case .residual, .inception: return .channelsFirst
    case .swin: return .channelsLast
    // A patch embedding's own output has no class token yet.
    case .transformer, .narrowTransformer:
      return layer == probes.first && probe == .branch ? .tokens : .classTokenFirst
    }
  }
}

extension ImageSource {
  /// Shows the images to someone, batch by batch in order, without augmentation.
  package func forEachBatch(
    of size: Int, on device: Device, _ body: (_ positions: Range<Int>, _ images: Tensor) throws -> Void
  ) throws {
    for start in stride(from: 0, to: count, by: size) {
      let positions = start..<min(count, start + size)
      try body(positions, batch(Array(positions), draws: nil, on: device).tensor(on: device))
    }
  }
}
