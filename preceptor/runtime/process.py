"""How a process of ours ends with the one that started it."""

import os
import signal
import threading
import time

_CHECK_SECONDS = 0.5
_GRACE_SECONDS = 15.0


def end_with_parent() -> None:
    """End this process when its parent is gone.

    A parent that is killed with SIGKILL cannot stop its children. Linux could tell them
    (`PR_SET_PDEATHSIG`), macOS could not; looking at the parent's id works on both.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_CHECK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_GRACE_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
