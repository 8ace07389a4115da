"""Module: a piece of a network that knows its parameters.

What you assign to `self` is found again, in the order of assignment: parameters, buffers, modules, and lists and
dictionaries of modules. From that follow `parameters`, `state_dict`, `train` and `eval`, moving to a device, printing.
"""

import itertools
from collections import namedtuple
from collections.abc import MutableMapping, MutableSequence

from ..spelling import did_you_mean
from ..tape import raw
from ..tensor import Handle, Tensor


class Parameter(Tensor):
    """A tensor that a module counts among its parameters; it requires a gradient.

    >>> import minigrad as mg
    >>> Parameter(mg.zeros(2))
    Parameter containing:
    tensor([0., 0.], requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data, requires_grad=True):
        super().__init__(())
        self.needs_grad = requires_grad  # so that memory shared with NumPy is copied
        self._take(data)
        self.requires_grad = requires_grad

    def __deepcopy__(self, memo):
        twin = super().__deepcopy__(memo)
        twin.grad = None  # as in PyTorch, where other tensors keep theirs
        return twin

    def __repr__(self):
        return "Parameter containing:\n" + super().__repr__()


class Incompatible(namedtuple("Incompatible", ["missing_keys", "unexpected_keys"])):
    """What `load_state_dict` passed over."""

    def __repr__(self):
        return super().__repr__() if any(self) else "<All keys matched successfully>"


class Module:
    """The base of every layer and network: write `forward`, and assign parts to `self` in `__init__`.

    >>> import minigrad as mg
    >>> from minigrad import nn
    >>> class Line(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.w = nn.Parameter(mg.tensor(2.0))
    ...     def forward(self, x):
    ...         return self.w * x
    >>> Line()(3.0)
    tensor(6., grad_fn=<MulBackward>)
    """

    def __init__(self):
        self.training = True
        self._kinds: dict = {}  # name -> what may stand there: a Parameter, a Module, or for buffers any Tensor
        self._buffers: dict = {}  # name -> whether it is saved
        self._forward_hooks: list = []
        self._forward_pre_hooks: list = []

    def forward(self, *inputs):
        """What the module computes; to be written by you."""
        raise NotImplementedError(f"{type(self).__name__} needs a method forward(self, x)")

    def __call__(self, *inputs, **options):
        if self._forward_pre_hooks:
            for hook in (*self._forward_pre_hooks,):  # a hook may take itself away
                changed = hook(self, inputs)
                if changed is not None:
                    inputs = changed if isinstance(changed, tuple) else (changed,)
        result = self.forward(*inputs, **options)
        if self._forward_hooks:
            for hook in (*self._forward_hooks,):
                changed = hook(self, inputs, result)
                result = result if changed is None else changed
        return result

    def register_forward_hook(self, hook):
        """Call `hook(module, inputs, result)` after each forward; what it returns, if anything, is the result."""
        return Handle(self._forward_hooks, hook)

    def register_forward_pre_hook(self, hook):
        """Call `hook(module, inputs)` before each forward; what it returns, if anything, are the inputs."""
        return Handle(self._forward_pre_hooks, hook)

    def register_full_backward_hook(self, hook, prepend=False):
        """Not covered: tensors have hooks for gradients, and a forward hook sees the tensors."""
        raise NotImplementedError(
            "register_full_backward_hook is not covered; see the gradient of a result by register_forward_hook("
            "lambda module, inputs, result: result.register_hook(print) and None)"
        )

    # ------------------------------------------------------------ what is in it

    def _parts(self):
        """`(name, part)` for all that was assigned, with what lists and dictionaries of modules hold."""
        if "_kinds" not in vars(self):
            self.__getattr__("_kinds")  # says what was forgotten
        for name, value in vars(self).items():
            if name not in ("_kinds", "_buffers", "_forward_hooks", "_forward_pre_hooks"):
                yield from _unpack(name, value)

    def named_children(self):
        """`(name, module)` for the modules directly inside, each once."""
        found = set()
        for name, part in self._parts():
            if isinstance(part, Module) and part not in found:
                found.add(part)
                yield name, part

    def children(self):
        """The modules directly inside."""
        return (module for _, module in self.named_children())

    def named_modules(self, prefix=""):
        """`(path, module)` for this module and all inside, each once."""
        found, todo = set(), [(prefix, self)]
        while todo:
            path, module = todo.pop()
            if module not in found:
                found.add(module)
                yield path, module
                inner = [(f"{path}.{name}" if path else name, child) for name, child in module.named_children()]
                todo.extend(reversed(inner))

    def modules(self):
        """This module and all inside, each once."""
        return (module for _, module in self.named_modules())

    def _named(self, wanted, prefix, recurse):
        """`(path, tensor)` for the tensors that `wanted(module, name, tensor)` picks, each once."""
        found = set()
        for path, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            for name, part in module._parts():
                if isinstance(part, Tensor) and part not in found and wanted(module, name, part):
                    found.add(part)
                    yield (f"{path}.{name}" if path else name), part

    def named_parameters(self, prefix="", recurse=True):
        """`(path, parameter)`, such as `("0.weight", ...)`, in the order of definition, each once."""
        return self._named(lambda module, name, part: isinstance(part, Parameter), prefix, recurse)

    def parameters(self, recurse=True):
        """The parameters, in the order of definition, each once."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix="", recurse=True):
        """`(path, tensor)` for the buffers: what is saved with the parameters, but not trained."""
        return self._named(lambda module, name, part: name in module._buffers, prefix, recurse)

    def buffers(self, recurse=True):
        """The buffers."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_submodule(self, target):
        """The module at a path such as "blocks.0.fc"; at "" this one."""
        return self._at(target, Module) if target else self

    def get_parameter(self, target):
        """The parameter at a path such as "blocks.0.fc.weight"."""
        return self._at(target, Parameter)

    def get_buffer(self, target):
        """The buffer at a path such as "norm.running_mean"."""
        return self._at(target, Tensor)

    def _at(self, path, kind):
        known = {name: part for name, part in self._parts() if isinstance(part, kind | Module)}
        for name, part in known.items():
            if path == name and isinstance(part, kind):
                return part
            if path.startswith(f"{name}.") and isinstance(part, Module):
                return part._at(path[len(name) + 1 :], kind)
        raise AttributeError(f"{type(self).__name__} has no {WORD[kind]} {path!r}{did_you_mean(path, known)}")

    # ------------------------------------------------------------ what is put in

    def register_buffer(self, name, tensor, persistent=True):
        """Keep a tensor that is not trained; `persistent` says whether it is part of the state."""
        self._register(name, tensor, Tensor)
        self._buffers[name] = persistent

    def register_parameter(self, name, param):
        """The same as `setattr(self, name, param)`; of None, the name stays that of a parameter."""
        self._register(name, param, Parameter)

    def add_module(self, name, module):
        """The same as `setattr(self, name, module)`."""
        self._register(name, module, Module)

    register_module = add_module

    def _register(self, name, part, kind):
        if not isinstance(part, kind | None):
            raise TypeError(f"{type(self).__name__}: {name!r} must be {ASKED[kind]} or None, got {_given(part)}")
        taken = name in vars(self) or hasattr(type(self), str(name))
        if not isinstance(name, str) or not name or "." in name or (taken and self._kinds.get(name) is not kind):
            raise ValueError(
                f"{type(self).__name__}: {name!r} can't be the name of a {WORD[kind]}: a name is a text without a "
                "dot, and not that of an attribute or method that is there already"
            )
        self._kinds[name] = kind
        setattr(self, name, part)

    def __setattr__(self, name, value):
        part = next((kind for kind in (Parameter, Module) if isinstance(value, kind)), None)
        if part and "training" not in vars(self):
            raise AttributeError(f"{type(self).__name__}.__init__ must call super().__init__() before it assigns parts")
        kind = vars(self).get("_kinds", {}).get(name)
        if kind and value is not None and not isinstance(value, kind | Parameter):
            raise TypeError(
                f"cannot assign {_given(value)} as {WORD[kind]} {name!r} of {type(self).__name__}; give it "
                f"{ASKED[kind]}" + ", or write into it: with mg.no_grad(): p.copy_(...)" * (kind is Parameter)
            )
        if part and part is not kind:  # it is found after those that were there before, whatever had its name
            vars(self).pop(name, None), self._buffers.pop(name, None)
            self._kinds[name] = part
        super().__setattr__(name, value)

    def __delattr__(self, name):
        super().__delattr__(name)
        self._kinds.pop(name, None), self._buffers.pop(name, None)

    def __getattr__(self, name):
        if "_buffers" not in vars(self):
            raise AttributeError(f"{type(self).__name__}.__init__ must begin with super().__init__()")
        if hasattr(type(self), name):
            raise AttributeError(f"{type(self).__name__}.{name} is a property, and computing it raised AttributeError")
        hint = did_you_mean(name, [n for n in dir(self) if n[0] != "_"])
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}{hint}")

    # ------------------------------------------------------------ state

    def state_dict(self, prefix=""):
        """Path -> tensor for parameters and persistent buffers; the tensors share the module's memory."""
        parameters: dict = {}
        buffers: dict = {}
        inner: dict = {}
        for name, part in self._parts():
            if isinstance(part, Module):
                inner |= part.state_dict(f"{prefix}{name}.")
            elif isinstance(part, Parameter):
                parameters[prefix + name] = part.detach()
            elif self._buffers.get(name, False):
                buffers[prefix + name] = part.detach()
        return parameters | buffers | inner

    def load_state_dict(self, state, strict=True):
        """Take over the numbers of a `state_dict`, all or nothing: an error says what doesn't fit.

        With `strict=False` missing and unexpected entries are passed over, and returned.
        """
        if not isinstance(state, dict) or not all(hasattr(value, "shape") for value in state.values()):
            raise TypeError(f"load_state_dict: expected a state dict, names and tensors, got {type(state).__name__}")
        odd = [key for key, value in state.items() if getattr(raw(value).dtype, "kind", "f") not in "fiub"]
        if odd:
            raise TypeError(f"load_state_dict: {', '.join(odd)} hold no numbers")
        own = self.state_dict()
        missing, unexpected = [k for k in own if k not in state], [k for k in state if k not in own]
        wrong = [
            f"size mismatch for {k}: the saved shape is {tuple(raw(v).shape)}, the model's is {own[k].shape}"
            for k, v in state.items()
            if k in own and tuple(raw(v).shape) != own[k].shape
        ]
        if strict:
            wrong += [f"Missing key(s): {', '.join(missing)}"] * bool(missing)
            wrong += [f"Unexpected key(s): {', '.join(unexpected)}"] * bool(unexpected)
        if wrong:
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" + "\n\t".join(wrong))
        for key, tensor in own.items():
            if key in state:
                tensor.copy_(raw(state[key]))
        return Incompatible(missing, unexpected)

    # ------------------------------------------------------------ what is done to all of it

    def train(self, mode=True):
        """Training mode, where dropout drops and batch normalisation uses the batch; returns the module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self):
        """Evaluation mode; returns the module."""
        return self.train(False)

    def apply(self, function):
        """Call `function(module)` on every module inside, then on this one; returns the module."""
        for module in self.children():
            module.apply(function)
        function(self)
        return self

    def requires_grad_(self, requires_grad=True):
        """Freeze or unfreeze all parameters; returns the module."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none=True):
        """Forget every parameter's gradient, or set it to zeros."""
        for parameter in self.parameters():
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad.zero_()

    def to(self, *place, **options):
        """Move parameters and buffers to a device, or make the floating ones another dtype; returns the module."""
        for tensor in [*self.parameters(), *self.buffers()]:
            moved = tensor.detach().to(*place, **options)
            if tensor.is_floating_point() and not moved.is_floating_point():
                raise TypeError(f"parameters must stay floating-point numbers, not {moved.dtype}")
            if moved.is_floating_point() == tensor.is_floating_point():
                tensor.data = moved
                if tensor.grad is not None:
                    tensor.grad = tensor.grad.to(*place, **options)
        return self

    def float(self):
        """All floating parameters and buffers as float32."""
        return self.to("float32")

    def double(self):
        """All floating parameters and buffers as float64."""
        return self.to("float64")

    def cpu(self):
        """To the CPU."""
        return self.to("cpu")

    def cuda(self):
        """To the GPU."""
        return self.to("cuda")

    # ------------------------------------------------------------ printing

    def _shown(self):
        """`(name, text)` for the lines of the printed form."""
        return [(name, repr(part)) for name, part in self._parts() if isinstance(part, Module)]

    def extra_repr(self):
        """What stands in the parentheses of a module without parts."""
        return ""

    def __repr__(self):
        lines = [f"({name}): {child}".replace("\n", "\n  ") for name, child in self._shown()]
        if not lines:
            return f"{type(self).__name__}({self.extra_repr()})"
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines) + "\n)"


