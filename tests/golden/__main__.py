"""Write the golden documents anew and print the difference."""

from __future__ import annotations

import difflib
import sys

from tests.golden import FOLDER, documents


def main() -> None:
    """Bring every file to what is rendered now."""
    for name, document in documents().items():
        path = FOLDER / name
        before = path.read_bytes() if path.exists() else b""
        if before != document:
            sys.stdout.writelines(
                difflib.unified_diff(
                    before.decode().splitlines(keepends=True),
                    document.decode().splitlines(keepends=True),
                    f"{name} (before)",
                    f"{name} (now)",
                )
            )
            path.write_bytes(document)


if __name__ == "__main__":
    main()
