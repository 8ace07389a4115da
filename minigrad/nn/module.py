"""Module: a piece of a network that knows its parameters.

What you assign to `self` is found again, in the order of assignment: parameters, buffers, modules, and lists and
dictionaries of modules. From that follow `parameters`, `state_dict`, `train` and `eval`, moving to a device, printing.
"""

from collections import namedtuple

from ..spelling import did_you_mean, in_words
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
        return _once((name, part) for name, part in self._parts() if isinstance(part, Module))

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
                todo += [(_joined(path, name), child) for name, child in module.named_children()][::-1]

    def modules(self):
        """This module and all inside, each once."""
        return (module for _, module in self.named_modules())

    def _named(self, wanted, prefix, recurse):
        """`(path, tensor)` for the tensors that `wanted(module, name, tensor)` picks, each once."""
        modules = self.named_modules(prefix) if recurse else [(prefix, self)]
        parts = ((path, module, name, part) for path, module in modules for name, part in module._parts())
        return _once((_joined(path, name), x) for path, module, name, x in parts if wanted(module, name, x))

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

    def _register(self, name, part, kind):
        if not isinstance(part, kind | None):
            raise TypeError(f"{type(self).__name__}: {name!r} must be {ASKED[kind]} or None, got {in_words(part)}")
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
                f"cannot assign {in_words(value)} as {WORD[kind]} {name!r} of {type(self).__name__}; give it "
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
        own, wrong = self.state_dict(), []
        missing, unexpected = [k for k in own if k not in state], [k for k in state if k not in own]
        for key, new in ((key, raw(state[key])) for key in own if key in state):
            if tuple(new.shape) != own[key].shape:
                wrong.append(f"size mismatch for {key}: saved {tuple(new.shape)}, the model's {own[key].shape}")
            elif getattr(new.dtype, "kind", "f") not in "fiub":
                wrong.append(f"{key} was saved as {new.dtype}, which holds no real numbers")
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
            parameter.grad = None if set_to_none or parameter.grad is None else parameter.grad.zero_()

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


def _once(pairs):
    """The pairs whose second part has not come before."""
    found = set()
    for name, part in pairs:
        if part not in found:
            found.add(part)
            yield name, part


def _joined(path, name):
    return f"{path}.{name}" if path else name


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
