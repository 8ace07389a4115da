"""Optimizer: all there is to taking a step except the formula. The formulas are in `rules.py`.

Groups of parameters with options of their own, what is remembered from step to step, saving and loading, and checks.
Small parameters step together: NumPy charges by the call, so their numbers are laid end to end and one call serves
them all. Large ones step in pieces that stay in the processor's cache. Parameters never move: they may be replaced,
frozen, shared or sent to a GPU between two steps.
"""

import copy
import difflib
import itertools
from collections import defaultdict
from operator import is_
from typing import Any

import numpy as np

from ..backend import as_array, numpy_library, xp
from ..spelling import in_words
from ..tape import enable_grad, raw
from ..tensor import Tensor

SMALL = 1 << 13  # up to so many numbers, copying a parameter costs less than calls of its own
PIECE, GPU_PIECE = 1 << 16, 1 << 24  # numbers done at once; a GPU has no use for small pieces

AT_LEAST_ZERO = {"lr", "momentum", "weight_decay", "eps", "alpha", "lr_decay", "initial_accumulator_value"}
IGNORED = {"foreach", "fused", "capturable"}  # how PyTorch is to compute, not what
ELSEWHERE = {"learning_rate": "lr", "epsilon": "eps", "rho": "alpha", "decay": "weight_decay"}
ELSEWHERE |= dict.fromkeys(("beta", "beta1", "beta2", "beta_1", "beta_2"), "betas")