def _unpack(name, value):
    """The parts in an attribute: itself, or those in a list or dictionary of modules."""
    if isinstance(value, Tensor | Module):
        yield name, value
    elif isinstance(value, list | tuple | dict):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        first = next(iter(value.values() if isinstance(value, dict) else value), None)
        if not isinstance(first, Module | Parameter | list | tuple | dict):
            return  # a list of numbers, say, which may be long
        for key, part in pairs:
            if isinstance(part, Module | Parameter | list | tuple | dict):
                yield from _unpack(f"{name}.{key}", part)


WORD = {Parameter: "parameter", Module: "module", Tensor: "buffer"}
ASKED = {Parameter: "an nn.Parameter", Module: "an nn.Module", Tensor: "a tensor"}


def _given(value):
    """What was put where a part belongs; a class instead of a module is the commonest slip."""
    if isinstance(value, type):
        return f"the class {value.__name__}: write {value.__name__}() to make one"
    return f"a {type(value).__name__}"


def _numbered(parts):
    return [(str(i), part) for i, part in enumerate(parts)]


class Container(Module):
    """A module whose parts are numbered, or named as in a dictionary."""

    holds: type = Module

    def __init__(self, parts):
        super().__init__()
        for name, part in parts:
            self._insert(name, part)

    def _insert(self, name, part):
        self._register(name, self._fit(part), self.holds)

    def _fit(self, part):
        """What is to be held, if it can be."""
        if self.holds is Parameter and isinstance(part, Tensor) and not isinstance(part, Parameter):
            return Parameter(part)
        if not isinstance(part, self.holds):
            hint = "; write * before it" * isinstance(part, list | tuple)
            raise TypeError(f"{type(self).__name__} holds {WORD[self.holds]}s, got {_given(part)}{hint}")
        return part

    def _held(self):
        """The parts by name; one that is there twice counts twice."""
        return {name: part for name, part in self._parts() if isinstance(part, self.holds)}

    def _shown(self):
        if self.holds is Module:
            return super()._shown()
        sizes = ((name, part.dtype, "x".join(map(str, part.shape))) for name, part in self._held().items())
        return [(name, f"Parameter containing: [{dtype} of size {size}]") for name, dtype, size in sizes]

    def __len__(self):
        return len(self._held())


