"""Saving and loading: state dicts, and checkpoints from which training goes on as if it had never stopped.

A file is `.safetensors`, which PyTorch reads and writes too, or `.npz`, which needs NumPy only. It holds arrays under
path-like names, and a text in JSON that says what they are parts of, with a checksum. Nothing is pickled, so loading
never runs a program. A new file is written beside the old one and takes its place when it is complete.
"""

import copy
import json
import os
import re
import uuid
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np

from .backend import default_generator, to_device
from .spelling import in_words
from .tape import raw
from .tensor import Tensor

TEXT = "__minigrad__"  # what the text is called, in the metadata or as a file in the archive; and how it begins
NO_PICKLE = (
    "minigrad never reads a pickle, which can run any program. In PyTorch write "
    "safetensors.torch.save_file(model.state_dict(), 'model.safetensors'), and load that"
)


def save(state, path):
    """Write a state dict, or any nest of dictionaries and lists of tensors, arrays, numbers, strings and None.

    >>> import tempfile
    >>> import minigrad as mg
    >>> path = Path(tempfile.mkdtemp()) / "state.npz"
    >>> save({"weight": mg.ones(2), "epochs": 3}, path)
    >>> load(path)
    {'weight': tensor([1., 1.]), 'epochs': 3}
    """
    path = Path(os.path.realpath(path))
    pack, _ = _form(path)
    arrays: dict = {}
    state = _encode(state, "", arrays)
    text = json.dumps({TEXT: 1, "crc32": _checksum(state, arrays), "state": state})
    if not path.parent.is_dir():
        raise FileNotFoundError(f"can't save {path}: there is no folder {path.parent}; make it first")
    _put_in_place(path, pack(arrays, text))


def storable(x):
    """Whether `save` can write it."""
    try:
        _encode(x, "", {})
    except TypeError:
        return False
    return True


def load(path, map_location=None, weights_only=True):
    """What `save` wrote, as it was; of a file from elsewhere, its tensors by name. They come to the CPU.

    With `map_location="cuda"` they come to the GPU. A file that is not what it should be is refused.
    """
    path = Path(path)
    _, unpack = _form(path)
    if not weights_only:
        raise ValueError(f"load: weights_only=False is not covered: {NO_PICKLE}")
    content = path.read_bytes()
    try:
        arrays, text = unpack(content)
        state = _described(arrays, text, TEXT.encode() in content)
    except ImportError:
        raise
    except Exception as error:  # there are as many types of errors as ways in which a file can be damaged
        kind = f"{path} can't be loaded: it is damaged, incomplete, or not a {path.suffix} file"
        what = NO_PICKLE if _pickled(content) else str(error) if content else "it is empty"
        raise ValueError(f"{kind} ({len(content):,} bytes): {what}") from error
    return _decode(state, arrays, map_location)


# ---------------------------------------------------------------- checkpoints

PLAIN = "plain values"  # no part can be called that: it isn't a Python name


def save_checkpoint(path, **parts):
    """Write all that training needs to go on: model, optimizer, schedule, generators, and values such as the epoch.

    Of what has a `state_dict` its state is saved, of anything else the value. The default generator, from which
    dropout and shuffling draw, is always among the parts. Call it between two epochs, in a loop like this:

        first = load_checkpoint(path, model=model, optimizer=optimizer)["epoch"] + 1 if Path(path).exists() else 0
        for epoch in range(first, 10):
            ...
            save_checkpoint(path, model=model, optimizer=optimizer, epoch=epoch)

    Killed at any moment and started again, it ends with the same weights, to the bit.
    """
    parts = {"random": default_generator} | parts
    states = {name: part.state_dict() for name, part in parts.items() if hasattr(part, "state_dict")}
    save(states | {PLAIN: {name: part for name, part in parts.items() if name not in states}}, path)


def load_checkpoint(path, **parts):
    """Give each part its saved state, and return the plain values. If one part doesn't fit, none is changed."""
    parts = {"random": default_generator} | {name: part for name, part in parts.items() if part is not None}
    saved = load(path)
    if not isinstance(saved, dict) or PLAIN not in saved:
        raise ValueError(f"{path} is no checkpoint but a state of its own: write model.load_state_dict(load(path))")
    values = saved.pop(PLAIN)
    if stateless := [name for name, part in parts.items() if not hasattr(part, "state_dict")]:
        raise TypeError(f"load_checkpoint: {', '.join(stateless)} can't be given a state; plain values are returned")
    if saved.keys() != parts.keys():
        raise ValueError(
            f"{path} holds the states of {', '.join(saved)}, and load_checkpoint was given {', '.join(parts)}; they "
            "must be the same. To use only one, say the model: model.load_state_dict(load(path)['model'])"
        )
    take_over(parts, saved, path)
    return values


def take_over(parts, states, path):
    """Give each part, by name, its state that was saved in `path`. If one doesn't fit, none is changed."""
    before = {name: copy.deepcopy(part.state_dict()) for name, part in parts.items()}
    try:
        for name, part in parts.items():
            part.load_state_dict(states[name])
    except BaseException as error:
        error.add_note(f"This was {name!r} of {path}; nothing has been changed.")
        for name, part in parts.items():
            part.load_state_dict(before[name])
        raise


# ---------------------------------------------------------------- a nest, as arrays and a text


PRIMITIVE = bool | int | float | str | None  # what JSON knows
SEQUENCES = {"list": list, "tuple": tuple}


