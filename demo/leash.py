"""`leash.py PARENT COMMAND…`: become COMMAND, and die when PARENT does, even if it is killed outright.

On Linux the kernel sees to it (prctl(2), PR_SET_PDEATHSIG; it outlives the exec). Elsewhere COMMAND simply
runs: there only a demo that is killed by SIGKILL leaves its children behind. Run by its path, so that nothing
of ours is imported before the exec.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

#: From <linux/prctl.h>.
PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent, and become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            # It died before the kernel was asked, which therefore will never tell.
            sys.exit(f"process {parent} is gone")
    os.execv(command[0], command)  # noqa: S606  # the demo's own words, and no shell is wanted


if __name__ == "__main__":
    main()
