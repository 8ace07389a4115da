"""Saving and loading: what comes back is what was saved, or a clear error, whatever happens to file or process."""

import copy
import os
import pickle
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg
from minigrad import io, nn, optim
from minigrad.io import load, load_checkpoint, save, save_checkpoint

ROOT = Path(__file__).parents[1]
in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(params=[".safetensors", ".npz"])
def path(request, tmp_path):
    """A file to be written, in either format."""
    if request.param == ".safetensors":
        pytest.importorskip("safetensors")
    return tmp_path / f"state{request.param}"


def same(a, b):
    """Equal to the bit: types, dtypes, shapes, numbers (nan too) and the order of keys."""
    if isinstance(a, mg.Tensor | np.ndarray):
        a, b = (x.detach().numpy() if isinstance(x, mg.Tensor) else x for x in (a, b)) if type(a) is type(b) else (0, b)
        return isinstance(b, np.ndarray) and (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return repr(a) == repr(b)


# ---------------------------------------------------------------- round trips

dtypes = st.one_of(hnp.floating_dtypes(), hnp.integer_dtypes(), hnp.unsigned_integer_dtypes(), hnp.boolean_dtypes())
dtypes = dtypes.map(lambda dtype: dtype.newbyteorder("=")).filter(lambda dtype: dtype.itemsize <= 8)
arrays = hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, min_side=0, max_side=4))
tensors = arrays.map(mg.tensor)
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
keys = (
    st.text(max_size=5) | st.integers() | st.sampled_from(["a.b", "a", "b", "a.npy", "../up", "__metadata__", io.TEXT])
)
states = st.recursive(
    plain | tensors | arrays,
    lambda inner: st.dictionaries(keys, inner, max_size=4) | st.lists(inner) | st.lists(inner).map(tuple),
    max_leaves=12,
)


@in_one_folder
@given(states)
def test_what_comes_back_is_what_was_saved(path, state):
    """Any nest: types of numbers, keys that are no strings, names that collide, nan, empty tensors, tuples."""
    save(state, path)
    assert same(load(path), state)


def test_arrays_in_any_memory_layout(path):
    """Transposed, sliced, expanded, of the other byte order; NumPy's numbers become Python's."""
    x = mg.arange(6, dtype=mg.float32).reshape(2, 3)
    state = {
        "T": x.T,
        "step": x[:, ::2],
        "wide": mg.ones(1, 3).expand(2, 3),
        "swapped": np.arange(3, dtype=">f4"),
        "n": np.float32(0.5),
        np.int64(5): 1,
    }
    save(state, path)
    back = load(path)
    assert back["T"].tolist() == x.T.tolist()
    assert back["step"].tolist() == [[0, 2], [3, 5]]
    assert back["wide"].tolist() == [[1, 1, 1]] * 2
    assert back["swapped"].tolist() == [0, 1, 2]
    assert type(back["n"]) is float
    assert back[5] == 1


def test_what_was_loaded_can_be_written_to(path):
    """Tensors with memory of their own, leaves without gradients."""
    save({"w": mg.ones(2, requires_grad=True), "again": mg.ones(2)}, path)
    state = load(path)
    state["w"] += 1
    assert (state["w"].requires_grad, state["w"].tolist(), state["again"].tolist()) == (False, [2, 2], [1, 1])


def test_the_same_state_gives_the_same_bytes(path, tmp_path):
    """So a file that didn't change is the same file to git and to backups."""
    state = {"b": mg.ones(2), "a": {"x": mg.zeros(3), "n": 1}}
    save(state, path)
    before = path.read_bytes()
    time.sleep(0.01)
    save(copy.deepcopy(state), path)
    assert path.read_bytes() == before


def test_model_and_optimizer_go_on_from_a_file(path):
    """state_dict -> file -> load_state_dict, of a network with buffers and an optimizer with memory."""

    def network():
        return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))

    model, other = network(), network()
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    other_optimizer = optim.Adam(other.parameters())
    x = mg.randn(8, 3)

    def steps(model, optimizer):
        for _ in range(3):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()

    steps(model, optimizer)
    save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, path)
    state = load(path)
    other.load_state_dict(state["model"])
    other_optimizer.load_state_dict(state["optimizer"])
    steps(model, optimizer)
    steps(other, other_optimizer)
    assert same(model.state_dict(), other.state_dict())


# ---------------------------------------------------------------- files from elsewhere


