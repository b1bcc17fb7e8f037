/// The style of a report's page: light or dark as the reader's system asks, from a phone's width to a desk's, and on paper.
enum PageStyle {
  /// Figures keep the colours that stand for values; paper, ink and what would be too dark on it change.
  private static let onDark = Palette.onDark.map { color, dark in
    "  figure [fill=\"\(color)\"] { fill: \(dark); } figure [stroke=\"\(color)\"] { stroke: \(dark); }"
  }.joined(separator: "\n")

  static let css = """
    :root { color-scheme: light dark; --paper: #fcfcfa; --ink: #1d1f21; --quiet: #5d6166; --line: #d9d9d4;
      --tint: #f1f1ec; --accent: #005a9c; --alarm: #a33a00; }
    @media screen and (prefers-color-scheme: dark) {
      :root { --paper: #16181b; --ink: #e4e3de; --quiet: #a2a6ab; --line: #3a3e43; --tint: #202327; --accent: #7db8ea;
        --alarm: #f0a070; }
    \(onDark)
    }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--paper); color: var(--ink);
      font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
    main { max-width: 78rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
    h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .4rem; overflow-wrap: anywhere; }
    h2 { font-size: 1.25rem; margin: 2.8rem 0 .6rem; padding-top: .5rem; border-top: 1px solid var(--line); }
    h3 { font-size: 1.05rem; margin: 1.8rem 0 .4rem; }
    p, ul, figcaption { max-width: 46rem; margin: .5rem 0; }
    ul { padding-left: 1.2rem; }
    .quiet, figcaption { color: var(--quiet); font-size: .9rem; }
    .lead { font-size: 1.05rem; }
    .question { font-size: 1.2rem; font-style: italic; }
    td a { color: inherit; text-decoration-color: var(--line); text-underline-offset: .2em; }
    td a:hover { text-decoration-color: currentColor; }
    tr:target { background: var(--tint); box-shadow: inset 3px 0 0 var(--accent); }
    .counts { display: flex; flex-wrap: wrap; gap: .4rem 2.2rem; margin: 1rem 0; padding: 0; list-style: none; }
    .counts b { display: block; font-size: 1.7rem; line-height: 1.2; font-weight: 600; font-variant-numeric: tabular-nums; }
    .alarm { color: var(--alarm); }
    .scroll { overflow-x: auto; margin: .8rem 0; }
    table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
    thead th { border-top: 1.5px solid var(--ink); border-bottom: 1px solid var(--ink); }
    th, td { padding: .28rem .5rem; text-align: left; vertical-align: baseline; white-space: nowrap; }
    th { font-weight: 600; }
    thead th { vertical-align: bottom; }
    tbody th { font-weight: 400; }
    .number { text-align: right; }
    tbody tr.first > * { border-top: 1px solid var(--line); }
    tbody tr:last-child > * { border-bottom: 1.5px solid var(--ink); }
    td.wide { white-space: normal; min-width: 16rem; overflow-wrap: anywhere; }
    td small { color: var(--quiet); }
    td small.below { display: block; line-height: 1.2; }
    figure { margin: 1rem 0 1.6rem; }
    figure > div { overflow-x: auto; }
    figure svg { display: block; max-width: 100%; min-width: 30rem; height: auto; border-radius: 4px; }
    figure svg[width="720"] { width: 60rem; min-width: 40rem; }
    figure svg[width="480"] { width: 40rem; }
    code, pre { font: .85em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
    pre { background: var(--tint); padding: .8rem 1rem; overflow-x: auto; border-radius: 4px; }
    summary { cursor: pointer; color: var(--accent); }
    a { color: var(--accent); }
    nav { font-size: .9rem; display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: 1rem 0 0; }
    @media print { main { max-width: none; padding: 0; } nav { display: none; } figure, tr { break-inside: avoid; }
      .scroll, figure > div { overflow: visible; } }
    """
}
