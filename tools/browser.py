"""Finds the Chromium that the browser tests drive, or installs it.

    python tools/browser.py    prints its path, or says in a sentence what is missing

It looks for a Chromium or Chrome on the PATH, then for Playwright's own. Where there is none,
it installs Debian's package if it may, else Playwright's.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# One process, quiet, and nothing fetched by the browser for itself.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoBrowser(Exception):
    """There is no browser; the message is a sentence that says what to do."""


def find_browser():
    """Return the path of a Chromium, or None."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if os.path.exists(own) else None


def install_browser():
    """Install a Chromium and return its path; raise NoBrowser if that fails."""
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        attempts.insert(0, ["apt-get", "install", "-y", "--no-install-recommends", "chromium"])
        _quietly(["apt-get", "update"])
    for attempt in attempts:
        if _quietly(attempt) and (found := find_browser()):
            return found
    raise NoBrowser(
        "The browser tests need Chromium, and it could not be installed; please install the "
        "package chromium (on Debian: apt install chromium) and run the same command again."
    )


def _quietly(command):
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, env=environment, timeout=900)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def browser():
    """Return the path of a Chromium, installing one if there is none."""
    found = find_browser()
    if found:
        return found
    print("Installing Chromium for the browser tests ...", file=sys.stderr, flush=True)
    return install_browser()


if __name__ == "__main__":
    try:
        print(browser())
    except NoBrowser as problem:
        sys.exit("Error: {}".format(problem))
