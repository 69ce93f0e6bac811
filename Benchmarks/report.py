#!/usr/bin/env python3
"""Writes the last results, `results.json`, into README.md, and draws the pictures."""

import json
import os
import sys

sys.dont_write_bytecode = True

from pictures import draw  # noqa: E402
from table import markdown  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
BEGIN, END = "<!-- results: written by report.py -->", "<!-- end of the results -->"
# Of a sample: what it is called and its unit.
FIGURES = {
    "create": ("network create", "ms"), "delete": ("network delete: answer", "ms"), "connect": ("connect running", "ms"),
    "disconnect": ("disconnect running", "ms"), "inspect": ("inspect", "ms"), "list": ("list", "ms"),
    "restart": ("restart until it answers", "s"), "memory": ("resident memory (Pss)", "MB"),
}


def engines_table(engines):
    """One row a figure and population, one column an engine."""
    names = list(engines)
    found = {(name, point["networks"]): point for name in names for point in engines[name]}
    rows = []
    for figure, (title, unit) in FIGURES.items():
        for population in sorted({population for _, population in found}):
            values = [found.get((name, population), {}).get(figure) for name in names]
            if sum(value is not None for value in values) > 1:
                rows.append((title, f"{population:,}", *(f"{value:.3g} {unit}" if value is not None else ""
                                                         for value in values)))
    return markdown(("what", "networks", *names), rows)


def pictures(results):
    """Draws what there are curves of; the names of the files."""
    curves = {"floor": results["floor"], **results["engines"]} if results["floor"] else results["engines"]
    names = []
    for figure, (title, unit) in FIGURES.items():
        series = [(name, [(point["networks"], point[figure]) for point in points if point.get(figure)])
                  for name, points in curves.items()]
        series = [(name, curve) for name, curve in series if len(curve) > 1]
        if not series:
            continue
        draw(os.path.join(HERE, f"{figure}.svg"), title, unit, series)
        names.append(f"![{title}]({figure}.svg)")
    return names


def main():
    with open(os.path.join(HERE, "results.json")) as file:
        results = json.load(file)
    parts = [BEGIN, results["machine"], markdown(results["head"], results["rows"])]
    if len(results["engines"]) > 1:
        parts += ["### Beside other engines", engines_table(results["engines"])]
    parts += [*pictures(results), END]
    path = os.path.join(HERE, "README.md")
    with open(path) as file:
        before, _, rest = file.read().partition(BEGIN)
    with open(path, "w") as file:
        file.write(before + "\n\n".join(parts) + rest.partition(END)[2])


if __name__ == "__main__":
    main()
