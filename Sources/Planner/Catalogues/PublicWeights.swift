/// What source weights were learned by.
public enum WeightsKind: String, Sendable, Hashable, CaseIterable {
  /// From ImageNet's images and their labels.
  case supervised
  /// From the images alone, by self-distillation (Caron et al., ICCV 2021, arXiv 2104.14294).
  case dino
}

/// A file of source weights that its makers have published: plain data. Nothing here is fetched unless a person says so.
public struct PublicWeights: Sendable, Hashable {
  /// The backbone of a study.
  public let backbone: String
  public let kind: WeightsKind
  /// Where the file lies, with its name at the end.
  public let url: String
  /// The first digits of the file's SHA-256, or all 64; nil where nobody has published them.
  public let digest: String?
  /// In bytes; nil where it is not known.
  public let size: Int?
  /// Who publishes it.
  public let origin: String

  public var fileName: String { url.split(separator: "/").last.map(String.init) ?? url }
}

/// The published source weights of the backbones.
///
/// torchvision's and DeiT's file names bear the first eight digits of the SHA-256, which is what their own libraries
/// check; all digits stand here where they are on record for the same file. Swin's and DINO's file names bear none.
public enum PublicWeightsCatalogue {
  public static let all: [PublicWeights] = torchvision + deit + swin + dino

  /// The file for a backbone; nil where none is published.
  public static func named(_ backbone: String, _ kind: WeightsKind) -> PublicWeights? {
    all.first { $0.backbone == backbone && $0.kind == kind }
  }

  private static let torchvision = [
    PublicWeights(
      "resnet18", of: "torchvision", "https://download.pytorch.org/models/resnet18-f37072fd.pth",
      digest: "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec", size: 46_830_571),
    PublicWeights(
      "resnet34", of: "torchvision", "https://download.pytorch.org/models/resnet34-b627a593.pth",
      digest: "b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f", size: 87_319_819),
    PublicWeights(
      "resnet50", of: "torchvision", "https://download.pytorch.org/models/resnet50-0676ba61.pth",
      digest: "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a", size: 102_530_333),
    PublicWeights(
      "resnet101", of: "torchvision", "https://download.pytorch.org/models/resnet101-63fe2227.pth", digest: "63fe2227"),
    PublicWeights(
      "resnet152", of: "torchvision", "https://download.pytorch.org/models/resnet152-394f9c45.pth", digest: "394f9c45"),
    PublicWeights(
      "inception_v3", of: "torchvision", "https://download.pytorch.org/models/inception_v3_google-0cc3c7bd.pth",
      digest: "0cc3c7bd75056d25e46cba549dc184522069b81e9787eff6df84f397bd52a5ef"),
  ]

  /// `deit_small5b` is the first five blocks of `deit_small`, and is cut from its file.
  private static let deit = [
    PublicWeights(
      "deit_tiny", of: "DeiT", "https://dl.fbaipublicfiles.com/deit/deit_tiny_patch16_224-a1311bcf.pth",
      digest: "a1311bcf4f24e3c95adaa75535db67bc4412d95535b98f7c1dfd1164dda41c97"),
    PublicWeights(
      "deit_small", of: "DeiT", "https://dl.fbaipublicfiles.com/deit/deit_small_patch16_224-cd65a155.pth",
      digest: "cd65a155"),
    PublicWeights(
      "deit_small5b", of: "DeiT", "https://dl.fbaipublicfiles.com/deit/deit_small_patch16_224-cd65a155.pth",
      digest: "cd65a155"),
    PublicWeights(
      "deit_base", of: "DeiT", "https://dl.fbaipublicfiles.com/deit/deit_base_patch16_224-b5f2ef4d.pth",
      digest: "b5f2ef4d"),
  ]

  private static let swin = [
    PublicWeights(
      "swin_tiny", of: "Swin Transformer", "\(swinFolder)/swin_tiny_patch4_window7_224.pth",
      digest: "9f71c168d837d1b99dd1dc29e14990a7a9e8bdc5f673d46b04fe36fe15590ad3", size: 114_342_173),
    PublicWeights("swin_small", of: "Swin Transformer", "\(swinFolder)/swin_small_patch4_window7_224.pth"),
    PublicWeights("swin_base", of: "Swin Transformer", "\(swinFolder)/swin_base_patch4_window7_224.pth"),
  ]

  private static let dino = [
    PublicWeights(
      "deit_small", .dino, of: "DINO",
      "https://dl.fbaipublicfiles.com/dino/dino_deitsmall16_pretrain/dino_deitsmall16_pretrain.pth"),
    PublicWeights(
      "deit_small5b", .dino, of: "DINO",
      "https://dl.fbaipublicfiles.com/dino/dino_deitsmall16_pretrain/dino_deitsmall16_pretrain.pth"),
    PublicWeights(
      "deit_base", .dino, of: "DINO",
      "https://dl.fbaipublicfiles.com/dino/dino_vitbase16_pretrain/dino_vitbase16_pretrain.pth"),
    PublicWeights(
      "resnet50", .dino, of: "DINO",
      "https://dl.fbaipublicfiles.com/dino/dino_resnet50_pretrain/dino_resnet50_pretrain.pth"),
  ]

  private static let swinFolder = "https://github.com/SwinTransformer/storage/releases/download/v1.0.0"
}

extension PublicWeights {
  fileprivate init(
    _ backbone: String, _ kind: WeightsKind = .supervised, of origin: String, _ url: String, digest: String? = nil,
    size: Int? = nil
  ) {
    self.init(backbone: backbone, kind: kind, url: url, digest: digest, size: size, origin: origin)
  }

  /// The command that fetches the file.
  public var command: String {
    "graft fetch weights \(backbone)" + (kind == .supervised ? "" : " --kind \(kind.rawValue)")
  }
}
