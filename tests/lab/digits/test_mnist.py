"""The download of the full MNIST, from a server of this machine's own: cache, damage, mirrors, no network."""

import gzip
import hashlib
import http.server
import threading
from functools import partial

import numpy as np
import pytest

from minigrad.course import mnist

RNG = np.random.default_rng(0)
ARRAYS = {
    "train-images-idx3-ubyte.gz": RNG.integers(0, 256, (30, 28, 28), np.uint8),
    "train-labels-idx1-ubyte.gz": RNG.integers(0, 10, 30, np.uint8),
    "t10k-images-idx3-ubyte.gz": RNG.integers(0, 256, (7, 28, 28), np.uint8),
    "t10k-labels-idx1-ubyte.gz": RNG.integers(0, 10, 7, np.uint8),
}
LABELS = "t10k-labels-idx1-ubyte.gz"


def packed(array):
    """A file as MNIST's are: two zeros, the kind of number, the number of axes, the shape, the numbers."""
    shape = b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + shape + array.tobytes(), mtime=0)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, and keeps what was asked for."""

    asked: list[str]

    def asked_for(self):
        return self.path.split("/")[-1]

    def log_message(self, *_):
        self.asked.append(self.asked_for())


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of its own; the proxies of this machine are no part of the test."""
    monkeypatch.setenv("MINIGRAD_DATA", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "cache" / "mnist"


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A server with four small files, known to the module by their checksums. Gives its folder and what it is asked."""
    folder, asked = tmp_path / "mirror", []
    folder.mkdir()
    files = {name: packed(array) for name, array in ARRAYS.items()}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    known = {name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in files.items()}
    monkeypatch.setattr(mnist, "FILES", known)
    handler = type("Handler", (Quiet,), {"asked": asked})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    threading.Thread(target=partial(server.serve_forever, 0.01), daemon=True).start()
    monkeypatch.setattr(mnist, "MIRRORS", (f"http://127.0.0.1:{server.server_port}/",))
    yield folder, asked
    server.shutdown()
    server.server_close()


def load():
    said = []
    return mnist.load(said.append), " ".join(said)


def test_it_downloads_once_and_then_reads_its_cache(mirror, cache, capfd):
    _, asked = mirror
    digits, said = load()
    assert digits.source == "MNIST"
    assert digits.side == 28
    assert digits.x_train.shape == (30, 784)
    assert digits.x_train.dtype == np.float32
    np.testing.assert_allclose(digits.x_test, ARRAYS["t10k-images-idx3-ubyte.gz"].reshape(7, 784) / 255, rtol=1e-6)
    np.testing.assert_array_equal(digits.y_train, ARRAYS["train-labels-idx1-ubyte.gz"])
    assert sorted(asked) == sorted(ARRAYS)
    assert sorted(file.name for file in cache.iterdir()) == sorted(ARRAYS)  # no half files
    assert "100%" in capfd.readouterr().err  # the bar
    assert "not downloaded again" in said

    again, _ = load()
    assert len(asked) == 4
    np.testing.assert_array_equal(again.x_train, digits.x_train)
    assert capfd.readouterr().err == ""


def test_a_damaged_cache_is_downloaded_again(mirror, cache):
    load()
    content = bytearray((cache / LABELS).read_bytes())
    content[-3] ^= 1  # the size stays
    (cache / LABELS).write_bytes(content)
    digits, said = load()
    assert f"{LABELS} in the cache is damaged. It is downloaded again." in said
    np.testing.assert_array_equal(digits.y_test, ARRAYS[LABELS])
    assert mirror[1].count(LABELS) == 2
    (cache / LABELS).write_bytes(b"")  # cut off
    assert load()[0].source == "MNIST"


@pytest.mark.parametrize("how", ["other", "shorter", "endless", "page"])
def test_a_wrong_file_is_not_kept(mirror, cache, how):
    content = (mirror[0] / LABELS).read_bytes()
    size = len(content)
    bad, words = {
        "other": (content[::-1], "its checksum is wrong"),
        "shorter": (content[:-5], f"sent {size - 5} of {size} bytes"),
        "endless": (content * 10000, "more than"),
        "page": (b"<html>Please log in to this network.</html>" * 9, "another file"),  # of a hotel, with status 200
    }[how]
    (mirror[0] / LABELS).write_bytes(bad)
    digits, said = load()
    assert "127.0.0.1" in said
    assert words in said
    assert "goes on with the 1,797 bundled digits" in said
    assert digits.source == "bundled"
    assert LABELS not in {file.name for file in cache.iterdir()}
    assert not list(cache.glob("*.part"))
    (mirror[0] / LABELS).write_bytes(content)
    assert load()[0].source == "MNIST"
    assert mirror[1].count(LABELS) == 2
    assert len(mirror[1]) == 5  # the other three were kept


def test_a_connection_that_breaks_off_leaves_nothing(mirror, cache, monkeypatch):
    def broken(handler):
        content = (mirror[0] / LABELS).read_bytes()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:9])

    whole, ask = http.server.SimpleHTTPRequestHandler.do_GET, Quiet.asked_for
    monkeypatch.setattr(Quiet, "do_GET", lambda self: broken(self) if ask(self) == LABELS else whole(self))
    digits, said = load()
    assert digits.source == "bundled"
    assert "9 of" in said or "IncompleteRead" in said
    assert sorted(file.name for file in cache.iterdir()) == sorted(ARRAYS.keys() - {LABELS})
    monkeypatch.setattr(Quiet, "do_GET", whole)
    assert load()[0].source == "MNIST"
    assert mirror[1].count(LABELS) == 2
    assert len(mirror[1]) == 5  # what had come was kept


def test_an_interrupted_download_ends_the_cell_and_leaves_nothing(mirror, cache, monkeypatch):
    receive, calls = mnist.receive, []

    def interrupted(address, file, size):
        receive(address, file, size)
        calls.append(address)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(mnist, "receive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load()
    assert [file.name for file in cache.iterdir()] == list(ARRAYS)[:1]
    assert load()[0].source == "MNIST"
    assert len(calls) == 5  # the first file was kept


def test_the_second_mirror_stands_in_for_the_first(mirror, monkeypatch):
    address = mnist.MIRRORS[0]
    monkeypatch.setattr(mnist, "MIRRORS", (address + "gone/", address))
    assert load()[0].source == "MNIST"


def test_without_a_network_it_says_so_and_goes_on_with_the_bundled_digits(monkeypatch, cache):
    def no_network(*_, **__):
        raise mnist.urllib.request.URLError("Name or service not known")

    monkeypatch.setattr(mnist.urllib.request, "urlopen", no_network)
    digits, said = load()
    assert "Name or service not known" in said
    assert "goes on with the 1,797 bundled digits" in said
    assert digits.source == "bundled"
    assert digits.side == 8
    assert len(digits.x_train) + len(digits.x_test) == 1797
    assert digits.x_train.min() == 0
    assert digits.x_train.max() == 1
    assert not list(cache.glob("*"))


def test_without_a_home_it_goes_on_too(monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("MINIGRAD_DATA")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(mnist.Path, "home", homeless)
    assert load()[0].source == "bundled"


def test_where_nothing_can_be_written_it_goes_on_too(mirror, tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("MINIGRAD_DATA", str(tmp_path / "a file"))
    assert load()[0].source == "bundled"


def test_the_checksums_are_those_of_the_real_files():
    """Sizes and SHA-256 as published; the shapes follow from the sizes once unpacked, which only a network can show."""
    assert sum(size for size, _ in mnist.FILES.values()) == 11594722
    assert all(len(checksum) == 64 for _, checksum in mnist.FILES.values())