class Optimizer:
    """The base of all optimizers. One of your own is a rule, and the names of what it remembers for each number:

    >>> import minigrad as mg
    >>> class Heavy(Optimizer):
    ...     def __init__(self, params, lr=0.1):
    ...         super().__init__(params, {"lr": lr})
    ...     def buffers(self, **options):
    ...         return {"speed": 0.0}
    ...     def rule(self, p, g, state, t, out, lr, **options):
    ...         state["speed"] += g
    ...         p -= lr * state["speed"]
    >>> w = mg.ones(2, requires_grad=True)
    >>> optimizer = Heavy([w])
    >>> w.sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 0.9000], requires_grad=True)
    """

    def __init__(self, params, defaults, **other):
        self.defaults = defaults
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self._plans: dict = {}
        self._scratch: dict = {}
        self._stepped = False
        for name, value in other.items():
            if name not in IGNORED and (name != "differentiable" or value):
                raise TypeError(self._unknown(name, self._near(name)))
        for group in self._groups(params):
            self.add_param_group(group)

    def buffers(self, *_, **options):
        """What is remembered for each number of a parameter under these options: `{name: value at the start}`."""
        return {}

    def rule(self, p, g, state, t, out, *_, **options):
        """Change the numbers `p` in place, given their gradients `g` and what is remembered of them.

        `t` counts the steps from 1; `out` is an array of the same size, to compute in. All are flat arrays.
        """
        raise NotImplementedError(f"{type(self).__name__} needs a method rule(self, p, g, state, t, out, **options)")

    # ------------------------------------------------------------ a step

    def step(self, closure=None):
        """Change every parameter that has a gradient. With `closure`, call it first, and return the loss it returns."""
        loss = None
        if closure is not None:
            if not callable(closure):
                raise TypeError(
                    f"step: expected a function that computes the loss, or nothing, got {in_words(closure)}; "
                    "write loss.backward() and then optimizer.step()"
                )
            with enable_grad():
                loss = closure()
        todo = []
        for group in self.param_groups:
            params = [p for p in group["params"] if p._grad is not None]  # _grad: the slot behind the property
            for p in params:
                if p._grad.value.shape != p.value.shape:
                    raise ValueError(
                        f"a gradient has shape {p.grad.shape}, its parameter {p.shape}; they must be equal"
                    )
            options = group | {"lr": _number(group.get("lr"))}
            todo += [(block, options) for block in self._plan(params, self.buffers(**options))]
        for block, options in todo:  # nothing is changed until all has been checked
            self._advance(block, options)
        self._stepped = True
        return loss

    def _advance(self, block, options):
        values, grads = block.collect()
        library = xp(values)
        decay = 0 if options.get("decoupled_weight_decay") else options.get("weight_decay")
        t = int(block.step.value) + 1
        block.step.value[...] = t
        for here, state, out, work in block.pieces:
            p, g = values[here], grads[here]
            if options.get("maximize"):
                g = library.negative(g, out=work)
            if decay:
                g = library.add(g, library.multiply(p, decay, out=out), out=work)
            self.rule(p, g, state, t, out, **options)
        block.hand_out(values)

    def _plan(self, params, buffers):
        """`params` in blocks that step together: those of the last time, unless something was replaced since."""
        key = (*buffers, *map(id, params))
        now, blocks = self._look(params), []
        if key in self._plans:
            before, blocks = self._plans[key]
            if len(before) == len(now) and all(map(is_, before, now)):
                return blocks
        kinds: dict = {}
        for p in params:
            state = self.state[p]
            state["step"] = int(_number(state.get("step", bool(state))))  # PyTorch's SGD remembers, but does not count
            alone = id(p) if p.value.size > SMALL else None
            kinds.setdefault((state["step"], p.dtype, p.device, alone), []).append(p)
        blocks = [Block(ps, self.state, buffers, self._scratch) for ps in kinds.values()]
        ids = set(map(id, params))  # what other plans knew about these is outdated
        self._plans = {k: plan for k, plan in self._plans.items() if ids.isdisjoint(k)}
        self._plans[key] = self._look(params), blocks
        return blocks

    def _look(self, params):
        """All that a plan relies on. That the same gradients are there, its key says."""
        return [x for p in params for x in (type(p.value), p.value.dtype, *self.state[p].values())]

    def zero_grad(self, set_to_none=True):
        """Forget the gradients, so that the next `backward` doesn't add to them; or set them to zeros."""
        for p in self._params():
            if set_to_none:
                p._grad = None
            elif p.grad is not None:
                p.grad.detach_().zero_()

    # ------------------------------------------------------------ groups

    def add_param_group(self, param_group):
        """Optimize more parameters: `{"params": [...], "lr": ...}`; what isn't given is as for the others."""
        kind = type(self).__name__
        if not isinstance(param_group, dict) or "params" not in param_group:
            raise TypeError(f'{kind}: a group is a dictionary with "params" in it, got {in_words(param_group)}')
        group = self.defaults | param_group
        for name in param_group.keys() - self.defaults.keys() - {"params"}:
            if near := self._near(name):  # others are the program's own notes, such as "name"
                raise TypeError(self._unknown(name, near))
        params = [group["params"]] if isinstance(group["params"], Tensor) else self._list(group["params"])
        group["params"] = [p[1] if isinstance(p, tuple) and len(p) == 2 else p for p in params]  # named_parameters()
        known = set(self._params())
        for i, p in enumerate(group["params"]):
            if not isinstance(p, Tensor):
                raise TypeError(f"{kind}: parameter {i} is {in_words(p)}, not a tensor")
            if not p.is_leaf:
                raise ValueError(
                    f"{kind}: parameter {i} was computed, {p.op}, so no gradient stays with it; give the tensor it was "
                    "computed from, or cut it off: p.detach().requires_grad_()"
                )
            if p in known:
                raise ValueError(f"{kind}: parameter {i} (shape {p.shape}) was given before; give each one once")
            known.add(p)
        self.check(group)
        self.param_groups.append(group)

    def check(self, group):
        """Raise unless the options of a group make sense. Numbers given as tensors become Python's."""
        kind = type(self).__name__
        for name in AT_LEAST_ZERO & self.defaults.keys():
            x = group[name] = _number(group[name])
            if not isinstance(x, int | float):
                raise TypeError(f"{kind}: {name} must be a number, got {in_words(x)}")
            if not x >= 0:
                raise ValueError(f"{kind}: {name} must be at least 0, got {x}")
        if "betas" in self.defaults:
            betas = group["betas"]
            if not isinstance(betas, tuple | list) or len(betas) != 2:
                raise TypeError(f"{kind}: betas are two numbers, such as (0.9, 0.999); got {betas!r}")
            betas = group["betas"] = tuple(map(_number, betas))
            if not all(0 <= beta < 1 for beta in betas):
                raise ValueError(f"{kind}: betas must be at least 0 and less than 1, got {betas}")

    def _groups(self, params):
        """What the constructor is given, as a list of groups."""
        kind = type(self).__name__
        if isinstance(params, Tensor):
            raise TypeError(f"{kind}: expected a list of tensors, got a single one; write {kind}([tensor])")
        params = self._list(params)
        if not params:
            raise ValueError(
                f"{kind}: got no parameters. Layers must be made in __init__ and assigned to self; and parameters() "
                "can be gone through once: write list(model.parameters()) to use them again"
            )
        return params if isinstance(params[0], dict) else [{"params": params}]

    def _list(self, params):
        kind = type(self).__name__
        if hasattr(params, "parameters"):
            raise TypeError(f"{kind}: got {in_words(params)} itself; write model.parameters()")
        if isinstance(params, set):
            raise TypeError(f"{kind}: a set has no order that is the same tomorrow; give the parameters as a list")
        try:
            return list(params)
        except TypeError:
            raise TypeError(f"{kind}: expected a list of tensors or of groups, got {in_words(params)}") from None

    def _params(self):
        return (p for group in self.param_groups for p in group["params"])

    def _near(self, name):
        """The option that was probably meant by `name`, or None."""
        known = [*self.defaults, "params"]
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
        return near[0] if near else ELSEWHERE[name] if ELSEWHERE.get(name) in known else None

    def _unknown(self, name, near):
        hint = f"; did you mean {near!r}?" if near else f"; there are {', '.join(self.defaults)}"
        return f"{type(self).__name__} has no option {name!r}{hint}"

    # ------------------------------------------------------------ saving and loading

    def state_dict(self):
        """What a later run needs to go on, in PyTorch's layout: parameters are numbered. The tensors are copies."""
        index = {p: i for i, p in enumerate(self._params())}
        state = {i: copy.deepcopy(self.state[p]) for p, i in index.items() if self.state.get(p)}
        groups = [{**group, "params": [index[p] for p in group["params"]]} for group in self.param_groups]
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict):
        """Go on from a `state_dict`. Unless all of it fits, an error says what doesn't and nothing is done."""
        kind = type(self).__name__
        if not isinstance(state_dict, dict) or not {"state", "param_groups"} <= state_dict.keys():
            raise TypeError(f"{kind}: expected what state_dict() returned, got {in_words(state_dict)}")
        saved = [dict(group) for group in state_dict["param_groups"]]
        sizes, mine = [len(g["params"]) for g in saved], [len(g["params"]) for g in self.param_groups]
        if sizes != mine:
            raise ValueError(f"{kind}: the saved groups hold {sizes} parameters, this optimizer's {mine}")
        params: dict = {}
        buffers: dict = {}
        for i, (new, group) in enumerate(zip(saved, self.param_groups, strict=True)):
            if missing := self.defaults.keys() - new.keys():
                raise ValueError(f"{kind}: group {i} was saved without {sorted(missing)}, by another optimizer?")
            params.update(zip(new["params"], group["params"], strict=True))
            new["params"] = group["params"]
            self.check(new)
            buffers.update(dict.fromkeys(new["params"], self.buffers(**new)))
        state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        for i, entries in state_dict["state"].items():
            if i not in params:
                raise ValueError(f"{kind}: state was saved for parameter {i}, which is in none of the saved groups")
            p = params[i]
            state[p] = {name: copy.deepcopy(x) for name, x in entries.items() if x is not None}
            for name in buffers[p].keys() & state[p].keys():
                if (shape := np.shape(raw(state[p][name]))) != p.shape:
                    raise ValueError(
                        f"{kind}: {name} of parameter {i} was saved with shape {shape}, the parameter has {p.shape}"
                    )
        for group, new in zip(self.param_groups, saved, strict=True):
            group.clear()
            group.update(new)
        self.state = state

    def __getstate__(self):
        return vars(self) | {"_plans": {}, "_scratch": {}}  # a copy makes its own

    def __repr__(self):
        lines = []
        for i, group in enumerate(self.param_groups):
            lines += [f"Parameter Group {i}"]
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return f"{type(self).__name__} (\n" + "\n".join(lines) + "\n)"


