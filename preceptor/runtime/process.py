"""What our processes do to end together."""

import os
import signal
import threading
import time

WATCH_PARENT = "PRECEPTOR_WATCH_PARENT"
_CHECK_SECONDS = 0.5
_GRACE_SECONDS = 15.0


def end_with_parent() -> None:
    """End this process when its parent is gone, if whoever started it has asked for it.

    A parent that is killed with SIGKILL cannot stop its children. Linux could tell them
    (`PR_SET_PDEATHSIG`), macOS could not; looking at the parent's id works on both. It is
    asked for by an environment variable, so that a server that someone starts by hand and
    leaves running in the background stays.
    """
    if os.environ.get(WATCH_PARENT) != "1":
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_CHECK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_GRACE_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
