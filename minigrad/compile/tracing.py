"""What a computation on arrays does, noted step by step and written down as Python.

A `Traced` stands in for an array or a float: it computes as that does, and notes how. Rows of the table work on
anything that computes, so called on stand-ins they write themselves down, values and vector-Jacobian products alike,
and nobody has to say a second time what `tanh` is in NumPy. A `Trace` collects the steps; `source.py` prints them.
"""

import ast
import math
import operator
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..backend import libraries, numbers, peek, to_device, xp
from ..nests import flat, mapped

FROZEN = (
    "a compiled function is run once as Python and then as the straight line of NumPy that this wrote, so {} can't "
    "depend on the numbers in a tensor. Write mg.where(condition, a, b) in place of `if`, or leave this out of the "
    "compiled function"
)
CHANGERS = {"sort", "partition", "fill", "put", "resize", "itemset", "setfield", "setflags"}
MAKERS = {"array", "copy", "zeros", "zeros_like", "ones", "ones_like", "full", "full_like"}


class Step:
    """One line to be: a form such as `np.tanh(_0)`, and the steps whose results stand for _0, _1, ...

    Kinds: "input", "constant", "literal" (one number everywhere, nothing to compute), "pure", "made" (fresh memory that
    may be written to), "draw" of random numbers, "write" into the first operand, "check".
    """

    def __init__(self, kind, form, operands, value, trace):
        self.kind, self.form, self.operands, self.value = kind, form, operands, value
        self.era, self.backward = trace.era, trace.backward
        self.name = ""  # what the program calls the result, if it does
        self.of: Step | None = None  # the step that this is the gradient of
        self.row = ""  # the operation of the table that this is the result of, worth a line of its own


class Traced:
    """Stands in for a number or an array, `stands_for`, while a function is traced."""

    __slots__ = ("stands_for", "step", "trace")

    def __init__(self, stands_for, step, trace):
        self.stands_for, self.step, self.trace = stands_for, step, trace

    def __getattr__(self, name):
        if name.startswith("__"):  # NumPy would find a way to the numbers
            raise AttributeError(name)
        found = getattr(self.stands_for, name)
        if name == "T":
            return self.trace.note("{}.T", [self], found)
        if name in ("item", "tolist", "tobytes", "nonzero"):
            self._frozen()
        if name in CHANGERS:
            raise RuntimeError(
                f".{name}() changes an array in place, which a compiled function can't repeat; make a copy"
            )
        return partial(self.trace.method, name, self) if callable(found) else found

    def astype(self, dtype, copy=True):
        """As NumPy's; where there is nothing to do, no step."""
        return self if dtype == self.dtype and not copy else self.trace.method("astype", self, dtype, copy=copy)

    def reshape(self, *shape):
        """As NumPy's; where there is nothing to do, no step, and none to drop what a sum has kept."""
        value = self.stands_for.reshape(*shape)
        if value.shape == self.shape and self.trace.backward:
            return self
        kept = re.fullmatch(r"_0\.sum\(axis=(.*), keepdims=True\)", self.step.form)
        if kept and value.size:
            whole = self.step.operands[0]
            axis = ast.literal_eval(kept[1])
            if value.shape == whole.value.sum(axis=axis).shape:
                return self.trace.method("sum", Traced(whole.value, whole, self.trace), axis=axis)
        return self.trace.method("reshape", self, value.shape)

    def transpose(self, *axes):
        """As NumPy's; of a matrix it is `.T`."""
        return self.T if axes in ((1, 0), ((1, 0),)) else self.trace.method("transpose", self, *axes)

    def swapaxes(self, a, b):
        """As NumPy's; of a matrix it is `.T`."""
        return self.T if self.ndim == 2 and (a - b) % 2 else self.trace.method("swapaxes", self, a, b)

    def __getitem__(self, key):
        for k in key if isinstance(key, tuple) else (key,):
            if isinstance(k, Traced) and k.dtype.kind == "b":
                raise RuntimeError(FROZEN.format("the shape of a result"))
        return self.trace.note(f"{{}}[{subscript(key)}]", [self, key], self.stands_for[deep(key)])

    def __setitem__(self, key, value):
        trace = self.trace
        if self.step.kind == "literal" or (self.step.kind == "pure" and not self.ndim):  # not an array in memory
            self.stands_for = np.array(self.stands_for)
            self.step = trace.note("np.array({})", [self], self.stands_for, "made").step
        self.stands_for[deep(key)] = peek(value)
        trace.note(f"{{}}[{subscript(key)}] = {holes(value)}", [self, key, value], self.stands_for, "write")

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __len__(self):
        return len(self.stands_for)

    def _frozen(self, *_, **__):
        raise RuntimeError(FROZEN.format("Python"))

    __bool__ = __float__ = __int__ = __index__ = _frozen

    def __array__(self, *_, **__):
        raise RuntimeError(
            "a tensor that stands for others, while a function is compiled, can't be put into an array of NumPy's, nor "
            "written into one that the function makes; put tensors together with mg.stack, mg.cat or mg.where"
        )

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        """NumPy's functions on arrays of which one is a stand-in arrive here, and those of Python's operators."""
        if method != "__call__":
            self._frozen()
        symbol = UFUNCS.get(ufunc.__name__)
        if symbol and not options:
            return self.trace.binary(symbol, ufunc, *inputs)
        return library.call(ufunc.__name__, *inputs, **options)

    def __array_function__(self, function, types, inputs, options):
        return library.call(function.__name__, *inputs, **options)