class Block:
    """Parameters that step together: one large one, or small ones of a dtype and device that are as many steps old.

    What is remembered for them lies end to end in flat arrays; `optimizer.state` looks into these.
    """

    def __init__(self, params, state, buffers, scratch):
        self.params = params
        value = params[0].value
        library, size = xp(value), sum(p.value.size for p in params)

        def flat(n=size):
            return library.empty(n, value.dtype)

        self.step = Tensor.wrap(np.array(state[params[0]]["step"], np.float32))
        remembered = {name: flat() for name in buffers}
        for p in params:
            state[p]["step"] = self.step
        for name, initial in buffers.items():
            for p, part in zip(params, self._split(remembered[name]), strict=True):
                part[...] = as_array(raw(state[p].get(name, initial)), p.dtype, p.device, copy=False)
                state[p][name] = Tensor.wrap(part)
        if len(params) > 1:
            self.values, self.grads = flat(), flat()
            self.places = list(zip(params, self._split(self.values), self._split(self.grads), strict=True))
        n = min(size, PIECE if library is numpy_library else GPU_PIECE)

        def shared(use):
            key = use, params[0].device, value.dtype
            if key not in scratch or scratch[key].size < n:
                scratch[key] = flat(n)
            return scratch[key]

        out = shared("out")
        work = shared("work") if len(params) == 1 else None  # gradients laid end to end are ours to write to
        self.pieces = []
        for start in range(0, size, n or 1):
            here, m = slice(start, start + n), min(n, size - start)
            state_here = {name: x[here] for name, x in remembered.items()}
            self.pieces.append((here, state_here, out[:m], self.grads[here] if work is None else work[:m]))

    def _split(self, flat):
        """A view of the flat array for each parameter, in its shape."""
        ends = itertools.accumulate(p.value.size for p in self.params)
        return [flat[end - p.value.size : end].reshape(p.shape) for p, end in zip(self.params, ends, strict=True)]

    def collect(self):
        """The values and the gradients of the parameters, end to end."""
        if len(self.params) == 1:
            return self.params[0].value.reshape(-1), self.params[0].grad.value.reshape(-1)
        for p, value, grad in self.places:
            value[...] = p.value
            grad[...] = p._grad.value
        return self.values, self.grads

    def hand_out(self, values):
        """Give the parameters their new values, where they are not in place already."""
        if len(self.params) > 1:
            for p, value, _ in self.places:
                p.value[...] = value
        elif not self.params[0].value.flags.c_contiguous:
            self.params[0].value[...] = values.reshape(self.params[0].shape)
        for p in self.params:
            p.touch()


def _number(x):
    """A number given as a tensor or one of NumPy's, as Python's; anything else as it is."""
    x = raw(x)
    return x.item() if getattr(x, "size", 0) == 1 else x
