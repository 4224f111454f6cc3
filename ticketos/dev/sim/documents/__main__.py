"""Writes labelled documents of our own making: NAME.ext with its truth NAME.json.

python -m ticketos.dev.sim.documents --out DIR --count 200 --seed 1 --kind receipt --form image_jpeg
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ticketos.dev.sim.documents.composed.training import SUFFIXES, write_folder
from ticketos.dev.sim.documents.truth import KINDS, UNBOOKED


def main() -> None:
    """Reads the command line and writes the folder."""
    parser = argparse.ArgumentParser(prog="python -m ticketos.dev.sim.documents", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to; made when absent")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same truths everywhere")
    parser.add_argument(
        "--kind",
        choices=(*KINDS, *UNBOOKED),
        action="append",
        help="may be given several times; all that are booked in turn without it",
    )
    parser.add_argument("--form", choices=sorted(SUFFIXES), help="all but those of words in turn without it")
    parser.add_argument("--damage", type=float, help="0 clean to 1 hard to read; mixed without it")
    asked = parser.parse_args()
    if asked.damage is not None and not 0 <= asked.damage <= 1:
        parser.error(f"damage lies between 0 and 1, not at {asked.damage}")
    if asked.count < 1:
        parser.error("there is nothing to write for a count below 1")
    paths = write_folder(
        asked.out, asked.count, asked.seed, tuple(asked.kind or KINDS), asked.form, asked.damage
    )
    print(f"{len(paths)} documents with their truths in {asked.out}")


if __name__ == "__main__":
    main()
