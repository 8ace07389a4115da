"""Recurrent layers: one step for every place of a sequence, each seeing the state that the one before left.

PyTorch's names and layouts: parameters `weight_ih_l0` and so on, gates stacked in one matrix, sequences of shape
(length, N, features), or (N, length, features) with `batch_first=True`.
"""

import warnings

from .. import creation
from ..functions import cat, stack
from ..ops import sigmoid, tanh
from . import functional as F
from .layers import Even, _parameters, whole


class Recurrent(Even):
    """The base of all: the walk along the sequence. Each kind is a `step`."""

    gates = state_parts = 1

    def __init__(
        self,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        device=None,
        dtype=None,
    ):
        super().__init__()
        self.fan_in, name = hidden_size, type(self).__name__
        sizes = {"input_size": input_size, "hidden_size": hidden_size, "num_layers": num_layers}
        self.input_size, self.hidden_size, self.num_layers = whole(name, 1, **sizes)
        if not 0 <= dropout <= 1:
            raise ValueError(f"{name}: dropout is a probability, from 0 to 1, got {dropout}")
        if dropout and num_layers == 1:
            warnings.warn(f"{name}: dropout is between layers, and there is one layer; num_layers=2?", stacklevel=3)
        self.bias, self.batch_first, self.dropout, self.bidirectional = bias, batch_first, dropout, bidirectional
        for layer in range(num_layers):
            width = hidden_size * len(self._directions(layer)) if layer else input_size
            for suffix in self._directions(layer):
                shapes: dict = {"weight_ih": (width,), "weight_hh": (hidden_size,)}
                shapes |= {"bias_ih": (), "bias_hh": ()} if bias else {}
                named = {f"{name}_{suffix}": (self.gates * hidden_size, *rest) for name, rest in shapes.items()}
                _parameters(self, device, dtype, **named)
        self.reset_parameters()

    def _directions(self, layer):
        """The ends of parameter names in a layer: one for each direction."""
        return [f"l{layer}", f"l{layer}_reverse"] if self.bidirectional else [f"l{layer}"]

    def step(self, x, h, state):
        """The next state, from the share that the input `x` and the last output `h` have in the gates, and the last."""
        raise NotImplementedError

    def forward(self, input, state=None):
        """`(output, state)`: what the last layer says at every place, and every layer's last state."""
        F.checked(type(self).__name__, input, self.weight_ih_l0)
        if input.ndim not in (2, 3) or input.shape[-1] != self.input_size:
            raise ValueError(
                f"{type(self).__name__}: expected a sequence whose last dimension is {self.input_size}, got shape "
                f"{tuple(input.shape)}"
            )
        single = input.ndim == 2
        x = input.unsqueeze(1) if single else input.transpose(0, 1) if self.batch_first else input
        count = self.num_layers * len(self._directions(0))
        states = [self._start(x)] * count if state is None else self._split(state, single, (count, x.shape[1]))
        last: list = []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = F.dropout(x, self.dropout, self.training)
            walks = [self._walk(x, suffix, states[len(last) + i]) for i, suffix in enumerate(self._directions(layer))]
            last += [final for _, final in walks]
            x = cat([outputs for outputs, _ in walks], -1) if len(walks) > 1 else walks[0][0]
        x = x.squeeze(1) if single else x.transpose(0, 1) if self.batch_first else x
        return x, self._join(last, single)

    def _walk(self, x, suffix, state):
        """One direction of one layer: the outputs at every place, and the last state."""
        weights = [getattr(self, f"{name}_{suffix}") for name in ("weight_ih", "weight_hh")]
        biases = [getattr(self, f"{name}_{suffix}") if self.bias else None for name in ("bias_ih", "bias_hh")]
        gates = F.linear(x, weights[0], biases[0])  # of all places at once
        backward = suffix.endswith("_reverse")
        outputs = []
        for i in reversed(range(len(x))) if backward else range(len(x)):
            state = self.step(gates[i], F.linear(state[0], weights[1], biases[1]), state)
            outputs.append(state[0])
        return stack(outputs[::-1] if backward else outputs), state

    def _start(self, x):
        zeros = creation.zeros(x.shape[1], self.hidden_size, dtype=x.dtype, device=x.device)
        return (zeros,) * self.state_parts

    def _split(self, state, single, sizes):
        """A state as given, (layers, N, hidden) or a pair of them, as one tuple for each layer."""
        parts = tuple(state) if isinstance(state, tuple | list) else (state,)
        shape = (sizes[0], self.hidden_size) if single else (*sizes, self.hidden_size)
        if len(parts) != self.state_parts or any(tuple(part.shape) != shape for part in parts):
            given = ", ".join(str(tuple(part.shape)) for part in parts)
            raise ValueError(
                f"{type(self).__name__}: expected a state of {self.state_parts} tensor(s) of shape {shape}, that is "
                f"(layers times directions, samples, hidden size), whether batch_first or not; got {given}"
            )
        return list(zip(*((part.unsqueeze(1) if single else part) for part in parts), strict=True))

    def flatten_parameters(self):
        """Nothing: there are no kernels here that want their parameters side by side."""

    def _join(self, states, single):
        parts = tuple(stack(layer) for layer in zip(*states, strict=True))
        parts = tuple(part.squeeze(1) for part in parts) if single else parts
        return parts if len(parts) > 1 else parts[0]

    def extra_repr(self):
        """The sizes and what differs from the defaults."""
        text = f"{self.input_size}, {self.hidden_size}"
        text += f", num_layers={self.num_layers}" * (self.num_layers != 1) + ", bias=False" * (not self.bias)
        text += ", batch_first=True" * self.batch_first + f", dropout={self.dropout}" * (self.dropout != 0)
        return text + ", bidirectional=True" * self.bidirectional