def test_a_ckpt_is_ours_or_refused(tmp_path):
    """What Lightning's programs call a checkpoint is a form of our own; what Lightning itself writes there is not."""
    torch = pytest.importorskip("torch")
    path = tmp_path / "last.ckpt"
    state = {"state_dict": {"w": mg.ones(2)}, "epoch": 3, "callbacks": {}}
    save(state, path)
    assert same(load(path), state)
    path.rename(path.with_suffix(".npz"))
    assert same(load(path.with_suffix(".npz")), state)
    for content in ({"state_dict": {"w": torch.ones(2)}, "epoch": 3}, {"epoch": 3}):
        for options in ({}, {"_use_new_zipfile_serialization": False}):
            torch.save(content, path, **options)
            with pytest.raises(ValueError, match=r"last.ckpt can't be loaded: .*minigrad never reads a pickle"):
                load(path)


def test_pytorch_reads_our_file_and_we_read_its(tmp_path):
    """Both ways through .safetensors, dtypes included: the keys are those of the state dict."""
    torch = pytest.importorskip("torch")
    files = pytest.importorskip("safetensors.torch")
    ours = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    save(ours.state_dict(), tmp_path / "ours.safetensors")
    theirs.load_state_dict(files.load_file(tmp_path / "ours.safetensors"))
    theirs = theirs.double()
    files.save_file(theirs.state_dict(), tmp_path / "theirs.safetensors", metadata={"format": "pt"})
    back = load(tmp_path / "theirs.safetensors")
    assert set(back) == set(ours.state_dict())
    assert back["0.weight"].dtype == mg.float64
    assert back["1.num_batches_tracked"].dtype == mg.int64
    twin = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    twin.load_state_dict(back)
    assert same(twin.state_dict(), ours.state_dict())


def test_pytorch_finds_the_tensors_of_a_checkpoint_by_path(tmp_path):
    """In a nest the name is the path."""
    files = pytest.importorskip("safetensors.torch")
    save({"model": {"0.weight": mg.ones(2)}, "steps": [1, mg.zeros(1)]}, tmp_path / "all.safetensors")
    assert sorted(files.load_file(tmp_path / "all.safetensors")) == ["model.0.weight", "steps.1"]


def test_numpy_reads_our_npz_and_we_read_its(tmp_path):
    """np.load and np.savez, compressed too."""
    path = tmp_path / "state.npz"
    save({"layer.weight": mg.ones(2, 3)}, path)
    with np.load(path) as file:
        assert file["layer.weight"].tolist() == [[1.0] * 3] * 2
    for write in (np.savez, np.savez_compressed):
        write(path, w=np.arange(3), b=np.asfortranarray(np.ones((2, 2), np.float16)))
        assert same(load(path), {"w": mg.arange(3), "b": mg.ones(2, 2, dtype=mg.float16)})


class Trap:
    """Unpickled, it would raise."""

    def __reduce__(self):
        return exec, ("raise SystemExit('a pickle was run')",)


def foreign(tmp_path):
    """(file, words of the error) for files that are something else."""
    torch = pytest.importorskip("torch")
    files = pytest.importorskip("safetensors.torch")
    for suffix in (".npz", ".safetensors"):
        torch.save({"w": torch.ones(2), "trap": Trap()}, tmp_path / f"torch{suffix}")
        yield f"torch{suffix}", "never reads a pickle.*safetensors.torch.save_file"
        torch.save({"w": torch.ones(2)}, tmp_path / f"old{suffix}", _use_new_zipfile_serialization=False)
        yield f"old{suffix}", "never reads a pickle"
        (tmp_path / f"pickle{suffix}").write_bytes(pickle.dumps(Trap()))
        yield f"pickle{suffix}", "never reads a pickle"
        (tmp_path / f"empty{suffix}").touch()
        yield f"empty{suffix}", r"\(0 bytes\): it is empty"
        (tmp_path / f"text{suffix}").write_text("weight = 3\n" * 100)
        yield f"text{suffix}", rf"damaged, incomplete, or not a {suffix} file \(1,100 bytes\)"
    np.savez(tmp_path / "objects.npz", w=np.array([Trap()]))
    yield "objects.npz", "Object arrays cannot be loaded"
    np.savez(tmp_path / "words.npz", w=np.array(["a"]))
    yield "words.npz", "'w' is of <U1, and tensors hold real numbers"
    save({"w": mg.ones(1)}, tmp_path / "turned.npz")
    (tmp_path / "turned.npz").rename(tmp_path / "turned.safetensors")
    yield "turned.safetensors", "not a .safetensors file"
    files.save_file({"w": torch.ones(2, dtype=torch.bfloat16)}, tmp_path / "bf16.safetensors")
    yield "bf16.safetensors", r"'BF16', which NumPy doesn't have; in PyTorch convert with .float\(\)"
    files.save_file({"w": torch.ones(2, dtype=torch.complex64)}, tmp_path / "complex.safetensors")
    yield "complex.safetensors", "complex64"


