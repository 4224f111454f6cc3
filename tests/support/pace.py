"""The order in which files are given to the workers of a run."""

from __future__ import annotations

LONGEST_FIRST = (
    "e2e/test_portal_xss_browser.py", "e2e/test_portal_office_browser.py", "e2e/test_portal_browser.py",
    "e2e/test_demo.py", "e2e/test_whole_stack.py", "integration/test_hostile_files.py",
    "e2e/test_portal_many_browser.py", "integration/test_access_matrix.py", "integration/test_api_fuzz.py",
    "e2e/test_portal_zoom_browser.py", "workflow/test_ticket_paths.py", "e2e/test_first_light.py",
    "integration/test_temporal_full_server.py", "integration/test_embedded_postgres.py",
    "integration/test_lost_worker.py", "integration/test_vendors.py", "e2e/test_command_line.py",
    "e2e/test_portal_newcomer_browser.py", "integration/test_adding_a_line.py", "integration/test_command_line.py",
    "integration/test_step_store.py",
)  # fmt: skip
"""Files that take longest, under ``tests/``. A worker takes a file whole; were one of these begun last, the others would
wait for it. xdist's own order puts the files with the fewest tests last, which are just these."""


def turn(path: str) -> int:
    """Where a file stands in the order: the longest by their place above, all others after them."""
    return next(
        (n for n, name in enumerate(LONGEST_FIRST) if path.endswith(f"tests/{name}")), len(LONGEST_FIRST)
    )
