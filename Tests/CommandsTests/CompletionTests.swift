import Foundation
import Testing

/// What shells are told to complete with.
@Suite struct CompletionTests {
  /// What bash offers behind a command line, as it asks the function that the script gives it.
  private func offered(_ words: [String], in folder: TemporaryFolder) throws -> Set<String> {
    let script = try GraftProcess.run(["--generate-completion-script", "bash"], in: folder)
    try folder.write(script.output, to: "graft.bash")
    try folder.write(
      """
      source graft.bash
      rm -f graft.bash ask.bash
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
      "$(complete -p graft | sed 's/.*-F \\([^ ]*\\).*/\\1/')" graft "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
      printf '%s\\n' "${COMPREPLY[@]}"
      """, to: "ask.bash")
    let path = GraftProcess.binary.deletingLastPathComponent().path + ":/usr/bin:/bin"
    let asked = try GraftProcess.start(
      ["ask.bash", "graft"] + words, in: folder, environment: ["PATH": path], program: URL(filePath: "/bin/bash")
    ).finish()
    return Set(asked.output.split(separator: "\n").map(String.init))
  }

  @Test func filesCellsAndNamesAreOffered() throws {
    let folder = try TemporaryFolder()
    try folder.write(Studies.small(), to: "study.yaml")
    try folder.write("text", to: "notes.txt")
    #expect(try offered(["pl"], in: folder) == ["plan"])
    #expect(try offered(["run", ""], in: folder).isSuperset(of: ["study.yaml"]))
    #expect(try !offered(["run", ""], in: folder).contains("notes.txt"))
    #expect(try offered(["run", "--mem"], in: folder) == ["--memory"])
    #expect(try offered(["explain", "st"], in: folder) == ["study.yaml"])
    let cells = try offered(["explain", "study.yaml", "grading/vit_micro/1.0/WT"], in: folder)
    #expect(cells == ["grading/vit_micro/1.0/WT/0", "grading/vit_micro/1.0/WT/1"])
    #expect(try offered(["accept", "tr"], in: folder) == ["train"])
    #expect(try offered(["train", "--backbone", "resnet_"], in: folder) == ["resnet_micro"])
    #expect(try offered(["export", "study.yaml", "--table", "se"], in: folder) == ["settings"])
  }

  /// The shells that are here; a script can be read by its own alone.
  static let shells = ["bash", "zsh", "fish"].filter { FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)") }

  @Test(arguments: shells) func scriptsAreWithoutFaults(shell: String) throws {
    let program = URL(filePath: "/usr/bin/\(shell)")
    let folder = try TemporaryFolder()
    let script = try GraftProcess.run(["--generate-completion-script", shell], in: folder)
    #expect(script.status == 0 && !script.output.isEmpty)
    try folder.write(script.output, to: "script")
    let read = try GraftProcess.start(["-n", "script"], in: folder, program: program).finish()
    #expect(read.status == 0, "\(read.errors)")
  }
}