def test_foreign_files_are_named_and_nothing_in_them_is_run(tmp_path):
    """The message says which file, what is wrong and, for a pickle, what to do in PyTorch."""
    for name, words in foreign(tmp_path):
        with pytest.raises(ValueError, match=words) as caught:
            load(tmp_path / name)
        assert name in str(caught.value)


def test_bad_requests_are_refused(tmp_path):
    """Other suffixes, missing files and folders, things that can't be saved, unknown devices."""
    path = tmp_path / "w.npz"
    with pytest.raises(ValueError, match=r"'model.pt' must end in .safetensors or .npz: minigrad never reads a pickle"):
        save({}, tmp_path / "model.pt")
    with pytest.raises(ValueError, match="'model' must end in"):
        load("model")
    with pytest.raises(FileNotFoundError, match=r"No such file .*w.npz"):
        load(path)
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere; make it first"):
        save({}, tmp_path / "nowhere" / "w.npz")
    with pytest.raises(TypeError, match=r"save: model.0 is a Linear; only tensors"):
        save({"model": [nn.Linear(1, 1)]}, path)
    with pytest.raises(TypeError, match=r"the state is an array of complex128"):
        save(np.ones(1, complex), path)
    with pytest.raises(TypeError, match=r"save: a has a key that is a tuple: \(1, 2\)"):
        save({"a": {(1, 2): 3}}, path)
    assert not path.exists()
    save({"w": mg.ones(1)}, path)
    with pytest.raises(ValueError, match="weights_only=False is not covered"):
        load(path, weights_only=False)
    with pytest.raises(ValueError, match="unknown device 'gpu'"):
        load(path, map_location="gpu")
    assert load(path, map_location="cpu", weights_only=True)["w"].device.type == "cpu"
    assert load(str(path))["w"].tolist() == [1.0]


def test_without_the_package_the_error_says_what_to_install(tmp_path, monkeypatch):
    """And what needs no package."""
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    (tmp_path / "w.safetensors").write_bytes(b"something")
    for call in (lambda path: save({"w": mg.ones(1)}, path), load):
        with pytest.raises(ImportError, match=r"pip install safetensors. Or save as .npz"):
            call(tmp_path / "w.safetensors")


@pytest.mark.gpu
def test_from_the_gpu_to_a_file_and_back(path):
    """Saved from a copy on the CPU, loaded where asked."""
    x = mg.arange(6, dtype=mg.float32).reshape(2, 3).to("cuda")
    save({"x": x, "T": x.T}, path)
    assert load(path)["x"].device.type == "cpu"
    back = load(path, map_location="cuda")
    assert back["T"].device.type == "cuda"
    assert back["T"].tolist() == x.T.tolist()


# ---------------------------------------------------------------- damage

STATE = {
    "0.weight": mg.arange(6, dtype=mg.float32).reshape(2, 3),
    "optimizer": {0: {"step": mg.tensor(3.0), "betas": (0.9, 0.999)}},
    "epoch": 3,
}


def damaged(content):
    """Every shorter file, every byte with each single bit changed or replaced, pieces doubled, dropped or exchanged."""
    dice = random.Random(0)
    n = len(content)
    for end in range(n):
        yield content[:end]
    for i in range(n):
        for byte in {content[i] ^ 1 << dice.randrange(8), content[i] ^ 0x20, dice.randrange(256), 0} - {content[i]}:
            yield content[:i] + bytes([byte]) + content[i + 1 :]
    for _ in range(300):
        a, b = sorted(dice.sample(range(n), 2))
        yield content[:a] + content[b:]
        yield content[:b] + content[a:]
        yield content[:a] + bytes(b - a) + content[b:]
        yield content[:a] + dice.randbytes(b - a) + content[b:]
    yield content + b"\0"


def test_a_damaged_file_is_refused_or_what_was_saved(path):
    """Never other numbers: a checksum covers what the formats themselves leave open."""
    save(STATE, path)
    outcomes = []
    for content in damaged(path.read_bytes()):
        path.write_bytes(content)
        try:
            outcomes.append(same(load(path), STATE) or content)
        except ValueError as error:
            outcomes.append(str(path) in str(error) and "refused")
    assert set(outcomes) == {True, "refused"}
    assert outcomes.count("refused") > 0.8 * len(outcomes)  # the rest is what nobody reads: dates, say


