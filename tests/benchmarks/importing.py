"""What processor time a fresh interpreter takes to start and import a package, with its bytecode cached, as usual."""

import atexit
import importlib.util
import os
import resource
import subprocess
import sys
import tempfile

CACHE = tempfile.TemporaryDirectory(prefix="minigrad_benchmark_")
atexit.register(CACHE.cleanup)
ENVIRONMENT = {key: x for key, x in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
ENVIRONMENT |= {"PYTHONPYCACHEPREFIX": CACHE.name}


def __getattr__(name):
    """The contender of a package's name."""

    def contender():
        if importlib.util.find_spec(name) is None:
            raise ImportError(f"No module named {name!r}")
        command = [sys.executable, "-W", "ignore", "-c", f"import {name}"]

        def measure():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, check=True, env=ENVIRONMENT)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

        return [0], measure, None

    return contender