class Numbered(Container, MutableSequence):
    """Parts in an order, with what Python's lists can do: `insert`, `pop`, `remove`, `+=`..."""

    def __init__(self, parts=()):
        super().__init__(_numbered(parts))

    def _of(self, named):
        return type(self)([part for _, part in named])

    def __iter__(self):
        return iter(self._held().values())

    def __getitem__(self, index):
        if isinstance(index, slice):
            return self._of(list(self._held().items())[index])
        return list(self)[index]

    def __setitem__(self, index, part):
        self._insert(list(self._held())[index], part)

    def __delitem__(self, index):
        parts = list(self)
        del parts[index]
        self._fill(parts)

    def __add__(self, other):
        return self._of(_numbered([*self, *other]))

    def insert(self, index, part):
        """Put a part before the one at `index`; returns the container."""
        parts = list(self)
        parts.insert(index, self._fit(part))
        return self._fill(parts)

    def append(self, part):
        """Add a part at the end; returns the container."""
        held = self._held()
        self._insert(next(name for name in map(str, itertools.count(len(held))) if name not in held), part)
        return self

    def extend(self, parts):
        """Add several parts at the end; returns the container."""
        for part in list(parts):
            self.append(part)
        return self

    def _fill(self, parts):
        """These instead of those that are there, numbered anew."""
        for name in self._held():
            delattr(self, name)
        return self.extend(parts)


