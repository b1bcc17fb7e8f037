import Files
import Foundation

/// A report's figures in other formats, made by librsvg's program.
struct FigureImages {
  enum Format: String, CaseIterable {
    case pdf, png
  }

  static let program = "rsvg-convert"
  /// Of the pixels of a PNG to an inch: what journals ask of line art in colour.
  private static let resolution = 300

  /// Makes each of these SVG files in another format, beside it.
  ///
  /// - Returns: The files made.
  /// - Throws: `CommandFailure` where the program is not there, or a figure cannot be made.
  static func make(_ format: Format, of figures: [String]) throws -> [String] {
    guard let program = ProgramPath.of(program) else {
      throw CommandFailure(
        .machineLacks, "\(format.rawValue.uppercased()) figures are made by \(program), which is not on the PATH",
        remedy: "install librsvg2-bin, or leave out --\(format.rawValue); the SVG figures are written")
    }
    let made = Parallel.map(figures.count) { index in
      Result { try convert(figures[index], to: format, by: program) }
    }
    return try made.map { try $0.get() }
  }

  private static func convert(_ figure: String, to format: Format, by program: String) throws -> String {
    let target = String(figure.dropLast("svg".count)) + format.rawValue
    let unfinished = target + ".part"
    let scale = format == .png ? ["--zoom", "\(Double(resolution) / 96)"] : []
    let ended = try ProgramOutput.of(
      program, scale + ["--format", format.rawValue, "--output", unfinished, figure])
    guard ended.status == 0, rename(unfinished, target) == 0 else {
      unlink(unfinished)
      throw CommandFailure(
        .cannotWrite, "\(target) could not be made: \(ended.errors.split(separator: "\n").last ?? "")",
        remedy: "the report's other files are written")
    }
    return target
  }
}
