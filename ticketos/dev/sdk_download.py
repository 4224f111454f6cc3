"""Make the Temporal SDK download its development server.

Run as `python -m ticketos.dev.sdk_download FOLDER RELEASE`. It is a process of its own because one that
used the SDK's runtime must leave by `os._exit`.
"""

from __future__ import annotations

import asyncio
import os
import sys

from temporalio.testing import WorkflowEnvironment


async def _download(folder: str, release: str) -> None:
    environment = await WorkflowEnvironment.start_local(
        download_dest_dir=folder, dev_server_download_version=release
    )
    await environment.shutdown()


def main() -> None:
    """Exit code 0 when the program lies in FOLDER, 1 with one line of reason otherwise."""
    code = 0
    try:
        asyncio.run(_download(sys.argv[1], sys.argv[2]))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        code = 1
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