def _binary(symbol, function):
    return lambda a, b: a.trace.binary(symbol, function, a, b), lambda b, a: b.trace.binary(symbol, function, a, b)


ARITHMETIC = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "pow": "**", "matmul": "@", "mod": "%"}
ARITHMETIC |= {"floordiv": "//", "and": "&", "or": "|", "xor": "^"}
COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
UFUNCS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "matmul": "@", "remainder": "%"}
UFUNCS |= {"equal": "==", "not_equal": "!=", "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">="}
for _name, _symbol in ARITHMETIC.items():
    _there, _back = _binary(_symbol, getattr(operator, f"__{_name}__"))
    setattr(Traced, f"__{_name}__", _there)
    setattr(Traced, f"__r{_name}__", _back)
for _name, _symbol in COMPARISONS.items():
    setattr(Traced, f"__{_name}__", _binary(_symbol, getattr(operator, _name))[0])
for _name, _symbol in {"neg": "-", "invert": "~"}.items():
    _function = getattr(operator, _name)
    setattr(Traced, f"__{_name}__", lambda x, s=_symbol, f=_function: x.trace.note(s + "{}", [x], f(x.stands_for)))
Traced.__abs__ = lambda x: library.call("abs", x)  # type: ignore[attr-defined]
Traced.__hash__ = object.__hash__  # type: ignore[method-assign]


class TracedLibrary:
    """What `xp` answers for a stand-in: the functions of what it stands for, noted when they are called."""

    def __init__(self, path=""):
        self.path = path

    def __getattr__(self, name):
        return TracedLibrary(f"{self.path}{name}.")

    def __call__(self, *inputs, **options):
        return library.call(self.path[:-1], *inputs, **options)

    @staticmethod
    def call(name, *inputs, **options):
        """Call a function by its name in the library, and note it."""
        trace = Trace.open()
        if options.get("out") is not None:
            raise RuntimeError(f"np.{name}(..., out=...) can't be compiled; write the result with an assignment")
        real = [deep(x) for x in flat((inputs, options)) if isinstance(x, Traced)]
        home = xp(*real) if real else trace.home
        function = operator.attrgetter(name)(home)
        value = function(*deep(inputs), **deep(options))
        if name == "may_share_memory":  # known without the numbers
            return value
        if name == "where" and trace.backward and (condition := literal(inputs[0])) is not None:
            taken = inputs[1] if condition else inputs[2]
            if isinstance(taken, Traced) and same(taken.stands_for, value):
                return taken
        if name == "broadcast_to" and trace.backward and isinstance(inputs[0], Traced) and same(peek(inputs[0]), value):
            return inputs[0]
        kind = "write" if name.endswith(".at") else "made" if name in MAKERS else "pure"
        known = home is not numbers and hasattr(home.module, name.partition(".")[0])
        text = f"np.{name}" if known else trace.helper(function, name)
        return trace.note(f"{text}({written(inputs, options)})", [*inputs, *options.values()], value, kind)

    @staticmethod
    def to_device(array, where):
        """As the backend's; what moves is noted."""
        value = to_device(array.stands_for, where)
        return array if value is array.stands_for else Trace.open().note("np.asarray({})", [array], value)

    @staticmethod
    def power(a, b):
        """a ** b."""
        home = xp(peek(a), peek(b))
        return library.call("power", a, b) if home is numbers else Trace.open().binary("**", home.power, a, b)

    @staticmethod
    def check(function, *inputs):
        """Look at numbers, now and in each run: what was written is good only while the answer is the same."""
        trace = Trace.open()
        answer = function(*deep(inputs))
        text = f"{trace.helper(function, function.__name__)}({', '.join(map(holes, inputs))})"
        known = {None: "", True: "assert ", False: "assert not "}[answer]
        trace.note(known + text, list(inputs), None, "check")
        return answer


library: Any = TracedLibrary()
libraries[Traced] = library


class Draws:
    """Stands in for the random numbers of a generator: every draw is noted, to be drawn anew in each run."""

    def __init__(self, generator, source):
        self.generator, self.source = generator, source

    def __getattr__(self, name):
        def draw(*inputs, **options):
            value = getattr(self.generator, name)(*inputs, **options)
            form = f"{{}}.{name}({written(inputs, options)})"
            return self.source.trace.note(form, [self.source, *inputs, *options.values()], value, "draw")

        return draw


class Trace:
    """The steps of a computation, in the order in which they were taken.

    On the way back, where no program can write into results, what changes nothing is left out: x * 1 is x.
    """

    current: "Trace | None" = None

    def __init__(self, home):
        self.steps: list[Step] = []
        self.home = home  # the library of arrays
        self.names = {"np": home.module, "math": math, "inf": math.inf, "nan": math.nan}  # what the source may use
        self.era = 0  # how often memory was written to
        self.written: set[int] = set()  # whose memory, by the arrays that own it
        self.backward = False  # whether the steps taken now are of the way back

    @staticmethod
    def open():
        """The trace that is being taken."""
        if Trace.current is None:
            raise RuntimeError(
                "this tensor belongs to the tracing of a compiled function, which is over; let that function return it"
            )
        return Trace.current

    def input(self, value, name):
        """A stand-in for something that the compiled function will be given."""
        step = Step("input", "", (), value, self)
        step.name = name
        self.steps.append(step)
        return Traced(value, step, self)

    def literal(self, number, value):
        """A stand-in for an array (or number) that holds one known number everywhere."""
        return Traced(value, Step("literal", repr(number), (), value, self), self)

    def helper(self, function: Callable, name):
        """The name under which the source calls a function that isn't NumPy's."""
        if getattr(math, function.__name__, None) is function:
            return f"math.{function.__name__}"
        name = name.lstrip("_")
        while self.names.setdefault(name, function) is not function:
            name += "_"
        return name

    def note(self, form, inputs, value, kind="pure"):
        """A new step. `form` has a hole `{}` for every stand-in and array in `inputs`, in their order."""
        if Trace.open() is not self:
            raise RuntimeError("this tensor belongs to the tracing of another function; let that function return it")
        if isinstance(value, np.generic):
            value = np.asarray(value)
        operands: list[Step] = []
        texts: list[str] = []
        for x in filter(has_hole, flat(inputs)):
            step = x.step if isinstance(x, Traced) else self.constant(x)
            if step.kind == "literal":
                texts.append(filled(step))
            else:
                texts.append(f"_{len(operands)}")
                operands.append(step)
        if kind == "pure" and texts and not operands:  # computed from what is known
            first = value if not hasattr(value, "shape") else value.reshape(-1)[0].item() if value.size else 0.0
            if not hasattr(value, "shape") or not value.size or (value == first).all():
                return self.literal(first, value)
        step = Step(kind, form.format(*texts), tuple(operands), value, self)
        self.steps.append(step)
        if kind == "write":
            self.era += 1
            self.written.add(id(root(operands[0].value)))
        return Traced(value, step, self)

    def constant(self, array):
        """The step of an array that the program made without regard to its inputs."""
        step = Step("constant", "", (), np.array(array) if isinstance(array, np.ndarray) else array, self)
        self.steps.append(step)
        return step

    def solid(self, x):
        """The step of what stands for a result; an array or number that depends on nothing becomes one."""
        if isinstance(x, Traced) and x.step.kind != "literal":
            return x.step
        if not isinstance(x, Traced):
            return self.constant(x)
        step = Step("made", filled(x.step), (), x.stands_for, self)
        self.steps.append(step)
        return step

    def result(self, x):
        """`solid`, in memory of its own: what an input holds is copied."""
        step = self.solid(x)
        inputs = {id(root(step.value)) for step in self.steps if step.kind in ("input", "constant")}
        if hasattr(step.value, "shape") and id(root(step.value)) in inputs:
            return self.note("{}.copy()", [Traced(step.value, step, self)], step.value.copy(), "made").step
        return step

    def method(self, name, x, *inputs, **options):
        """Call a method of an array, and note it."""
        value = getattr(x.stands_for, name)(*deep(inputs), **deep(options))
        arguments = written(inputs, options)
        kind = "made" if name in MAKERS else "pure"
        return self.note(f"{{}}.{name}({arguments})", [x, *inputs, *options.values()], value, kind)

    def binary(self, symbol, function, a, b):
        """Note `a symbol b`, more simply where one side is a known number or a broadcast of what broadcasts anyway."""
        value = function(peek(a), peek(b))
        if symbol != "@" and (literal(a) is None or literal(b) is None):
            a = self._simple(a, b, value)
            b = self._simple(b, a, value)
            if self.backward and symbol == "*" and literal(a) == 1 and same(peek(b), value):
                return b
            if self.backward and symbol in ("*", "/", "**") and literal(b) == 1 and same(peek(a), value):
                return a
            if symbol == "*":
                a, b, symbol = self._quotient(a, b)
        y = self.note(f"{holes(a)} {symbol} {holes(b)}", [a, b], value)
        parts = [x.step for x in (a, b) if isinstance(x, Traced) and x.step.of]
        if symbol == "+" and len(parts) == 2 and parts[0].of is parts[1].of:  # two contributions to one gradient
            y.step.of, parts[0].of, parts[1].of = parts[0].of, None, None
        return y

    def _simple(self, x, other, value):
        """`x` as a plain number, or before it was broadcast, where the result is the same."""
        if not isinstance(x, Traced) or not same(peek(other), value, dtype=False):
            return x
        number = literal(x)
        if number is not None and (not hasattr(value, "shape") or np.result_type(other.dtype, number) == other.dtype):
            return number
        if x.step.form.startswith("np.broadcast_to(_0"):
            source = x.step.operands[0]
            return Traced(source.value, source, self)
        return x

    def _quotient(self, a, b):
        """x * (1 / n) is x / n."""
        for number, x in ((a, b), (b, a)):
            n = round(1 / number) if isinstance(number, float) and 0 < abs(number) < 1 else 0
            if n and 1 / n == number and isinstance(x, Traced):
                return x, n, "/"
        return a, b, "*"


def literal(x):
    """The number that `x` is known to be, if it is one, everywhere; else None."""
    if isinstance(x, Traced):
        if x.step.kind != "literal":
            return None
        value = x.stands_for
        return value if not hasattr(value, "shape") else value.reshape(-1)[0].item() if value.size else 0.0
    return x if isinstance(x, int | float) else None


def same(x, value, dtype=True):
    """Whether `x` has the shape, and the dtype, of a result."""
    if not hasattr(value, "shape"):
        return not hasattr(x, "shape")
    return getattr(x, "shape", None) == value.shape and (not dtype or x.dtype == value.dtype)


def root(array):
    """The array that owns the memory of `array`."""
    while getattr(array, "base", None) is not None:
        array = array.base
    return array


def filled(step):
    """A literal where an operation needs it as an array."""
    if not hasattr(step.value, "shape"):
        return f"({step.form})"
    number = f"np.{step.value.dtype.name}"
    return f"np.full({step.value.shape}, {step.form}, {number})" if step.value.ndim else f"{number}({step.form})"


def deep(x):
    """`x` with the stand-ins in it replaced by what they stand for."""
    return mapped(peek, x)


def has_hole(x):
    """Whether an argument is computed or an array, so that the source can't show it as it is."""
    return isinstance(x, Traced) or (not isinstance(x, type) and bool(getattr(x, "ndim", 0)))


def holes(x):
    """An argument as source text, with a hole for each stand-in and each array."""
    if has_hole(x):
        return "{}"
    if isinstance(x, tuple):
        return f"({', '.join(map(holes, x))}{',' * (len(x) == 1)})"
    if isinstance(x, list):
        return f"[{', '.join(map(holes, x))}]"
    if isinstance(x, slice):
        return f"slice({holes(x.start)}, {holes(x.stop)}, {holes(x.step)})"
    if x is ...:
        return "..."
    if isinstance(x, np.dtype):
        return f"np.{x.name}"
    if isinstance(x, type):
        return f"np.{x.__name__}" if issubclass(x, np.generic) else x.__name__
    if isinstance(x, np.ndarray):  # of no dimensions
        x = x[()]
    return repr(x).replace("{", "{{").replace("}", "}}")


def written(inputs, options):
    """The arguments of a call as source text, without options that say what goes without saying."""
    if isinstance(axis := options.get("axis"), tuple) and len(axis) == 1:
        options = {**options, "axis": axis[0]}
    said = {
        key: x for key, x in options.items() if (key, x) not in (("axis", None), ("keepdims", False), ("copy", True))
    }
    return ", ".join([*map(holes, inputs), *(f"{key}={holes(x)}" for key, x in said.items())])


def subscript(key):
    """An index as source text: `0:3`, not `slice(0, 3, None)`."""
    if isinstance(key, tuple) and key:
        return ", ".join(map(subscript, key)) + "," * (len(key) == 1)
    if isinstance(key, slice):
        start, stop, step = ("" if part is None else holes(part) for part in (key.start, key.stop, key.step))
        return f"{start}:{stop}" + f":{step}" * bool(step)
    return holes(key)
