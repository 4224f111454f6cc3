"""Makes one paper in a process of its own: HTML comes in, PDF goes out (``printed.listing``)."""

from __future__ import annotations

import os
import sys

from ticketos.reports.printed import pdf


def main() -> None:
    """Read, print, end; behind everything else that the machine does."""
    os.nice(5)
    sys.stdout.buffer.write(pdf(sys.stdin.buffer.read().decode()))


if __name__ == "__main__":
    main()
