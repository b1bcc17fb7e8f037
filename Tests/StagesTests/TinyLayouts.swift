import Engine
import Foundation

/// Small copies of the published data sets' layouts, with real JPEG and PNG files.
enum TinyLayout: String, CaseIterable, Sendable {
  case aptos2019, isic2019, chexpert, ddsm
  case cbisDDSM = "cbis_ddsm"
  case camelyon

  /// Training, validation and test images as the data set's own or released split has them.
  var images: [Int] {
    switch self {
    case .aptos2019: [70, 15, 15]
    case .isic2019: [160, 20, 20]
    case .chexpert: [112, 25, 23]
    case .ddsm: [12, 8, 8]
    case .cbisDDSM: [20, 4, 8]
    case .camelyon: [12, 8, 6]
    }
  }

  var metric: String {
    switch self {
    case .aptos2019: "quadratic_kappa"
    case .isic2019: "macro_recall"
    case .chexpert, .ddsm, .cbisDDSM, .camelyon: "roc_auc"
    }
  }

  /// Writes the layout below `data`, in the folder where a study looks for it.
  func write(below data: URL) throws {
    switch self {
    case .aptos2019:
      var table = "id_code,diagnosis\n"
      for number in 0..<100 {
        table += "img\(number),\(number % 5)\n"
        try image("train_images/img\(number).png", of: "APTOS2019", below: data, level: number % 5, colour: true)
      }
      try text(table, "train.csv", of: "APTOS2019", below: data)
    case .isic2019: try writeISIC(data)
    case .chexpert: try writeCheXpert(data)
    case .ddsm:
      for (list, count) in [("train", 12), ("val", 8), ("test", 8)] {
        let names = (0..<count).map { "\(list)/\(["normal", "benign", "normal", "cancer"][$0 % 4])_\($0).png" }
        try text(names.joined(separator: "\n") + "\n", "ddsm_raw_image_lists/\(list).txt", of: "DDSM", below: data)
        for (number, name) in names.enumerated() {
          try image("ddsm_raw/\(name)", of: "DDSM", below: data, level: number % 2)
        }
      }
    case .cbisDDSM: try writeCBIS(data)
    case .camelyon:
      for (part, count) in [("train", 12), ("valid", 8), ("test", 6)] {
        let labels = (0..<count).map { $0 % 2 }
        try text("\(labels)", "\(part)_labels.json", of: "Camelyon", below: data)
        for (number, label) in labels.enumerated() {
          try image("\(part)_png_files/img_\(number).png", of: "Camelyon", below: data, level: label, colour: true)
        }
      }
    }
  }

  private func writeISIC(_ data: URL) throws {
    var truth = "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK\n"
    var metadata = "image,age_approx,anatom_site_general,lesion_id,sex\n"
    for number in 0..<200 {
      let name = "ISIC_000\(1000 + number)"
      truth += ([name] + (0..<9).map { $0 == number % 8 ? "1.0" : "0.0" }).joined(separator: ",") + "\n"
      // Two images of a lesion, and every fifth of none.
      metadata += "\(name),55.0,anterior torso,\(number % 5 == 0 ? "" : "HAM_\(number / 16)_\(number % 8)"),female\n"
      try image(
        "ISIC_2019_Training_Input/\(name).jpg", of: "ISIC2019", below: data, level: number % 8, colour: true)
    }
    try text(truth, "ISIC_2019_Training_GroundTruth.csv", of: "ISIC2019", below: data)
    try text(metadata, "ISIC_2019_Training_Metadata.csv", of: "ISIC2019", below: data)
  }

  private func writeCheXpert(_ data: URL) throws {
    let labels = [
      "No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity", "Lung Lesion", "Edema",
      "Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion", "Pleural Other", "Fracture",
      "Support Devices",
    ]
    var table = (["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA"] + labels).joined(separator: ",") + "\n"
    for number in 0..<160 {
      let patient = String(100_001 + number / 4).dropFirst()
      let view = number % 2 == 0 ? "view1_frontal" : "view2_lateral"
      let path = "train/patient\(patient)/study\(1 + number % 4 / 2)/\(view).jpg"
      let values = labels.indices.map { label -> String in
        switch (number * 5 + label * 3) % 8 {
        case 0, 1: "1.0"
        case 2: "-1.0"
        case 3: "0.0"
        default: ""
        }
      }
      table +=
        (["CheXpert-v1.0-small/\(path)", "Female", "68", "Frontal", "AP"] + values).joined(separator: ",") + "\n"
      try image(path, of: "CheXpert", below: data, level: number % 8)
    }
    try text(table, "train.csv", of: "CheXpert", below: data)
  }

  private func writeCBIS(_ data: URL) throws {
    for (kind, offset) in [("mass", 0), ("calc", 100)] {
      for (part, count) in [("train", 12), ("test", 4)] {
        var table = "patient_id,pathology,image file path,cropped image file path,ROI mask file path\n"
        for number in 0..<count {
          let pathology = ["BENIGN", "MALIGNANT", "BENIGN_WITHOUT_CALLBACK", "MALIGNANT"][number % 4]
          let series = "1.3.6.\(offset).\(part == "train" ? 1 : 2).\(number)"
          let place = "Case_\(number)/1.3.6.9/\(series)"
          // Line breaks within fields, as in the makers' tables.
          table += "P_\(part)_\(offset + number / 2),\(pathology),\(place)/000000.dcm,\"\(place)x/000001.dcm\n\",x\n"
          try image("jpeg/\(series)/1-001.jpg", of: "CBIS-DDSM", below: data, level: number % 2)
        }
        try text(table, "csv/\(kind)_case_description_\(part)_set.csv", of: "CBIS-DDSM", below: data)
      }
    }
  }

  private func text(_ text: String, _ path: String, of folder: String, below data: URL) throws {
    try write(Data(text.utf8), to: data.appending(path: "\(folder)/\(path)"))
  }

  /// An image that is the lighter the higher its level.
  private func image(
    _ path: String, of folder: String, below data: URL, level: Int, colour: Bool = false
  ) throws {
    let channels = colour ? 3 : 1
    let pixels = (0..<channels * 36 * 40).map { UInt8(truncatingIfNeeded: 20 + level * 25 + $0 * 7 % 13) }
    let picture = Picture(width: 40, height: 36, channels: channels, pixels: pixels)
    let isPNG = path.hasSuffix(".png")
    try write(
      Data(picture.encoded(as: isPNG ? .png : .jpeg(quality: 90))), to: data.appending(path: "\(folder)/\(path)"))
  }

  private func write(_ data: Data, to file: URL) throws {
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
  }
}
