"""Scalar: a variable that holds one float.

It exists to be drawn and stepped through: it is tracked from birth, `backward` keeps the graph, and every node keeps
its gradient. Below it a neuron, a layer and a multi-layer perceptron (MLP) of scalars.
"""

from typing import Any

from .backend import default_generator, peek
from .fused import weighted_sum
from .ops import elementwise, operators
from .tape import Variable, sweep


@operators
class Scalar(Variable):
    """A number that knows how it was computed.

    `data` is its value, `grad` the derivative of whatever `backward` was called on with respect to it (0.0 before),
    `label` its name in drawings. Everything micrograd's Value does is spelled the same here.

    >>> x, y = Scalar(3.0, label="x"), Scalar(4.0, label="y")
    >>> f = x * x * y + y + 2
    >>> f.backward()
    >>> f.data, x.grad, y.grad
    (42.0, 24.0, 10.0)
    """

    __slots__ = ("label",)
    grad = Variable._grad  # type: ignore[misc]  # the slot under its public name
    __array_ufunc__ = None  # a NumPy number on the left leaves the operation to us

    def __init__(self, data, label=""):
        if isinstance(data, Variable) or hasattr(data, "__len__"):
            raise TypeError(f"a Scalar holds one number, got {type(data).__name__}; for many numbers write mg.tensor")
        super().__init__(float(data), needs_grad=True)
        self.grad = 0.0
        self.keeps = True
        self.label = label

    @classmethod
    def wrap(cls, value, inputs=()):
        """The result of an operation: a new Scalar; a comparison stays True or False."""
        if isinstance(value, bool):
            return value
        if type(value) is not float and peek(value) is value:
            value = cls(value).value  # an int becomes a float; what isn't one number is refused
        y = cls.__new__(cls)
        Variable.__init__(y, value)
        y.grad, y.keeps, y.label = 0.0, True, ""
        return y

    @staticmethod
    def explain(name, values, error):
        """The error of an operation on floats, with the operation and its inputs named."""
        kinds = (TypeError, ZeroDivisionError, OverflowError, ArithmeticError, ValueError)
        kind = next(k for k in kinds if isinstance(error, k))
        return kind(f"{name} of {', '.join(map(repr, values))}: {error}")

    @property
    def data(self):
        """The number. Setting it between forward and backward is noticed."""
        return self.value

    @data.setter
    def data(self, number):
        self.value = float(number)
        self.touch()

    @property
    def requires_grad(self):
        """Whether gradients flow here: always, but for results computed under `no_grad`."""
        return self.needs_grad

    def backward(self):
        """Add to the `grad` of this and every earlier node the derivative of this node with respect to it."""
        for x, g in sweep([self], [1.0], retain_graph=True).items():
            x.grad = g if x.grad is None else x.grad + g

    def item(self):
        """The number."""
        return self.value

    def __float__(self):
        return self.value

    def __format__(self, spec):
        return format(self.value, spec) if spec else str(self)

    def __bool__(self):
        return bool(self.value)

    def __repr__(self):
        label = f", label={self.label!r}" if self.label else ""
        return f"Scalar(data={self.value:.6g}, grad={float(self.grad or 0.0):.6g}{label})"


Scalar.face = Scalar
for name, op in elementwise.items():
    if not hasattr(Scalar, name):
        setattr(Scalar, name, op)


class Module:
    """What neurons, layers and networks of scalars have in common."""

    def parameters(self):
        """The scalars to be trained, in order."""
        return []

    def zero_grad(self):
        """Set every parameter's gradient to zero, as each step of training begins."""
        for p in self.parameters():
            p.grad = 0.0


class Neuron(Module):
    """`relu(w . x + b)`, or `w . x + b` if not `nonlin`. Weights are drawn from -1..1, the bias starts at 0."""

    def __init__(self, nin, nonlin=True, generator=default_generator):
        self.w = [Scalar(w) for w in generator.numpy.uniform(-1, 1, nin)]
        self.b = Scalar(0.0)
        self.nonlin = nonlin

    def __call__(self, x):
        self._expect(x)
        total = weighted_sum(self.b, *self.w, *x)
        return total.relu() if self.nonlin else total

    def composed(self, x):
        """The same number from single multiplications and additions: slower, and every step can be drawn."""
        self._expect(x)
        total: Any = self.b
        for w, xi in zip(self.w, x, strict=True):
            total = total + w * xi
        return total.relu() if self.nonlin else total

    def _expect(self, x):
        if len(x) != len(self.w):
            raise ValueError(f"a neuron of {len(self.w)} inputs was given {len(x)}")

    def parameters(self):
        """The weights, then the bias."""
        return [*self.w, self.b]

    def __repr__(self):
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(Module):
    """`nout` neurons that see the same inputs; a layer of one neuron returns its output itself, not a list."""

    def __init__(self, nin, nout, **options):
        self.neurons = [Neuron(nin, **options) for _ in range(nout)]

    def __call__(self, x):
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def parameters(self):
        """Those of the first neuron, of the second, and so on."""
        return [p for neuron in self.neurons for p in neuron.parameters()]

    def __repr__(self):
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class MLP(Module):
    """Layers one after the other, ReLU between them, the last one linear: `MLP(2, [16, 16, 1])`.

    >>> model = MLP(2, [16, 16, 1])
    >>> len(model.parameters())
    337
    """

    def __init__(self, nin, nouts, **options):
        sizes = [nin, *nouts]
        self.layers = [
            Layer(before, after, nonlin=i < len(nouts) - 1, **options)
            for i, (before, after) in enumerate(zip(sizes, nouts, strict=False))
        ]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        """Those of the first layer, of the second, and so on."""
        return [p for layer in self.layers for p in layer.parameters()]

    def __repr__(self):
        return f"MLP of [{', '.join(map(str, self.layers))}]"
