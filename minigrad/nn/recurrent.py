"""Recurrent layers: one step for every place of a sequence, each seeing the state that the one before left.

PyTorch's names and layouts: parameters `weight_ih_l0` and so on, gates stacked in one matrix, sequences of shape
(length, N, features), or (N, length, features) with `batch_first=True`.
"""

import warnings

from .. import creation
from ..functions import cat, stack
from ..ops import sigmoid, tanh
from . import functional as F
from .layers import Even, sizes

NAMES = "weight_ih weight_hh bias_ih bias_hh".split()  # from the input, and from the hidden state


class Recurrent(Even):
    """The base of all: the walk along the sequence. Each kind is a `step`."""

    gates = state_parts = 1

    def __init__(self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
                 bidirectional=False, device=None, dtype=None):  # fmt: skip
        super().__init__()
        name, given = type(self).__name__, {"input_size": input_size, "hidden_size": hidden_size}
        self.input_size, self.hidden_size, self.num_layers = sizes(name, 1, **given, num_layers=num_layers)
        if not 0 <= dropout <= 1:
            raise ValueError(f"{name}: dropout is a probability, from 0 to 1, got {dropout}")
        if dropout and num_layers == 1:
            warnings.warn(f"{name}: dropout is between layers, and there is one layer; num_layers=2?", stacklevel=3)
        self.bias, self.batch_first, self.dropout, self.bidirectional = bias, batch_first, dropout, bidirectional
        self.fan_in = hidden_size
        shapes: dict = {}
        for layer in range(num_layers):
            width = hidden_size * len(self._directions(layer)) if layer else input_size
            columns = [(width,), (hidden_size,), (), ()] if bias else [(width,), (hidden_size,)]
            for suffix in self._directions(layer):
                named = zip(NAMES, columns, strict=False)
                shapes |= {f"{name}_{suffix}": (self.gates * hidden_size, *rest) for name, rest in named}
        self.hold(device, dtype, **shapes)

    def _directions(self, layer):
        """The ends of parameter names in a layer: one for each direction."""
        return [f"l{layer}", f"l{layer}_reverse"] if self.bidirectional else [f"l{layer}"]

    def step(self, x, h, state):
        """The next state, from the share that the input `x` and the last output `h` have in the gates, and the last."""
        raise NotImplementedError

    def forward(self, input, state=None):
        """`(output, state)`: what the last layer says at every place, and every layer's last state."""
        F.checked(type(self).__name__, input, self.weight_ih_l0)
        if input.ndim != 3 or input.shape[-1] != self.input_size:
            sizes, dim = ("N, length", 0) if self.batch_first else ("length, N", 1)
            raise ValueError(
                f"{type(self).__name__}: expected sequences of shape ({sizes}, {self.input_size}), got {input.shape}; "
                f"a single sequence is made a batch of one by x.unsqueeze({dim})"
            )
        x = input.transpose(0, 1) if self.batch_first else input
        states, last = self._states(x, state), list[tuple]()
        for layer in range(self.num_layers):
            if layer:
                x = F.dropout(x, self.dropout, self.training)
            walks = [self._walk(x, suffix, states[len(last) + i]) for i, suffix in enumerate(self._directions(layer))]
            last += [final for _, final in walks]
            x = cat([outputs for outputs, _ in walks], -1) if self.bidirectional else walks[0][0]
        final = tuple(stack(part) for part in zip(*last, strict=True))
        return x.transpose(0, 1) if self.batch_first else x, final if len(final) > 1 else final[0]

    def _states(self, x, state):
        """The state to begin with, zeros unless it is given: for each layer and direction a tuple of its parts."""
        shape = (self.num_layers * len(self._directions(0)), x.shape[1], self.hidden_size)
        if state is None:
            state = (creation.zeros(*shape, dtype=x.dtype, device=x.device),) * self.state_parts
        parts = tuple(state) if isinstance(state, tuple | list) else (state,)
        if len(parts) != self.state_parts or any(part.shape != shape for part in parts):
            wanted = f"{self.state_parts} tensor(s) of shape {shape}, (layers times directions, samples, hidden size)"
            given = ", ".join(str(part.shape) for part in parts)
            raise ValueError(f"{type(self).__name__}: expected a state of {wanted}, got {given}")
        return list(zip(*parts, strict=True))

    def _walk(self, x, suffix, state):
        """One direction of one layer: the outputs at every place, and the last state."""
        weight_x, weight_h, bias_x, bias_h = (vars(self).get(f"{name}_{suffix}") for name in NAMES)
        gates = F.linear(x, weight_x, bias_x)  # of all places at once
        way = slice(None, None, -1 if suffix.endswith("_reverse") else 1)
        outputs = []
        for i in range(len(x))[way]:
            state = self.step(gates[i], F.linear(state[0], weight_h, bias_h), state)
            outputs.append(state[0])
        return stack(outputs[way]), state

    def flatten_parameters(self):
        """Nothing: there are no kernels here that want their parameters side by side."""

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