def _encode(x, name, arrays):
    """`x` for JSON; the arrays in it go to `arrays`, each under a name of its own."""
    x = x.item() if isinstance(x, np.generic) else x
    if isinstance(x, PRIMITIVE):
        return x
    if isinstance(x, dict):
        if odd := [key for key in x if not isinstance(key, PRIMITIVE | np.generic)]:
            raise TypeError(f"save: {name[1:] or 'the state'} has a key that is a {type(odd[0]).__name__}: {odd[0]!r}")
        pairs = [[_encode(key, name, arrays), _encode(value, f"{name}.{key}", arrays)] for key, value in x.items()]
        return {"dict": pairs}
    if isinstance(x, list | tuple):
        kind = "tuple" if isinstance(x, tuple) else "list"
        return {kind: [_encode(value, f"{name}.{i}", arrays) for i, value in enumerate(x)]}
    array = to_device(raw(x), "cpu") if isinstance(x, Tensor | np.ndarray) else None
    if array is None or array.dtype.kind not in "fiub" or array.itemsize > 8:
        what = in_words(x) if array is None else f"an array of {array.dtype}"
        raise TypeError(f"save: {name[1:] or 'the state'} is {what}; only tensors, numbers, strings and None are saved")
    name = re.sub(r"[\0\\\ud800-\udfff]", "_", name[1:])  # what a zip or UTF-8 doesn't hold
    while name in arrays or name in (TEXT, "__metadata__"):
        name += "_"
    arrays[name] = array.astype(array.dtype.newbyteorder("="), order="C", copy=False)
    return {"tensor" if isinstance(x, Tensor) else "array": name}


def _described(arrays, text, ours):
    """What `_encode` returned; in a file from elsewhere, which has no text, the arrays are tensors by name."""
    if text is not None:
        saved = json.loads(text)
        if saved["crc32"] != _checksum(saved["state"], arrays):
            raise ValueError("the checksum does not agree with the content")
        return saved["state"]
    if ours:
        raise ValueError("of what save wrote only a part is there")
    if odd := [f"{name!r} is of {x.dtype}" for name, x in arrays.items() if x.dtype.kind not in "fiub"]:
        raise TypeError(f"{odd[0]}, and tensors hold real numbers")
    return {"dict": [[name, {"tensor": name}] for name in arrays]}


def _decode(x, arrays, place):
    """The inverse of `_encode`."""
    if not isinstance(x, dict):
        return x
    [(kind, content)] = x.items()
    if kind == "dict":
        return {key: _decode(value, arrays, place) for key, value in content}
    if kind in SEQUENCES:
        return SEQUENCES[kind](_decode(value, arrays, place) for value in content)
    return Tensor(arrays[content], None, place) if kind == "tensor" else np.array(arrays[content])  # own memory


def _checksum(state, arrays):
    """One number for all that is saved, as neither format protects all of its content."""
    total = zlib.crc32(json.dumps(state).encode())
    for name in sorted(arrays):
        total = zlib.crc32(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode(), total)
        total = zlib.crc32(arrays[name], total)
    return total


# ---------------------------------------------------------------- arrays and a text, as bytes


def _pack_safetensors(arrays, text):
    return _safetensors().save(arrays, {TEXT: text})


def _unpack_safetensors(content):
    try:
        arrays = _safetensors().load(content)
    except KeyError as error:
        what = f"its numbers are {error}, which NumPy doesn't have; in PyTorch convert with .float()"
        raise TypeError(what) from None
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return arrays, header.get("__metadata__", {}).get(TEXT)


def _pack_npz(arrays, text):
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo(TEXT), text)
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    return content.getvalue()


def _unpack_npz(content):
    with zipfile.ZipFile(BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    arrays = {name.removesuffix(".npy"): np.lib.format.read_array(BytesIO(member), allow_pickle=False)
              for name, member in members.items() if name.endswith(".npy")}  # fmt: skip
    if other := [name for name in members if not name.endswith(".npy") and name != TEXT]:
        raise ValueError(f"there are other things than arrays in it: {', '.join(other)}")
    return arrays, members.get(TEXT)


def _safetensors():
    try:
        import safetensors.numpy
    except ImportError as error:
        raise ImportError(
            f"files in .safetensors need a package that is not here ({error}): pip install safetensors. "
            "Or save as .npz, which needs nothing"
        ) from None
    return safetensors.numpy


FORMS = {".safetensors": (_pack_safetensors, _unpack_safetensors), ".npz": (_pack_npz, _unpack_npz)}
FORMS[".ckpt"] = FORMS[".npz"]  # a checkpoint, as Lightning calls it


def _form(path):
    """How to pack and unpack a file of this name."""
    if path.suffix not in FORMS:
        why = f": {NO_PICKLE}" if path.suffix in (".pt", ".pth", ".pkl", ".bin") else ""
        raise ValueError(f"{path.name!r} must end in .safetensors or .npz{why}")
    return FORMS[path.suffix]


def _pickled(content):
    """Whether this is what `torch.save` or pickle wrote."""
    return content[:1] == b"\x80" or (content[:2] == b"PK" and b"data.pkl" in content[:1000])


def _put_in_place(path, content):
    """Write a file so that at any moment there is the old one or the new one, complete."""
    # In the same folder, as only there renaming is one step; of a name of its own, as two may be saving at once. Who is
    # killed while writing leaves it behind.
    new = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with open(new, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # or the new name could be on the disk before the content
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)
