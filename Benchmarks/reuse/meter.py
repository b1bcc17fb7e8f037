"""What measures cost, where of a repeated part only a share is run: its time is multiplied, and the result says so."""

import contextlib
import time


class Part:
    """One kind of work within a measure: `measured` units of it were run, of `total` that the measure has."""

    def __init__(self):
        self.measured = self.total = self.images = 0
        self.wall = self.cpu = 0.0

    def json(self):
        factor = self.total / self.measured
        return {
            "measured_units": self.measured,
            "total_units": round(self.total),
            "measured": {"wall_s": self.wall, "cpu_s": self.cpu, "images": self.images},
            "whole": {"wall_s": self.wall * factor, "cpu_s": self.cpu * factor, "images": round(self.images * factor)},
        }


class Meter:
    """Wall and CPU seconds, all threads together, and images through the network: by measure and part."""

    def __init__(self, network):
        self.network = network
        self.measures = {}

    @contextlib.contextmanager
    def timed(self, measure, part, units=1, of=None):
        """Adds what happens inside to a part: `units` of the `of` units that a whole run has in this place."""
        entry = self.measures.setdefault(measure, {}).setdefault(part, Part())
        images, cpu, wall = self.network.images, time.process_time(), time.perf_counter()
        yield
        entry.wall += time.perf_counter() - wall
        entry.cpu += time.process_time() - cpu
        entry.images += self.network.images - images
        entry.measured += units
        entry.total += units if of is None else of

    def json(self):
        """Each measure: its parts, and what it costs whole, which is measured where every part has all of its units."""
        result = {}
        for measure, parts in self.measures.items():
            written = {name: part.json() for name, part in parts.items()}
            result[measure] = {
                "parts": written,
                "complete": all(part.measured == round(part.total) for part in parts.values()),
                "measured": added(part["measured"] for part in written.values()),
                "whole": added(part["whole"] for part in written.values()),
            }
        return result


def added(costs):
    total = {"wall_s": 0.0, "cpu_s": 0.0, "images": 0}
    for cost in costs:
        for name in total:
            total[name] += cost[name]
    return total


def spread(items, count):
    """`count` of the items at even distances, the first and the last among them from two on; all where None."""
    items = list(items)
    if count is None or count >= len(items):
        return items
    if count == 1:
        return [items[len(items) // 2]]
    return [items[round(index * (len(items) - 1) / (count - 1))] for index in range(count)]


def markdown(result):
    """A table of one run: a row a measure, and how much of it was run."""
    lines = [
        "| measure | wall s | CPU s | images through the network | run of it |",
        "|---|---:|---:|---:|---|",
    ]
    for name, measure in result["costs"].items():
        shares = [
            f"{part['measured_units']:,} of {part['total_units']:,} {what}"
            for what, part in measure["parts"].items()
            if part["measured_units"] != part["total_units"]
        ]
        whole = measure["whole"]
        run = "all" if measure["complete"] else "; ".join(shares) + ", their time multiplied"
        lines.append(f"| {name} | {whole['wall_s']:.1f} | {whole['cpu_s']:.1f} | {whole['images']:,} | {run} |")
    whole = result["total"]["whole"]
    lines.append(f"| total | {whole['wall_s']:.1f} | {whole['cpu_s']:.1f} | {whole['images']:,} | |")
    return "\n".join(lines)
