import Files
import Planner

extension StudyTables {
  /// A row for each case, baseline and other initialisation.
  package static func comparisons(_ analysis: StudyAnalysis) -> BytePieces {
    let correction = analysis.reporting.correction.rawValue
    let columns: [Column<InitialisationComparison>] =
      caseColumns(analysis.furtherAxes) { $0.transferCase } + [
        .text("init") { $0.initialisation },
        .text("baseline") { $0.baseline },
        .text("metric") { $0.metric },
        .integer("planned") { $0.planned },
        .integer("n") { $0.paired?.differences.n ?? 0 },
        .number("difference") { $0.paired?.differences.mean },
        .number("sd") { $0.paired?.differences.sd },
        .number("t_low") { $0.paired?.differences.interval?.low },
        .number("t_high") { $0.paired?.differences.interval?.high },
        .number("bca_low") { $0.paired?.bootstrap?.low },
        .number("bca_high") { $0.paired?.bootstrap?.high },
        .number("ratio") { $0.ratio?.ratio },
        .number("ratio_fieller_low") { $0.ratio?.interval?.low },
        .number("ratio_fieller_high") { $0.ratio?.interval?.high },
        .number("ratio_bca_low") { $0.ratioBootstrap?.low },
        .number("ratio_bca_high") { $0.ratioBootstrap?.high },
        .number("p_t") { $0.paired?.tP },
        .number("p_sign_flip") { $0.paired?.p },
        .number("p_smallest") { $0.paired?.smallestP },
        .number("p_corrected") { $0.paired?.correctedP },
        .text("correction") { $0.paired?.correctedP == nil ? nil : correction },
      ]
    return DataTable(columns).csv(analysis.comparisons)
  }

  /// A row for each rank correlation of what transfer brings with what a case is.
  package static func correlations(_ correlations: [GainCorrelation]) -> BytePieces {
    DataTable<GainCorrelation>([
      .text("of") { $0.quantity.rawValue },
      .text("with") { $0.factor.rawValue },
      .text("within") { $0.group.name },
      .integer("n") { $0.correlation.n },
      .number("rho") { $0.correlation.rho },
      .number("p") { $0.correlation.p },
      .text("p_method") { $0.correlation.isExact ? "every order" : "student t" },
    ]).csv(correlations)
  }
}
