"""Compile a function: call it once, and have what it did, forward and backward, as plain lines of NumPy.

The function runs on stand-ins for its arguments, the sweep of `tape.py` goes back over what was recorded, and both are
printed as Python. What comes out is an operation on the tape, like any row of the table: it trains with any optimizer.
"""

import inspect
import sys
import threading
from contextlib import contextmanager, suppress
from functools import update_wrapper
from itertools import compress
from operator import is_
from types import MethodType
from typing import Any

from ..autograd import grad
from ..backend import Generator, float64, numpy_library, peek, xp
from ..draw import draw
from ..nests import flat, mapped
from ..tape import Op, Variable, changed, clock, enable_grad, history, mode, sweep
from .reach import PLAIN, VARIABLE, Reach, is_library
from .source import Program, Way
from .tracing import Draws, Trace, Traced, root, same

VERSIONS = 16  # of one function that are kept, for different shapes, dtypes and settings
one_at_a_time = threading.RLock()  # while a function is traced, its tensors hold stand-ins


def compile(function):
    """Turn a function of tensors or Scalars into straight-line NumPy that computes the same, faster.

    The first call runs `function` as Python and writes down what it did: one line of NumPy for each operation, and the
    lines of its derivative. Calls with other shapes, dtypes, or settings (such as `training`) write anew. Tensors that
    the function uses without being given them, the parameters of a module above all, are inputs too. Everything else
    is frozen as it was: Python's numbers, the way that `if` and `for` went, and what was printed.

    `.source` is the text last written, `.graph` a picture of what it computes. minigrad's random numbers are drawn anew
    in each call; those of np.random are frozen, as is a NumPy array that isn't an argument. An `if` that would depend
    on the numbers in a tensor raises RuntimeError. As `torch.compile` and `jax.jit`.

    >>> import minigrad as mg
    >>> @mg.compile
    ... def error(w, x, y):
    ...     miss = x @ w - y
    ...     return (miss * miss).mean()
    >>> w = mg.tensor([1.0, 2.0], requires_grad=True)
    >>> error(w, mg.tensor([[3.0, 4.0], [0.0, 1.0]]), mg.tensor([10.0, 0.0])).backward()
    >>> w.grad
    tensor([3., 6.])
    """
    if not callable(function):
        raise TypeError(f"compile: expected a function or a module, got {type(function).__name__}")
    return Compiled(function)


class Compiled:
    """What `compile` returns: called like the function, it runs what was written for arguments of this kind."""

    def __init__(self, function):
        self.function = function
        self.versions: list[Version] = []  # the latest first
        update_wrapper(self, function, ("__module__", "__name__", "__qualname__", "__doc__"), ())

    def __call__(self, *args, **options):
        if Trace.current is not None:  # part of a larger function that is being traced
            return self.function(*args, **options)
        call = Call(args, options)
        for i, version in enumerate(self.versions):
            if version.fits(call):
                try:
                    result = version.run(args, options, call)
                except AssertionError:  # a check of the numbers went otherwise than when this was written
                    continue
                if i:
                    self.versions.insert(0, self.versions.pop(i))
                return result
        with one_at_a_time:
            version = Version(self.function, args, options, call)
        self.versions = [version, *self.versions[: VERSIONS - 1]]
        return version.run(args, options, call)

    def __get__(self, instance, owner):
        return self if instance is None else MethodType(self, instance)

    def __getattr__(self, name):  # a compiled module has the module's parameters(), train()...
        if name in ("function", "versions"):
            raise AttributeError(name)
        return getattr(self.function, name)

    def __repr__(self):
        return f"<compiled {getattr(self.function, '__name__', self.function)}>"

    @property
    def source(self):
        """What was written for the latest call."""
        return self._latest().written.source

    @property
    def graph(self):
        """A picture of what the latest call computed."""
        return self._latest().graph

    def _latest(self):
        if not self.versions:
            raise RuntimeError("nothing has been written yet: call the compiled function once")
        return self.versions[0]


# ---------------------------------------------------------------- what is given


class Call:
    """The tensors and arrays in the arguments of a call; other objects; and what a version is written for."""

    __slots__ = ("given", "others", "kind")

    def __init__(self, args, options):
        self.given: list[Any] = []
        self.others: list[Any] = []
        self.kind: list[Any] = [mode.recording]
        self._look_into(args)
        if options:
            self._look_into(options)

    def _look_into(self, x):
        kind = self.kind
        if isinstance(x, Variable):
            self.given.append(x)
            kind.append(kind_of(x))
        elif isinstance(x, tuple | list):
            kind.append((type(x), len(x)))
            for part in x:
                self._look_into(part)
        elif isinstance(x, dict):
            kind.append((dict, *x))
            for part in x.values():
                self._look_into(part)
        elif isinstance(x, PLAIN):
            kind.append((type(x), x))
        elif is_array(x):
            self.given.append(x)
            kind.append((type(x), x.shape, x.dtype))
        else:
            self.others.append(x)
            kind.append((type(x), id(x)))


