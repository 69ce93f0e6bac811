"""Curves of cost over the number of networks, as SVG with logarithmic axes."""

from math import ceil, floor, log10
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 360, 64, 150, 40, 48
COLOURS = {"Fairlead": "#0b6e99", "dockerd": "#c4552d", "podman": "#5b8a3a", "floor": "#777777"}


def draw(path, title, unit, series):
    """`series`: name and points (networks, value) of each curve."""
    points = [point for _, curve in series for point in curve]
    (x0, x1), (y0, y1) = _decades(x for x, _ in points), _decades(y for _, y in points)

    def place(x, y):
        return (LEFT + (log10(x) - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - (log10(y) - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM))

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="12" fill="#222">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" font-size="15">{escape(title)}</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">networks</text>',
    ]
    for decade in range(x0, x1 + 1):
        x, y = place(10 ** decade, 10 ** y0)
        parts.append(f'<path d="M{x:.1f} {y:.1f}V{TOP}" stroke="#e2e2e2"/>'
                     f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{10 ** decade:,}</text>')
    for decade in range(y0, y1 + 1):
        x, y = place(10 ** x0, 10 ** decade)
        parts.append(f'<path d="M{x:.1f} {y:.1f}H{WIDTH - RIGHT}" stroke="#e2e2e2"/>'
                     f'<text x="{x - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{10 ** decade:g} {unit}</text>')
    labels = _apart([place(*curve[-1])[1] for _, curve in series])
    for (name, curve), label in zip(series, labels):
        colour = COLOURS[name]
        places = [place(*point) for point in curve]
        parts.append(f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}" fill="none" '
                     f'stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        parts.append(f'<text x="{WIDTH - RIGHT + 10}" y="{label + 4:.1f}" fill="{colour}">{escape(name)}</text>')
    with open(path, "w") as file:
        file.write("\n".join([*parts, "</svg>", ""]))


def _decades(values):
    values = list(values)
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return low, max(high, low + 1)


def _apart(places):
    """The labels' heights, moved apart where curves end close together."""
    result = list(places)
    order = sorted(range(len(places)), key=places.__getitem__)
    for before, after in zip(order, order[1:]):
        result[after] = max(result[after], result[before] + 15)
    return result