class RNN(Recurrent):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or ReLU instead of tanh; returns `(outputs, last h)`.

    >>> import minigrad as mg
    >>> outputs, h = RNN(3, 5)(mg.zeros(7, 2, 3))
    >>> outputs.shape, h.shape
    ((7, 2, 5), (1, 2, 5))
    """

    def __init__(self, input_size, hidden_size, num_layers=1, nonlinearity="tanh", *options, **named):
        super().__init__(input_size, hidden_size, num_layers, *options, **named)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"RNN: nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")
        self.nonlinearity = nonlinearity

    def step(self, x, h, state):
        """The next state."""
        return (tanh(x + h) if self.nonlinearity == "tanh" else F.relu(x + h),)


class LSTM(Recurrent):
    """Long short-term memory: a cell c that gates write to, forget and read; returns `(outputs, (last h, last c))`.

    i, f, o = sigmoid(...), g = tanh(...); c' = f c + i g; h' = o tanh(c'). (Hochreiter and Schmidhuber, 1997.)
    """

    gates, state_parts = 4, 2

    def step(self, x, h, state):
        """The next state."""
        i, f, g, o = (x + h).chunk(4, -1)
        c = sigmoid(f) * state[1] + sigmoid(i) * tanh(g)
        return sigmoid(o) * tanh(c), c


class GRU(Recurrent):
    """Gated recurrent units, an LSTM with fewer gates and no cell; returns `(outputs, last h)`.

    r, z = sigmoid(...), n = tanh(W_in x + b_in + r (W_hn h + b_hn)); h' = (1 - z) n + z h. (Cho et al., 2014.)
    """

    gates = 3

    def step(self, x, h, state):
        """The next state."""
        (xr, xz, xn), (hr, hz, hn) = x.chunk(3, -1), h.chunk(3, -1)
        z = sigmoid(xz + hz)
        return ((1 - z) * tanh(xn + sigmoid(xr + hr) * hn) + z * state[0],)