def is_array(x):
    return hasattr(x, "dtype") and hasattr(x, "astype")


def kind_of(x):
    """What a version is written for: the shape, the dtype, and whether a gradient is wanted."""
    value = x.value
    if type(value) is float:
        return x.face, x.needs_grad
    return x.face, x.needs_grad, value.shape, value.dtype


def argument_names(function, args, options, given):
    """The parameter's name for each tensor and array in the arguments; with a number where there are several."""
    with suppress(TypeError, ValueError):
        bound = inspect.signature(getattr(function, "forward", function)).bind(*args, **options)
        names: dict[int, str] = {}
        for name, x in bound.arguments.items():
            inside = Call((x,), {}).given
            for i, part in enumerate(inside):
                names.setdefault(id(part), name if len(inside) == 1 else f"{name}{i}")
        return [names[id(x)] for x in given]
    return ["x"] * len(given)


def path_name(path):
    """The name of a tensor that was reached by this path: `fc1_weight` for `model.fc1.weight`.

    Private parts and all but the last of several places in lists are left out.

    >>> path_name(("fc1", "weight")), path_name(("layers", "2", "bias")), path_name(("_cache", "1", "2", "kernel"))
    ('fc1_weight', 'layers_2_bias', 'layer2_kernel')
    """
    parts = [part for part in path if part != VARIABLE and not part.startswith("_")] or [path[-1]]
    last = [not (part.isdigit() and after.isdigit()) for part, after in zip(parts, [*parts[1:], ""], strict=True)]
    name = "_".join(compress(parts, last))
    return f"layer{name}" if name[:1].isdigit() else name


# ---------------------------------------------------------------- tracing


class Notes:
    """Listens to the tape while a function is traced: which steps are whole rows, and which are gradients of what."""

    def recorded(self, y):
        if isinstance(y.value, Traced):
            y.value.step.row = y.value.step.row or y.op.name

    def swept(self, y, parts):
        for x, part in zip(y.inputs, parts, strict=False):
            if isinstance(part, Traced) and isinstance(x, Variable) and isinstance(x.value, Traced):
                step, whole = part.step, same(part.stands_for, x.value.stands_for)
                if whole and step.backward and step.kind == "pure" and step.of is None:
                    step.of = x.value.step


def enter(frame, event, arg):
    """Follow the lines of the program's functions, not those of libraries."""
    return None if is_library(frame.f_globals.get("__name__")) else look


def look(frame, event, arg):
    """Note what the program calls its tensors."""
    for name, x in frame.f_locals.items():
        x = x.value if isinstance(x, Variable) else x
        if isinstance(x, Traced) and not x.step.name and x.step.kind in ("pure", "made"):
            x.step.name = name
    return look


@contextmanager
def standing_in(trace, sources):
    """Within, the trace is open, variables hold stand-ins, and generators note their draws; then all is as before.

    `sources` are pairs: a variable, an array or a generator, and its name. Gives the stand-ins by the id of these.
    """
    variables = [x for x, _ in sources if isinstance(x, Variable)]
    for x in variables:
        if x.memory is not None:
            x.renew()
    before = [(x, x.value, x.memory, x.source, x._grad) for x in variables]
    drawing = [(x, x.numpy, x.get_state()) for x, _ in sources if isinstance(x, Generator)]
    watched, observer = sys.gettrace(), mode.observer
    Trace.current, mode.observer = trace, Notes()
    stand_ins = {}
    try:
        for x, name in sources:
            value = x.value if isinstance(x, Variable) else x.numpy if isinstance(x, Generator) else x
            copied = value.copy() if hasattr(value, "copy") else value  # what the function writes to is copies
            stand_ins[id(x)] = stand_in = trace.input(copied, name)
            if isinstance(x, Variable):
                x.value, x.memory, x.source = stand_in, None, None
            elif isinstance(x, Generator):
                x.numpy = Draws(value, stand_in)
        sys.settrace(enter)
        yield stand_ins
        sys.settrace(watched)
        if any(x._grad is not gradient for x, *_, gradient in before):
            raise RuntimeError(
                "a compiled function can't leave gradients behind: call backward() on its result, outside; or compute "
                "gradients inside with minigrad.grad, and return them"
            )
    finally:
        sys.settrace(watched)
        Trace.current, mode.observer = None, observer
        for x, value, memory, source, gradient in before:
            x.value, x.memory, x.source, x._grad = value, memory, source, gradient
        for generator, source, state in drawing:
            generator.numpy = source
            generator.set_state(state)


