"""Markdown of results."""

from measure import NoResult


def seconds(value):
    return f"{value * 1e3:.0f} ms" if value < 1 else f"{value:.2f} s" if value < 100 else f"{value:.0f} s"


def megabytes(value):
    return f"{value / 1e6:,.0f} MB"


def amount(value):
    return f"{value:,.0f}"


def microseconds(value):
    return f"{value * 1e6:,.1f} µs" if value < 1e-3 else f"{value * 1e3:,.2f} ms"


def side_table(results, unit, memory=False):
    """A row a side and size; the ratio is that of CPU time a unit, to Graft's at the nearest size.

    `results` are by name and size.
    """
    memory_title, memory_line = (" memory |", "---:|") if memory else ("", "")
    yield (
        f"| tool | {unit}s | wall | CPU |{memory_title} CPU a {unit} | wall a {unit} | CPU by Graft's | runs |\n"
        f"|---|---:|---:|---:|{memory_line}---:|---:|---:|---:|"
    )
    for (name, size), result in results.items():
        if isinstance(result, NoResult):
            yield f"| {name} | {size:,} | {result.reason} | |{' |' if memory else ''} | | | 1 |"
            continue
        memory_cell = f" {megabytes(result.memory)} |" if memory else ""
        yield (
            f"| {name} | {size:,} | {seconds(result.wall)} | {seconds(result.cpu)} |{memory_cell}"
            f" {microseconds(result.cpu / size)} | {microseconds(result.wall / size)} | {ratio(results, name, size)} |"
            f" {result.repetitions} |"
        )
    yield ""


def ratio(results, name, size):
    graft = {of: result for (side, of), result in results.items() if side == "Graft" and not isinstance(result, NoResult)}
    if name == "Graft" or not graft:
        return ""
    nearest = min(graft, key=lambda of: max(of, size) / min(of, size))
    value = results[name, size].cpu / size / (graft[nearest].cpu / nearest)
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def target_table(targets):
    yield "| what | to reach | measured | |\n|---|---:|---:|---|"
    for what, limit, measured, form in targets:
        if measured is None:
            yield f"| {what} | {form(limit)} | not at this size in this run | |"
        else:
            yield f"| {what} | {form(limit)} | {form(measured)} | {'reached' if measured <= limit else 'missed'} |"
