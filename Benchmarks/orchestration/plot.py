"""A figure of lines over two logarithmic axes, as SVG."""

import math
from html import escape

WIDTH, HEIGHT = 720, 460
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 40, 60
COLOURS = ["#c1272d", "#0000a7", "#008176", "#8f5a00", "#6a3d9a", "#555555"]


class Scale:
    """From values to places, whole powers of ten at both ends."""

    def __init__(self, values, start, end):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(self.low + 1, math.ceil(math.log10(max(values))))
        self.start, self.end = start, end

    def place(self, value):
        return self.start + (math.log10(value) - self.low) / (self.high - self.low) * (self.end - self.start)

    def powers(self):
        return [10.0**power for power in range(self.low, self.high + 1)]


def spelled(value):
    if value >= 1:
        return f"{value:,.0f}"
    return f"{value:.10f}".rstrip("0")


def log_log(series, title, x_title, y_title):
    """`series` are lists of (x, y) by name, the first drawn boldest; every number above 0."""
    points = [point for line in series.values() for point in line]
    across = Scale([x for x, _ in points], LEFT, WIDTH - RIGHT)
    up = Scale([y for _, y in points], HEIGHT - BOTTOM, TOP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" font-size="14">{escape(title)}</text>',
    ]
    for value in across.powers():
        x = across.place(value)
        lines.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        lines.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{spelled(value)}</text>')
    for value in up.powers():
        y = up.place(value)
        lines.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{spelled(value)}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    lines.append(f'<text x="{middle}" y="{HEIGHT - 16}" text-anchor="middle">{escape(x_title)}</text>')
    lines.append(
        f'<text transform="translate(16 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">{escape(y_title)}</text>'
    )
    for number, (name, line) in enumerate(series.items()):
        colour, width = COLOURS[number % len(COLOURS)], 3 if number == 0 else 1.5
        places = [(across.place(x), up.place(y)) for x, y in sorted(line)]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        lines.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>')
        lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{width + 1}" fill="{colour}"/>' for x, y in places]
        y = TOP + 14 + 20 * number
        x = WIDTH - RIGHT + 16
        lines.append(f'<path d="M{x} {y - 4}h24" stroke="{colour}" stroke-width="{width}"/>')
        lines.append(f'<text x="{x + 30}" y="{y}">{escape(name)}</text>')
    lines.append("</svg>")
    return "\n".join(lines) + "\n"