# ---------------------------------------------------------------- crashes while saving


def test_a_failure_while_writing_leaves_the_old_file(path, monkeypatch):
    """A full disk, a failing rename, Ctrl-C: the old file stays, nothing else is left behind."""
    save({"w": mg.zeros(2)}, path)
    for name, error in (("fsync", OSError("No space left on device")), ("replace", KeyboardInterrupt())):
        with monkeypatch.context() as patch:
            patch.setattr(io.os, name, lambda *_, error=error: (_ for _ in ()).throw(error))
            with pytest.raises(type(error)):
                save({"w": mg.ones(2)}, path)
        assert load(path)["w"].tolist() == [0, 0]
        assert os.listdir(path.parent) == [path.name]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_killed_while_writing_leaves_the_old_file(path, moment):
    """The process is gone between writing and renaming: the old file is what it was, and the next save works."""
    save({"w": mg.zeros(2)}, path)
    code = f"""if True:
        import os, signal, sys
        import minigrad as mg, minigrad.io as io
        io.os.{moment} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        io.save({{"w": mg.ones(2)}}, sys.argv[1])
    """
    run = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT)
    assert run.returncode == -signal.SIGKILL
    assert load(path)["w"].tolist() == [0, 0]
    save({"w": mg.ones(2)}, path)
    assert load(path)["w"].tolist() == [1, 1]


def test_content_is_on_the_disk_before_its_name(path, monkeypatch):
    """Written, flushed, synced, and only then renamed, within one folder."""
    done = []
    sync, rename = os.fsync, os.replace

    def fsync(file):
        done.append(("fsync", os.fstat(file).st_size))
        sync(file)

    def replace(old, new):
        done.append(("replace", os.stat(old).st_size, Path(old).parent == Path(new).parent))
        rename(old, new)

    monkeypatch.setattr(io.os, "fsync", fsync)
    monkeypatch.setattr(io.os, "replace", replace)
    save(STATE, path)
    size = path.stat().st_size
    assert done == [("fsync", size), ("replace", size, True)]


@pytest.mark.skipif(os.name != "posix", reason="permissions and links of POSIX")
def test_the_file_is_an_ordinary_one(path, tmp_path):
    """With the permissions every new file has; a link stays a link, and what it points to is replaced."""
    save({}, path)
    (tmp_path / "other").touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)
    link = tmp_path / f"link{path.suffix}"
    link.symlink_to(path)
    save({"n": 1}, link)
    assert link.is_symlink()
    assert load(path) == {"n": 1}


# ---------------------------------------------------------------- checkpoints


def parts(hidden=4, rate=optim.Adam):
    """A model, its optimizer and a schedule, with memory of a few steps."""
    model = nn.Sequential(nn.Linear(2, hidden), nn.BatchNorm1d(hidden), nn.Linear(hidden, 1))
    optimizer = rate(model.parameters(), lr=0.1)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 2)
    for _ in range(3):
        optimizer.zero_grad()
        model(mg.randn(4, 2)).square().mean().backward()
        optimizer.step()
        scheduler.step()
    return {"model": model, "optimizer": optimizer, "scheduler": scheduler, "generator": mg.Generator()}


def everything(parts):
    """The state of all parts and of the default generator, copied."""
    return copy.deepcopy(
        {name: part.state_dict() for name, part in (parts | {"random": mg.backend.default_generator}).items()}
    )


def test_a_checkpoint_puts_every_part_back(path):
    """Weights, moments, schedule, both random states; plain values are returned."""
    saved = parts()
    save_checkpoint(path, **saved, epoch=7, history=[0.5, float("nan")], best=None)
    state, expected = everything(saved), mg.rand(3).tolist()
    new = parts()
    values = load_checkpoint(path, **new)
    assert same(values, {"epoch": 7, "history": [0.5, float("nan")], "best": None})
    assert same(everything(new), state)
    assert mg.rand(3).tolist() == expected
    assert same(load(path)["model"], saved["model"].state_dict())


class Fussy:
    """A part that never takes a state, or is interrupted while it does."""

    def __init__(self, error):
        self.error, self.calls = error, 0

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        self.calls += 1
        if self.calls == 1:
            raise self.error