class Named(Container, MutableMapping):
    """Parts by name, with what Python's dictionaries can do: `items`, `update`, `pop`..."""

    __eq__, __hash__ = Module.__eq__, Module.__hash__  # it is itself, whatever it holds

    def __init__(self, parts=()):
        super().__init__(parts.items() if isinstance(parts, dict | Named) else parts)

    def __iter__(self):
        return iter(self._held())

    def __getitem__(self, name):
        return self._held()[name]

    def __setitem__(self, name, part):
        self._insert(name, part)

    def __delitem__(self, name):
        if name not in self:
            raise KeyError(name)
        delattr(self, name)


class ModuleList(Numbered):
    """Modules in a list, found by the module that holds it."""

    def _shown(self):
        """Neighbours that print the same become one line: `(0-3): 4 x Linear(...)`."""
        lines = []
        for text, group in itertools.groupby(super()._shown(), key=lambda shown: shown[1]):
            names = [name for name, _ in group]
            more = len(names) > 1
            lines.append((f"{names[0]}-{names[-1]}", f"{len(names)} x {text}") if more else (names[0], text))
        return lines


class ModuleDict(Named):
    """Modules by name, found by the module that holds it."""


class ParameterList(Numbered):
    """Parameters in a list, found by the module that holds it; other tensors become parameters."""

    holds = Parameter


class ParameterDict(Named):
    """Parameters by name, found by the module that holds it; other tensors become parameters."""

    holds = Parameter

    def __init__(self, parameters=()):
        super().__init__(sorted(parameters.items()) if type(parameters) is dict else parameters)  # as PyTorch's does


class Sequential(Numbered):
    """Modules one after the other: the result of each is the input of the next.

    >>> from minigrad import nn
    >>> Sequential(nn.Linear(2, 3), nn.ReLU())
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
    )
    """

    def __init__(self, *modules):
        named = modules[0].items() if len(modules) == 1 and isinstance(modules[0], dict) else _numbered(modules)
        Container.__init__(self, named)

    def _of(self, named):
        return type(self)(dict(named))  # a slice keeps the names, as in PyTorch

    def forward(self, x):
        """The input through all modules in order."""
        for part in (*vars(self).values(),):  # as `for part in self`, which costs as much as a small layer
            if isinstance(part, Module):
                x = part(x)
        return x
