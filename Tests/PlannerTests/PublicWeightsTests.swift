import Planner
import Testing

/// The catalogue of published weights is data: this is what must be true of it.
@Suite struct PublicWeightsTests {
  @Test func everyEntryCanBeFetchedAndVerifiedAsFarAsIsKnown() {
    for entry in PublicWeightsCatalogue.all {
      #expect(entry.url.hasPrefix("https://") && entry.fileName.hasSuffix(".pth"), "\(entry.url)")
      if let digest = entry.digest {
        #expect(digest.count == 8 || digest.count == 64, "\(entry.backbone)")
        #expect(digest.allSatisfy { "0123456789abcdef".contains($0) }, "\(entry.backbone)")
      }
      // torchvision's and DeiT's names end in the digest's first digits.
      if ["torchvision", "DeiT"].contains(entry.origin) {
        let told = entry.fileName.dropLast(".pth".count).suffix(8)
        #expect(entry.digest?.hasPrefix(told) == true, "\(entry.fileName)")
      }
      #expect(PublicWeightsCatalogue.named(entry.backbone, entry.kind) == entry, "\(entry.backbone) is there twice")
    }
  }

  @Test func theMainBackbonesHaveTheirWeights() {
    for backbone in ["deit_small", "swin_tiny", "inception_v3", "resnet50", "resnet18", "deit_tiny"] {
      #expect(PublicWeightsCatalogue.named(backbone, .supervised) != nil, "\(backbone)")
    }
    for backbone in ["deit_small", "deit_base", "resnet50"] {
      #expect(PublicWeightsCatalogue.named(backbone, .dino)?.origin == "DINO", "\(backbone)")
    }
    #expect(PublicWeightsCatalogue.named("resnet_micro", .supervised) == nil)
    #expect(PublicWeightsCatalogue.named("deit_small", .dino)?.command == "graft fetch weights deit_small --kind dino")
    #expect(PublicWeightsCatalogue.named("deit_small", .supervised)?.command == "graft fetch weights deit_small")
  }
}