@pytest.mark.parametrize(
    "wrong", [{"hidden": 5}, {"rate": lambda p, lr: optim.SGD(list(p)[:2], lr)}, {"rate": optim.SGD}]
)
def test_unless_everything_fits_nothing_is_changed(path, wrong):
    """The model fits but the optimizer doesn't, or the other way round: all stays as it was, random state included."""
    save_checkpoint(path, **parts(), epoch=1)
    other = parts(**wrong)
    for order in (other, dict(reversed(other.items()))):
        before = everything(other)
        with pytest.raises((RuntimeError, ValueError)) as caught:
            load_checkpoint(path, **order)
        assert str(path) in caught.value.__notes__[0]
        assert same(everything(other), before)


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyboardInterrupt()])
def test_interrupted_between_two_parts_nothing_is_changed(path, error):
    """What was loaded already is taken back."""
    save_checkpoint(path, **parts(), last=Fussy(error))
    other = parts()
    before = everything(other)
    with pytest.raises(type(error)):
        load_checkpoint(path, **other, last=Fussy(error))
    assert same(everything(other), before)


def test_a_damaged_checkpoint_changes_nothing(path):
    """It is read whole before anything is touched."""
    save_checkpoint(path, **parts())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    other = parts()
    before = everything(other)
    with pytest.raises(ValueError, match="damaged"):
        load_checkpoint(path, **other)
    assert same(everything(other), before)


def test_parts_must_be_those_that_were_saved(path):
    """A schedule that is forgotten would start anew without a word."""
    saved = parts()
    save_checkpoint(path, **saved, epoch=1)
    with pytest.raises(
        ValueError, match=r"states of random, model, optimizer, scheduler, generator, .* random, model;"
    ):
        load_checkpoint(path, model=saved["model"])
    with pytest.raises(TypeError, match="epoch can't be given a state; plain values are returned"):
        load_checkpoint(path, **saved, epoch=0)
    save_checkpoint(path, model=saved["model"], scheduler=None)
    assert load_checkpoint(path, model=saved["model"], scheduler=None) == {"scheduler": None}
    save(saved["model"].state_dict(), path)
    with pytest.raises(ValueError, match=r"no checkpoint but a state of its own: write model.load_state_dict\(load"):
        load_checkpoint(path, model=saved["model"])


TRAINING = """if True:
    import sys
    from pathlib import Path
    import numpy as np
    import minigrad as mg
    from minigrad import nn, optim
    from minigrad.data import DataLoader, TensorDataset
    from minigrad.io import load_checkpoint, save, save_checkpoint

    path, result = map(Path, sys.argv[1:])
    mg.manual_seed(0)
    numbers = np.random.default_rng(0)
    x = numbers.standard_normal((64, 5)).astype("float32")
    dataset = TensorDataset(x, (x[:, :1] > 0).astype("float32"))
    generator = mg.Generator().manual_seed(1)
    loader = DataLoader(dataset, batch_size=16, shuffle=True, generator=generator)
    augmented = DataLoader(dataset, batch_size=32, shuffle=True)  # from the default generator, as dropout is
    model = nn.Sequential(nn.Linear(5, 40), nn.BatchNorm1d(40), nn.ReLU(), nn.Dropout(0.3), nn.Linear(40, 1))
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=60)
    parts = dict(model=model, optimizer=optimizer, scheduler=scheduler, generator=generator)
    first = load_checkpoint(path, **parts)["epoch"] + 1 if path.exists() else 0
    print("from", first, flush=True)
    for epoch in range(first, 120):
        for batches in (loader, augmented):
            for a, b in batches:
                optimizer.zero_grad()
                nn.functional.binary_cross_entropy_with_logits(model(a), b).backward()
                optimizer.step()
        scheduler.step()
        save_checkpoint(path, **parts, epoch=epoch)
        print(epoch, flush=True)
    save(model.state_dict(), result)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_training_killed_at_any_moment_ends_with_the_same_weights(path):
    """Started again after each SIGKILL, it ends bit for bit where training ends that nobody disturbed."""

    def start(name):
        files = [str(path.with_stem(f"{name}_{what}")) for what in ("checkpoint", "result")]
        return subprocess.Popen([sys.executable, "-c", TRAINING, *files], cwd=ROOT, stdout=subprocess.PIPE, text=True)

    with start("calm") as calm:
        calm.communicate()
    dice, first = random.Random(os.urandom(8)), []
    for _ in range(6):
        with start("killed") as run:
            lines = [run.stdout.readline() for _ in range(dice.randrange(2, 8))]
            time.sleep(dice.uniform(0, 0.02))
            run.kill()
        first.append(int(lines[0].split()[1]))
    assert first[0] < first[1] < first[-1] < 119, "it was not killed on the way"
    with start("killed") as run:
        run.communicate()
    results = [path.with_stem(f"{name}_result") for name in ("calm", "killed")]
    assert same(*map(load, results))
    assert results[0].read_bytes() == results[1].read_bytes()
