"""How a terminal shows a report: its width, its colours, the marks that it can show. Pure."""

from __future__ import annotations

from msgspec import Struct

from landiag.model.report import Outcome, Status
from landiag.render.columns import columns_of, cut, wrap_columns
from landiag.render.escape import escape_text

_COLOURS = {"green": "38;5;28", "red": "38;5;160", "yellow": "38;5;130", "dim": "2", "bold": "1"}
"""Colours of the cube of 256, which no palette changes: each shows on white (4.6 to 1 or more) and on black (3.9)."""

_MARKS = {
    Outcome.OK: ("✓", "ok", "green"),
    Outcome.BLOCKS: ("✗", "NO", "red"),
    Outcome.WARNS: ("!", "!!", "yellow"),
    Outcome.UNKNOWN: ("?", "??", "yellow"),
    Outcome.NOT_APPLICABLE: ("·", "--", "dim"),
}
_OF_STATUS = {
    Status.CLEAR: Outcome.OK,
    Status.BLOCKED: Outcome.BLOCKS,
    Status.UNDETERMINED: Outcome.UNKNOWN,
}
MARKS = "✓✗!?·…"
"""What a terminal's encoding has to hold for the marks to be used; else ASCII stands in for them."""


class Style(Struct, frozen=True):
    """How the terminal is: its width in columns, whether it shows colour, and the marks (else ASCII)."""

    width: int = 80
    colour: bool = False
    marks: bool = True

    @property
    def ellipsis(self) -> str:
        """What stands for text that was cut off."""
        return "…" if self.marks else "..."

    @property
    def dot(self) -> str:
        """What stands between two things on one line."""
        return "·" if self.marks else "--"

    def paint(self, text: str, colour: str) -> str:
        """Colour a text; unchanged where there is no colour."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self.colour else text

    def mark(self, outcome: Outcome) -> str:
        """The mark of an outcome, without colour."""
        return _MARKS[outcome][0 if self.marks else 1]

    def painted(self, outcome: Outcome) -> str:
        """The mark of an outcome, in its colour."""
        return self.paint(self.mark(outcome), _MARKS[outcome][2])

    def of_status(self, status: Status) -> Outcome:
        """The outcome whose mark and colour a verdict has."""
        return _OF_STATUS[status]

    def typed(self, label: str, command: str) -> list[str]:
        """A command behind its label, or on a line of its own where both do not fit: it is never broken."""
        whole = f"{label} {escape_text(command)}"
        return [whole] if len(whole) <= self.width else [label, f"    {escape_text(command)}"]

    def fold(self, text: str) -> str:
        """Fold every line of a text that is wider than the terminal, two columns deeper than it begins."""
        folded = []
        for line in text.splitlines():
            indent = line[: len(line) - len(line.lstrip(" "))]
            folded += self.wrap(line.strip(), first=indent, rest=f"{indent}  ") or [""]
        return "\n".join(folded) + "\n"

    def wrap(
        self, text: str, first: str = "", rest: str | None = None, most: int = 0, note: str = ""
    ) -> list[str]:
        """Wrap escaped text to the width, cut after ``most`` lines (0: not); ``first``, ``rest`` are the indents.

        ``note`` stands behind the text and is never cut: what does not fit gets a line of its own.
        """
        first = escape_text(first)
        indent = " " * columns_of(first) if rest is None else rest
        lines = wrap_columns(f"{escape_text(text)} {note}".rstrip(), self.width, first, indent)
        if not most or len(lines) <= most:
            return lines
        if note:
            return [*self.wrap(text, first, rest, most), *self.wrap(note, first=indent)]
        last = cut(lines[most - 1], self.width - len(self.ellipsis) - 1, "")
        return [*lines[: most - 1], f"{last} {self.ellipsis}"]
