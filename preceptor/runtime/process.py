"""What our processes do to end together, and with their memory."""

import ctypes
import gc
import os
import signal
import threading
import time

from preceptor.runtime.settings import load_settings

_CHECK_SECONDS = 0.5
_GRACE_SECONDS = 15.0


def end_with_parent() -> None:
    """End this process when its parent is gone, if the launcher has asked for it.

    A parent that is killed with SIGKILL cannot stop its children. Linux could tell them
    (`PR_SET_PDEATHSIG`), macOS could not; looking at the parent's id works on both. It is
    asked for by an environment variable, so that a server that someone starts by hand and
    leaves running in the background stays.
    """
    if not load_settings().watch_parent:
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_CHECK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_GRACE_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


def tidy_memory() -> None:
    """Give back what a start took for a while; what is there now stays.

    Full collections need not look through that again, and its memory stays shared with a process
    that was copied from this one.
    """
    gc.collect()
    gc.freeze()
    # GNU's C library keeps what loading took for a while.
    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if give_back is not None:
        give_back(0)
