extension StudySections {
  /// A section of a study file, for the list of options, the JSON Schema and errors.
  struct Declared {
    let name: String
    /// What stands in it, in words.
    let type: String
    /// What holds where it is left out, in words.
    let standard: String
    let meaning: String
  }

  /// Every section, in the order in which they are listed.
  static let declared = [
    Declared(
      name: "study", type: "small letters, digits and `-`", standard: "required",
      meaning: "The study's name: results go to `results/<name>/`."),
    Declared(
      name: Inheritance.section, type: "a path, relative to the file", standard: "none",
      meaning: "Another study file, whose sections hold where this one does not say otherwise."),
    Declared(
      name: "data", type: "a path, relative to the file", standard: "datasets",
      meaning: "The folder that the data sets' roots start from."),
    Declared(
      name: "axes", type: "a mapping of axes and their values", standard: "required",
      meaning: "dataset, backbone, fraction, init, and any training option as training.NAME: a list, {range:}, "
        + "{linear:}, {log:}, {named:}, or {when:, values:}."),
    Declared(
      name: "zip", type: "a list of lists of axis names", standard: "none",
      meaning: "Axes of the first grid that move together, a group an entry."),
    Declared(
      name: "seeds", type: "a count, a list of whole numbers, or {range:}", standard: "required",
      meaning: "The runs of each setting; a count stands for 0 and on."),
    Declared(
      name: "training", type: "a mapping of training options", standard: "their defaults",
      meaning: "How models are trained, for all cells."),
    Declared(
      name: "analyses", type: "a list of analyses", standard: "test",
      meaning: "What is measured on each cell's model."),
    Declared(
      name: "blocks", type: "a list of mappings with name, axes, zip, seeds, training, analyses, or {append:}",
      standard: "none", meaning: "Further grids, joined to the first; what one does not say it takes from there."),
    Declared(
      name: "rules", type: "a list of {when:, set:}, or {append:}", standard: "none",
      meaning: "Training options for the cells that a condition holds for; later rules win."),
    Declared(
      name: "exclude", type: "a list of conditions, or {append:}", standard: "none",
      meaning: "Cells that are left out."),
    Declared(
      name: "datasets", type: "a mapping of data sets and their options", standard: "the published ones",
      meaning: "The data sets by name."),
    Declared(
      name: "weights", type: "a mapping of backbones and {file:} or {pretrain:}", standard: "none",
      meaning: "Where each backbone's source weights come from."),
    Declared(
      name: "resources", type: "a mapping", standard: "its defaults",
      meaning: "What a run may use, and what it does about failures."),
    Declared(name: "report", type: "a mapping", standard: "its defaults", meaning: "What the report measures by."),
    Declared(
      name: "slurm", type: "a mapping", standard: "the cluster's and the user's own",
      meaning: "What jobs of a cluster ask for, where a run is to use one."),
  ]
}