class Hole:
    """Where a tensor stood in the result of a function."""


def is_result(x):
    """Whether a part of a result is computed, or an array."""
    return isinstance(x, Variable | Traced | Hole) or is_array(x)


def rebuilt(result, outputs):
    """A result with its tensors replaced by the next ones of the iterator `outputs`."""
    return mapped(lambda x: next(outputs) if is_result(x) else x, result)


class Box:
    """What one run leaves for its way back. The tape lets go of it together with the inputs."""

    __slots__ = ("outputs", "saved", "args", "options", "states")
    outputs: list
    saved: list
    args: tuple
    options: dict
    states: list


class Version:
    """A function as it was written down for arguments of one kind."""

    def __init__(self, function, args, options, call):
        self.function, self.kind = function, call.kind
        self.reach = Reach(function, *call.others)
        self.inner = dict(self.reach.tensors)  # what the function gets at by itself, with the way there
        while missed := self._write(args, options, call):
            self.inner |= dict.fromkeys(missed, ("w",))  # the walk didn't find them, the tape did
        self.known = list(self.inner)
        self.kinds = [kind_of(x) for x in self.known]
        self.values = [x.value for x in self.known]
        self.ids = {id(x) for x in self.known}
        self.pattern = self._pattern(call.given)

    def fits(self, call):
        """Whether this is right for a call: the same kind of arguments, and nothing that was frozen has changed."""
        return (
            call.kind == self.kind
            and self._pattern(call.given) == self.pattern
            and self._known_fit()
            and self.reach.unchanged()
        )

    def _known_fit(self):
        """Whether the tensors that the function gets at are still of their kinds; quickly while their arrays are."""
        now = [x.value for x in self.known]
        if all(map(is_, now, self.values)) and all(
            x.needs_grad == kind[1] for x, kind in zip(self.known, self.kinds, strict=True)
        ):
            return True
        if [*map(kind_of, self.known)] != self.kinds:
            return False
        self.values = now
        return True

    def _pattern(self, given):
        """Which arguments are tensors that the function gets at by itself, and which are one and the same."""
        ids = [*map(id, given)]
        if len({*ids}) == len(ids) and self.ids.isdisjoint(ids):
            return None
        return [(ids.index(i), i in self.ids and i) for i in ids]

    # ------------------------------------------------------------ writing it down

    def _write(self, args, options, call):
        """Trace the function and write its source. Returns the leaves it depends on that were not known, if any."""
        names = argument_names(self.function, args, options, call.given)
        sources = {id(x): (x, name) for x, name in zip(call.given, names, strict=True)}
        sources |= {id(x): (x, path_name(path)) for x, path in self.inner.items() if id(x) not in sources}
        sources |= {id(x): (x, "random") for x in self.reach.generators}
        arrays = [x.value if isinstance(x, Variable) else x for x, _ in sources.values()]
        trace = Trace(next((xp(x) for x in arrays if hasattr(x, "shape")), numpy_library))
        with standing_in(trace, list(sources.values())) as stand_ins:
            start = next(clock)
            # Variables stay, their values are replaced; arrays give way to their stand-ins.
            given_instead = lambda x: x if isinstance(x, Variable) else stand_ins.get(id(x), x)
            result = self.function(*mapped(given_instead, args), **mapped(given_instead, options))
            outputs = [*filter(is_result, flat(result))]
            wanted = [x for x, _ in sources.values() if isinstance(x, Variable) and x.needs_grad]
            recorded = [y for y in outputs if isinstance(y, Variable) and y.needs_grad]
            past = history(recorded, start) if recorded else []
            missed = [x for x in past if x.tick <= start and id(x) not in sources]
            if missed:
                return missed
            ends = [trace.result(getattr(y, "value", y)) for y in outputs]
            trace.backward = True
            alone = len(outputs) == 1 and getattr(ends[0].value, "size", 1) == 1
            ways = [self._way_back(trace, y, wanted, start, alone) for y in outputs]
            named = {name: x for x, name in sources.values() if isinstance(x, Variable)}
            self.graph = draw(recorded[0], named) if recorded else None
        for x in Reach(self.function, *call.others).tensors:  # what the function left behind keeps its numbers
            if isinstance(x.value, Traced):
                x.value, x.op, x.inputs, x.needs_grad = peek(x.value), None, (), False
        self.result = rebuilt(result, iter([Hole() for _ in outputs]))
        self.faces = [y.face if isinstance(y, Variable) else None for y in outputs]
        name = getattr(self.function, "__name__", type(self.function).__name__.lower())
        name = "function" if name == "<lambda>" else name
        program = Program(trace, name, [x.step for x in stand_ins.values()], ends, ways)
        self.written = program.written

        def found(step):  # an argument by its place, as it comes with each call
            x = next(x for i, (x, _) in sources.items() if stand_ins[i].step is step)
            place = next((i for i, y in enumerate(call.given) if x is y), None)
            return place, x if place is None else None

        self.parameters = [found(step) for step in program.inputs]
        self.wanted = len(wanted)
        # What the operation is recorded with: where gradients are to go, and what may not change before they do.
        looked_at = [x for x, _ in sources.values() if isinstance(x, Variable) and not program.merged]
        untouched = [x for x in looked_at if id(root(stand_ins[id(x)].stands_for)) not in trace.written]
        self.inputs = [found(stand_ins[id(x)].step) for x in dict.fromkeys([*wanted, *untouched])]
        self.generators = [x for _, x in self.parameters if isinstance(x, Generator)]
        self.changed = [found(step) for step in program.inputs if id(root(step.value)) in trace.written]
        self.ops = [self._op(name, i) if way else None for i, way in enumerate(ways)]
        return []

    @staticmethod
    def _way_back(trace, y, wanted, start, alone):
        """Go back from `y` to all that are `wanted`; None where no gradient flows."""
        if not (isinstance(y, Variable) and y.needs_grad):
            return None
        value = peek(y.value)
        one = xp(value).ones_like(value) if hasattr(value, "shape") else 1.0
        if alone:
            seed = trace.literal(1.0, one)
        else:
            seed = trace.input(one, "")
            seed.step.of = y.value.step
        kept = sweep([y], [seed], wanted, retain_graph=True, since=start)
        gradients = [trace.solid(kept[x]) if x in kept else None for x in wanted]
        for x, gradient in zip(wanted, gradients, strict=True):
            if gradient and gradient.backward:
                gradient.of = x.value.step
        return Way(seed.step, gradients)

    # ------------------------------------------------------------ running it

    def run(self, args, options, call):
        """Run what was written, and record it as one operation."""
        given, values = call.given, []
        for place, x in self.parameters:
            if place is not None:
                x = given[place]
            if isinstance(x, Variable):
                if x.memory is not None:
                    x.renew()
                values.append(x.value)
            else:
                values.append(x.numpy if isinstance(x, Generator) else x)
        box = Box()
        box.args, box.options, box.states = args, options, [(g, g.get_state()) for g in self.generators]
        *box.outputs, box.saved = self.written.forward(*values)
        for place, x in self.changed:
            x = x if place is None else given[place]
            if isinstance(x, Variable):
                x.touch()
        results = self._results(call, box)
        return next(results) if type(self.result) is Hole else rebuilt(self.result, results)

    def _results(self, call, box):
        for op, face, value in zip(self.ops, self.faces, box.outputs, strict=True):
            if op:
                inputs = [x if place is None else call.given[place] for place, x in self.inputs]
                # float64 is what makes a result of float32 numbers float64, as in `cast`
                yield op(*inputs, *[float64] * (getattr(value, "dtype", None) == float64), box)
            else:
                yield face.wrap(value) if face else value

    def _op(self, name, i):
        """The operation on the tape whose value is the result `i` of a run."""

        def value(*inputs):
            return inputs[-1].outputs[i]

        def joint(g, y, *inputs):
            box = inputs[-1]
            if isinstance(y, Variable):
                return self._again(i, g, y, inputs[: self.wanted], box)
            if not self.written.merged:
                back, places = self.written.backs[i]
                return back(g, *(box.saved[place] for place in places))
            g = g.reshape(()) if hasattr(g, "shape") else g
            return box.saved if g == 1 else [d if d is None else d * g for d in box.saved]

        return Op(name, value, joint=joint)

    def _again(self, i, g, y, inputs, box):
        """Gradients that are to be differentiated again: those of the function itself, called as Python once more."""
        call = Call(box.args, box.options)
        for x in [x for x in [*call.given, *self.inner] if isinstance(x, Variable)]:
            if x.memory is not None and x.memory.changed > y.tick:
                raise changed(x, y)
        now = [(generator, generator.get_state()) for generator, _ in box.states]
        written = [(x if place is None else call.given[place]) for place, x in self.changed]
        before = [(x, x.value.copy()) for x in written]
        for generator, state in box.states:
            generator.set_state(state)
        with enable_grad():
            again = [*filter(is_result, flat(self.function(*box.args, **box.options)))][i]
        for generator, state in now:
            generator.set_state(state)
        for x, value in before:
            x.value[...] = value
        return list(grad(again, inputs, g, create_graph=True, allow_unused=True))
