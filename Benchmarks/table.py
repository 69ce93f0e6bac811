"""The table of results."""

import sys


class Table:
    HEAD = ("what", "ours", "theirs", "ours ÷ theirs", "asked", "")

    def __init__(self):
        self.rows = []

    def ratio(self, what, ours, theirs, bound, unit="ms", at_least=False):
        """A row whose bound is a ratio; `ours` and `theirs` are numbers in the unit."""
        quotient = ours / theirs
        met = quotient >= bound if at_least else quotient <= bound
        self._add(what, f"{ours:.3g} {unit}", f"{theirs:.3g} {unit}", f"{quotient:.2f}",
                  f"{'≥' if at_least else '≤'} {bound:g}×", met)

    def compare(self, what, ours, theirs, unit="ms"):
        """A row of which nothing is asked."""
        self._add(what, f"{ours:.3g} {unit}", f"{theirs:.3g} {unit}", f"{ours / theirs:.2f}", "", None)

    def bound(self, what, ours, bound, unit="ms"):
        self._add(what, "never" if ours is None else f"{ours:.3g} {unit}", "", "", f"≤ {bound:g} {unit}",
                  ours is not None and ours <= bound)

    def note(self, what, ours, theirs="", asked="", met=None):
        self._add(what, ours, theirs, "", asked, met)

    def _add(self, *row):
        *texts, met = row
        self.rows.append((*texts, {True: "met", False: "**missed**", None: ""}[met]))
        print(" | ".join(self.rows[-1]), file=sys.stderr, flush=True)

    def show(self):
        print("\n" + markdown(self.HEAD, self.rows))


def markdown(head, rows):
    """A table in Markdown."""
    return "\n".join([f"| {' | '.join(head)} |", "|" + "---|" * len(head), *(f"| {' | '.join(row)} |" for row in rows)])
