"""Where the time of a cold and of a warm poll goes, as pictures: `make bench-profile`.

    python -m benchmarks.speed.flames --documents 400 --as before

py-spy samples the command and its worker processes; docs/pictures/cold-before.svg shows which
function called which, its width how often it was found at work. What is narrower than a pixel is
left out, and what imports a module is drawn as one, so that the pictures stay small.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from benchmarks.speed import documents
from benchmarks.speed.peers import INSTALLED, Ours
from benchmarks.speed.publisher import ROOT, Publisher

PICTURES = ROOT / "docs" / "pictures"
PY_SPY = INSTALLED / "py-spy"
SAMPLES_PER_SECOND = 200

WIDTH, ROW = 1200, 16
#: Narrower than this share of the whole is not drawn.
_LEAST_SHARE = 1 / WIDTH
_LETTER = 6.2

#: py-spy's line for a process, and the machinery between one module's import and the next's.
_PROCESS = re.compile(r"^process \d+:\"?(.*?)\"?$")
_IMPORTING = re.compile(r"<frozen importlib|\(<frozen zipimport")

#: Innermost functions that only wait: py-spy does not see on every machine that a thread sleeps.
_WAITING = re.compile(
    r"^(process \d|.*\b(wait|_wait|select|_worker|join|_wait_for_tstate_lock)\b.* \("
    r"|Writer\.(close|_gather|_work|run_all) |main \(aggregator/daemon/workers)"
)


@dataclass(slots=True)
class Frame:
    """One function as called from one place: how many samples lie in it, and what it calls."""

    samples: int = 0
    calls: dict[str, Frame] = field(default_factory=dict)

    def depth(self, least: float) -> int:
        """Return how many rows it needs, its own among them."""
        drawn = [one.depth(least) for one in self.calls.values() if one.samples >= least]
        return 1 + max(drawn, default=0)


def read(stacks: str) -> Frame:
    """Return the tree of py-spy's raw form: frames from the outside in, and a count."""
    root = Frame()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if not count.isdigit() or _WAITING.match(frames[-1]):
            continue
        frame = root
        frame.samples += int(count)
        for name in _named(frames):
            frame = frame.calls.setdefault(name, Frame())
            frame.samples += int(count)
    return root


def _named(stack: list[str]) -> list[str]:
    names: list[str] = []
    for one in stack:
        process = _PROCESS.match(one)
        if process:
            name = "worker" if names else "command"
        elif _IMPORTING.search(one):
            name = "import"
        else:
            name = one
        if not (names and names[-1] == name == "import"):
            names.append(name)
    return names


def draw(root: Frame, title: str) -> str:
    """Return the picture as SVG: the outermost call on top."""
    least = max(root.samples, 1) * _LEAST_SHARE
    height = (root.depth(least) + 1) * ROW
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">',
        "<style>text{font:10px monospace}rect{stroke:#fff;stroke-width:.4}</style>",
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="4" y="12">{escape(title)}: {root.samples} samples</text>',
    ]
    scale = WIDTH / max(root.samples, 1)

    def draw_calls(frame: Frame, x: float, row: int) -> None:
        for name, call in sorted(frame.calls.items()):
            if call.samples >= least:
                parts.append(_box(name, x, row, call.samples * scale))
                draw_calls(call, x, row + 1)
            x += call.samples * scale

    draw_calls(root, 0.0, 1)
    return "\n".join([*parts, "</svg>", ""])


def _box(name: str, x: float, row: int, width: float) -> str:
    room = int((width - 4) / _LETTER)
    shown = name if len(name) <= room else name[: max(room - 1, 0)] + "…"
    label = f'<text x="{x + 2:.1f}" y="{row * ROW + 11}">{escape(shown)}</text>' if room > 3 else ""
    return (
        f"<g><title>{escape(name)} {width / WIDTH:.1%}</title>"
        f'<rect x="{x:.1f}" y="{row * ROW}" width="{width:.1f}" height="{ROW - 1}" '
        f'fill="{_colour(name)}"/>{label}</g>'
    )


def _colour(name: str) -> str:
    """Return ours in orange, libraries in yellow, imports in grey."""
    if name == "import":
        return "#ccc"
    return "#fb9a4b" if "(aggregator/" in name else "#fde08d"


def profile(count: int) -> dict[str, str]:
    """Return py-spy's stacks of the first and of the second poll of so many documents."""
    stacks = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Path(folder)
        written = documents.write(home / "documents", count)
        with Publisher(home / "publisher", count) as publisher:
            urls = [publisher.url(number, documents.name(number)) for number in range(count)]
            ours = Ours(home / "ours", urls)
            ours.prepare()
            publisher.serve(written.first)
            for phase in ("cold", "warm"):
                found = home / f"{phase}.txt"
                asked = ["record", "--subprocesses", "--function", "--format", "raw"]
                rate = ["--rate", str(SAMPLES_PER_SECOND), "--output", str(found)]
                polling = [str(ours.program), "poll", "--force"]
                subprocess.run(
                    [PY_SPY, *asked, *rate, "--", *polling],
                    cwd=ours.home,
                    check=True,
                    stdout=subprocess.DEVNULL,
                )
                stacks[phase] = found.read_text()
    return stacks


def main() -> None:
    """Draw what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=400)
    parser.add_argument("--as", dest="label", default="now", help="before, after: in file names")
    options = parser.parse_args()
    PICTURES.mkdir(exist_ok=True)
    for phase, stacks in profile(options.documents).items():
        root = read(stacks)
        path = PICTURES / f"{phase}-{options.label}.svg"
        path.write_text(draw(root, f"{phase} poll of {options.documents} documents"))
        heavy = Counter({name: one.samples for name, one in _inside(root).items()}).most_common(12)
        print(f"{path.relative_to(ROOT)}: {root.samples} samples; most time in itself:")
        for name, samples in heavy:
            print(f"  {samples / max(root.samples, 1):6.1%}  {name}")


def _inside(root: Frame) -> dict[str, Frame]:
    """Return for each function the samples in it alone, not in what it calls."""
    found: dict[str, Frame] = {}
    waiting = [root]
    while waiting:
        frame = waiting.pop()
        for name, call in frame.calls.items():
            own = call.samples - sum(one.samples for one in call.calls.values())
            found.setdefault(name, Frame()).samples += own
            waiting.append(call)
    return found


if __name__ == "__main__":
    main()
