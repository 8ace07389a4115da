"""The full MNIST: 70,000 digits, downloaded once, checked, kept; without a network, the bundled digits instead.

Four files come from one of two mirrors, those from which torchvision and TensorFlow Datasets take them. Each is
written beside its place, compared with a checksum and only then renamed, so that what lies in the cache is whole. A
file that is there already is compared again before it is used.
"""

import gzip
import hashlib
import http.client
import os
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from minigrad.progress import bar

MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
# name: bytes, SHA-256
FILES = {
    "train-images-idx3-ubyte.gz": (9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    "train-labels-idx1-ubyte.gz": (28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    "t10k-images-idx3-ubyte.gz": (1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    "t10k-labels-idx1-ubyte.gz": (4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
}
PIECE = 1 << 16  # bytes read at a time
WAIT = 20  # seconds until a silent mirror is given up


class Digits(NamedTuple):
    """Images as rows of pixels from 0 to 1, their labels, how high and wide an image is, and where it all came from."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    side: int
    source: str


def folder() -> Path:
    """Return where downloads are kept: `MINIGRAD_DATA`, or a folder of the user's cache."""
    kept = os.environ.get("MINIGRAD_DATA")
    return Path(kept) if kept else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minigrad"


def load(say: Callable[[str], Any] = print) -> Digits:
    """Return the full MNIST; where it can't be had, say why and return the bundled digits."""
    try:
        place = fetch(say)
        arrays = [unpacked(place / name) for name in FILES]
    except (OSError, RuntimeError) as error:  # no network, no such page, a wrong checksum, no room, no home folder
        say(f"The full MNIST is not to be had: {error}.")
        say("The notebook goes on with the 1,797 bundled digits. Try again when the network is there.")
        return bundled()
    images, labels, test_images, test_labels = arrays
    x, x_test = (a.reshape(len(a), -1).astype(np.float32) / 255 for a in (images, test_images))
    return Digits(x, labels.astype(int), x_test, test_labels.astype(int), images.shape[1], "MNIST")


def bundled() -> Digits:
    """Return scikit-learn's 8×8 digits in the same form: every fifth one is for the test."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    test = np.arange(len(y)) % 5 == 0
    x = x.astype(np.float32) / 16
    return Digits(x[~test], y[~test], x[test], y[test], 8, "bundled")


def fetch(say: Callable[[str], Any] = print) -> Path:
    """Return the folder with all four files, after downloading those that are missing or damaged."""
    place = folder() / "mnist"
    for name in FILES:
        file = place / name
        if file.exists():
            if whole(file, name):
                continue
            say(f"{name} in the cache is damaged. It is downloaded again.")
        place.mkdir(parents=True, exist_ok=True)
        download(name, file)
    say(f"The full MNIST lies in {shortened(place)}; it is not downloaded again.")
    return place


def shortened(place: Path) -> str:
    """Write a folder under the user's own with a tilde."""
    try:
        return f"~/{place.relative_to(Path.home()).as_posix()}"
    except (ValueError, RuntimeError):  # elsewhere, or nobody's home is known
        return str(place)


def whole(file: Path, name: str) -> bool:
    """Whether a file holds what it should."""
    size, checksum = FILES[name]
    return file.stat().st_size == size and hashlib.sha256(file.read_bytes()).hexdigest() == checksum


def download(name: str, file: Path) -> None:
    """Get a file from the first mirror that has the right one; raise OSError with every mirror's reason."""
    reasons = []
    for mirror in MIRRORS:
        half = file.with_name(f"{file.name}.{os.getpid()}.part")
        try:
            receive(mirror + name, half, FILES[name][0])
            if whole(half, name):
                half.replace(file)
                return
            reasons.append(f"{host(mirror)} sent {fault(half, name)}")
        except (OSError, http.client.HTTPException) as error:
            reasons.append(f"{host(mirror)}: {getattr(error, 'reason', None) or error or type(error).__name__}")
        finally:
            half.unlink(missing_ok=True)
    raise OSError("; ".join(reasons))


def fault(file: Path, name: str) -> str:
    """Say what is wrong with what a mirror sent."""
    size, found = FILES[name][0], file.stat().st_size
    if found < size:
        return f"{found:,} of {size:,} bytes"
    return "another file, its checksum is wrong" if found == size else f"more than {size:,} bytes, another file"


def host(address: str) -> str:
    """Return the name of the machine in an address.

    >>> host("https://example.org/mnist/")
    'example.org'
    """
    return address.split("/")[2]


def receive(address: str, file: Path, size: int) -> None:
    """Write what an address sends to a file, and show how far it is; stop where it sends more than it should."""
    with urllib.request.urlopen(address, timeout=WAIT) as answer, file.open("wb") as out, shown(file, size) as step:
        total = 0
        while total <= size and (piece := answer.read(PIECE)):
            out.write(piece)
            total += len(piece)
            step(len(piece))


@contextmanager
def shown(file: Path, size: int) -> Iterator[Callable[[int], Any]]:
    """Give a function that moves a bar by so many bytes; one that does nothing where tqdm isn't installed."""
    progress = bar(total=size, unit="B", unit_scale=True, desc=file.name.partition(".")[0])
    try:
        yield progress.update if progress is not None else lambda count: None
    finally:
        if progress is not None:
            progress.close()


def unpacked(file: Path) -> np.ndarray:
    """Return the array in an IDX file: its number of axes is byte 3, its shape follows, then the numbers.

    The shape is written in integers of four bytes, the large end first.
    """
    raw = gzip.decompress(file.read_bytes())
    axes = raw[3]
    shape = np.frombuffer(raw, ">u4", axes, offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)
