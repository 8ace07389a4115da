"""Weights in files, under Keras's names for their places: the second Dense of a Sequential is at `layers/dense_1/vars`.

Names of layers don't occur in them, so weights fit any model built alike. In `.weights.h5` they lie as Keras lays them;
`.safetensors` and `.npz` hold the same by the same names, written by `minigrad.io`.
"""

from pathlib import Path

import numpy as np

from .. import io
from ..nn.module import Module, Parameter
from ..tensor import Tensor
from .layer import Layer
from .variable import snake_case


def save_weights(self, filepath):
    """Write all weights: as `.weights.h5`, which Keras reads too, `.safetensors` or `.npz`."""
    arrays = {name: weight.detach() for name, weight in _places(self, "save_weights").items()}
    if not _is_h5(filepath):
        io.save(arrays, filepath)
        return
    with _h5py().File(filepath, "w") as file:
        for name, weight in arrays.items():
            file[name] = weight.cpu().numpy()


def load_weights(self, filepath):
    """Take over the weights in a file, those of Keras too. If something doesn't fit, nothing is changed."""
    if not Path(filepath).exists():
        raise FileNotFoundError(f"load_weights: there is no file {filepath}")
    saved, own = _read(filepath) if _is_h5(filepath) else io.load(filepath), _places(self, "load_weights")
    sizes = {name: tuple(saved[name].shape) if name in saved else "nothing" for name in own}
    wrong = [f"{name}: the model has {w.shape}, the file {sizes[name]}" for name, w in own.items()
             if sizes[name] != w.shape]  # fmt: skip
    wrong += [f"{name}: in the file, but not in the model" for name in saved if name not in own and not _noted(name)]
    if wrong:
        raise ValueError(f"load_weights: {filepath} doesn't fit the model {self.name!r}:\n  " + "\n  ".join(wrong))
    for name, weight in own.items():
        weight.detach().copy_(saved[name])


def _places(model, what):
    """`{"layers/dense/vars/0": weight}` for all weights."""
    if not model.weights and not model.built:
        raise ValueError(f"{what}: {model.name!r} has no weights before it has seen an input; call it on a batch")
    found: dict = {}
    seen: set = set()

    def visit(module, path):
        if module in seen:
            return
        seen.add(module)
        parts = [part for _, part in module._parts() if isinstance(part, Tensor)]
        own = [p for p in parts if isinstance(p, Parameter)] + [p for p in parts if not isinstance(p, Parameter)]
        own = [w for w in own if any(w is weight for weight in model.weights)]
        inner = module.saved_under if isinstance(module, Layer) else ""
        for i, weight in enumerate(own):
            found["/".join(filter(None, [path, inner, "vars", str(i)]))] = weight
        layers = getattr(module, "layers", None) if isinstance(module, Layer) else None
        if getattr(module, "_layers", None):
            contain(layers, f"{path}/layers")
        attributes = vars(module) | ({} if layers is None else {"layers": layers})
        for name in sorted(attributes, key=lambda n: f"~{n}" if n[0] == "_" else n):
            value = attributes[name]
            if isinstance(value, Module):
                visit(value, f"{path}/{name}")
            elif isinstance(value, list | tuple | dict):
                contain(value, f"{path}/{name}")

    def contain(parts, path):
        used: dict = {}
        for part in parts.values() if isinstance(parts, dict) else parts:
            if isinstance(part, Module | list | tuple | dict):
                name = snake_case(type(part).__name__) if isinstance(part, Module) else "container"
                used[name] = used.get(name, -1) + 1
                name += f"_{used[name]}" * (used[name] > 0)
                (visit if isinstance(part, Module) else contain)(part, f"{path}/{name}")

    visit(model, "")
    return {path.lstrip("/"): weight for path, weight in found.items()}


def _noted(name):
    """Whether this is something else that Keras saves beside weights: seeds, and the states of training."""
    return "seed_generator" in name or name.split("/")[0] in ("optimizer", "_loss_tracker", "_compile_metrics")


def _read(path):
    arrays: dict = {}
    h5py = _h5py()
    try:
        with h5py.File(path, "r") as file:
            file.visititems(lambda name, x: arrays.update({name: np.array(x)}) if isinstance(x, h5py.Dataset) else None)
    except OSError as error:
        raise ValueError(f"load_weights: {path} is damaged, incomplete or no .h5 file: {error}") from None
    return arrays


def _is_h5(path):
    if not str(path).endswith((".weights.h5", ".safetensors", ".npz")):
        raise ValueError(f"the name of a file of weights ends in .weights.h5, .safetensors or .npz, got {str(path)!r}")
    return str(path).endswith(".h5")


def _h5py():
    try:
        import h5py
    except ImportError:
        raise ImportError("for .weights.h5 a package is needed: pip install h5py. Or use .npz") from None
    return h5py
