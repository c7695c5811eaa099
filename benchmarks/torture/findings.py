"""What a part of the torture did and found: rows of a table, and the laws that were broken."""

from __future__ import annotations

from dataclasses import dataclass, field

#: What the whole tree of the daemon's processes may take, in MiB, at any moment of any part.
MOST_MEMORY_MIB = 400


@dataclass
class Findings:
    """The table of one part: `rows` under `heads`, then `broken` laws, a line each."""

    part: str
    heads: tuple[str, ...]
    rows: list[tuple[object, ...]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    peak_mib: float = 0.0

    def row(self, *cells: object) -> None:
        """Add a row, and show it at once: a part may take an hour."""
        self.rows.append(cells)
        print(f"{self.part}: {', '.join(map(str, cells))}", flush=True)

    def expect(self, holds: object, law: str) -> None:
        """Note a law as broken unless it holds."""
        if not holds:
            self.broken.append(law)

    def took(self, peak_mib: float) -> None:
        """Note the most memory that a daemon of this part took with its children."""
        self.peak_mib = max(self.peak_mib, peak_mib)
        if peak_mib > MOST_MEMORY_MIB:
            self.broken.append(f"{peak_mib:.0f} MiB, more than {MOST_MEMORY_MIB}")

    def text(self) -> str:
        """Return the table in Markdown, with what was found below it."""
        lines = [f"## {self.part}", ""]
        lines += ["| " + " | ".join(self.heads) + " |", "|---" * len(self.heads) + "|"]
        lines += ["| " + " | ".join(map(str, cells)) + " |" for cells in self.rows]
        lines += ["", f"peak of the process tree: {self.peak_mib:.0f} MiB"]
        lines += [f"BROKEN: {law}" for law in self.broken] or ["no law broken"]
        return "\n".join(lines) + "\n"
