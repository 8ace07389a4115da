"""JupyterLab in headless Chromium: for tests that see what a learner sees, and for pictures of it.

A server is started on a copy of the notebooks, so that nothing a test does reaches the originals.
Needs the packages jupyterlab and playwright, and a Chromium on the PATH.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from minigrad.course import progress

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
)
SETTINGS = {
    # No pop-up with Jupyter's news, and every cell in the page even where it is scrolled out of sight.
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}
# The kernel's indicator says idle before it is connected; cells sent then are lost.
KERNEL_IS_CONNECTED = """async () => {
    const widget = window.jupyterapp.shell.currentWidget;
    if (!widget || !widget.sessionContext) return false;
    await widget.sessionContext.ready;
    const kernel = widget.sessionContext.session?.kernel;
    return kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
}"""
STDERR = "application/vnd.jupyter.stderr"  # and tracebacks: JupyterLab marks both so
RUN_ALL = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"


class Lab:
    """A running JupyterLab and a browser to open its notebooks in."""

    def __init__(self, address: str, token: str, browser, root: Path):
        self.address, self.token, self.browser = address, token, browser
        self.root = root  # the copies of the folders lie here

    def open(self, notebook: str, width=1300, height=1000, scale=1):
        """Open a notebook; return its page once the kernel answers. `page.complaints` collects errors."""
        page = self.browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale)
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda line: page.complaints.append(line.text) if line.type == "error" else None)
        page.goto(f"{self.address}/lab/tree/{notebook}?token={self.token}&reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        page.wait_for_function(KERNEL_IS_CONNECTED, timeout=60_000)
        return page

    def run_all(self, page) -> None:
        """Run all cells and wait for the last one; what a cell printed to stderr is an error here."""
        page.evaluate(RUN_ALL)
        errors = page.locator(f".jp-Notebook [data-mime-type='{STDERR}']").all_inner_texts()
        if errors:
            raise RuntimeError("\n".join(errors))

    def cell(self, page, words: str):
        """Find the code cell that holds these words."""
        editor = page.locator(".jp-CodeCell .jp-Cell-inputArea", has_text=words).first
        return editor.locator("xpath=ancestor::*[contains(@class, 'jp-CodeCell')]")

    def fill(self, page, cell, source: str) -> None:
        """Put source into a cell from the keyboard, in the place of what stands there, and run it."""
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(source)  # pasted: typed, the editor would add its own indents and brackets
        page.keyboard.press("Shift+Enter")

    def whole(self, page) -> None:
        """Make the window as high as the notebook, for a picture of all of it."""
        height = page.evaluate("() => document.querySelector('.jp-WindowedPanel-outer').scrollHeight")
        page.set_viewport_size({"width": page.viewport_size["width"], "height": min(height + 160, 16_000)})
        page.wait_for_timeout(500)


def wait_for(address: str, server: subprocess.Popen, seconds: float = 60) -> None:
    """Return when a server answers."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            if server.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.2)


@contextmanager
def jupyterlab(*folders: Path, theme: str = "JupyterLab Light") -> Iterator[Lab]:
    """Start JupyterLab on a copy of these folders, and a browser; stop both in the end."""
    from playwright.sync_api import sync_playwright

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        for folder in folders:
            shutil.copytree(folder, home / "root" / folder.name)
        settings = SETTINGS | {"@jupyterlab/apputils-extension/themes": {"theme": theme}}
        for name, values in settings.items():
            file = home / "settings" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values))
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"]
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": port,
            "ServerApp.port_retries": 0,
            "ServerApp.root_dir": home / "root",
            "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        }
        environment = os.environ | {
            "JUPYTER_TOKEN": token,
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        }
        environment.pop(progress.VARIABLE, None)  # so that progress is kept beside the copy, as a learner's is
        with (home / "lab.log").open("w") as log:
            server = subprocess.Popen(
                [*command, *(f"--{name}={value}" for name, value in options.items())],
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(f"{address}/api/status?token={token}", server)
            with sync_playwright() as playwright:
                program = next(filter(None, map(shutil.which, CHROMIUM)))
                browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
                yield Lab(address, token, browser, home / "root")
                browser.close()
        except BaseException:
            print((home / "lab.log").read_text()[-3000:])
            raise
        finally:
            server.terminate()
            server.wait(20)
