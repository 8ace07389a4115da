"""Exercises and predictions of lesson 02."""

import numpy as np

from minigrad.course import handmade
from minigrad.course.comparing import NotYet
from minigrad.course.exercises import Exercise, learners_line
from minigrad.course.predictions import Prediction

p1 = Prediction(
    "Let a alone grow by 1. How much does f grow? (This is ∂f/∂a.)",
    "`b = a · y` grows by y = 4, and so do c and f. The next step back multiplies by 2x: 4 · 6 = 24. And y is used "
    "twice: through b comes 9, through c 1. Where a value is used twice, its gradients **add**: 10.",
    shown="{:.0f}",
)
p2 = Prediction(
    "Three points go through `x @ W`: two inputs, two outputs each. Only `W[0, 1]` grows by 1. Which outputs move?",
    "`W[0, 1]` carries input 0 to output 1, so output 1 of every point moves, by that point's input: 1, 3, 5. The "
    "loss feels each move as strongly as `g` says: `dW[0, 1]` is 1·`g[0, 1]` + 3·`g[1, 1]` + 5·`g[2, 1]`, a sum over "
    "the points.",
    {"a": "all six", "b": "both of the first point", "c": "one output of each point"},
)
p3 = Prediction(
    "First a single layer. Always saying fifty-fifty costs −ln ½ = 0.69. After 100 epochs, where is its loss?",
    "A line that is right about three clouds is badly wrong about the fourth. To doubt everywhere costs least.",
    {"a": "near 0", "b": "near 0.69", "c": "above 1"},
)
p4 = Prediction(
    "Tanh's slope is 1 − y². Somebody types 1 − y²/2, and trains two layers with it. What will be seen?",
    "Roughly downhill is still downhill. **A falling loss does not prove that the gradient is right.**",
    {"a": "an error message", "b": "a loss that stays near 0.69", "c": "a loss that falls nearly to 0"},
)


class Activations(Exercise):
    """Fill in three rules like the one in `square`.

    ReLU is `max(x, 0)`. For tanh and for the sigmoid, 1 / (1 + e⁻ˣ), the value `y` alone is enough to write the slope.
    """

    title = "three activations"
    difficulty = 1
    minutes = 6
    hints = (
        "Every rule is the gradient that arrives times a slope: `g * ...`.",
        "ReLU passes a positive x on unchanged, and makes 0 of all others. What are the slopes of these two pieces? "
        "A comparison such as `x > 0` counts as 1 or 0 when it is multiplied.",
        "School's quotient rule, for the sigmoid: its slope is e⁻ˣ / (1 + e⁻ˣ)². Write 1 / (1 + e⁻ˣ) as y; the other "
        "factor is e⁻ˣ / (1 + e⁻ˣ), and that is 1 − y.",
        "Tanh is sinh / cosh, so its slope is (cosh² − sinh²) / cosh². Divide each of the two by cosh².",
    )
    blank = """
        def relu_backward(g, x, y):
            return ...


        def tanh_backward(g, x, y):
            return ...


        def sigmoid_backward(g, x, y):
            return ...
    """
    solution = """
        def relu_backward(g, x, y):
            return g * (x > 0)


        def tanh_backward(g, x, y):
            return g * (1 - y * y)


        def sigmoid_backward(g, x, y):
            return g * y * (1 - y)
    """
    because = "At exactly x = 0 ReLU has a kink and no slope. Any number from 0 to 1 will do there; most take 0."
    wrong = {
        """
        def relu_backward(g, x, y):
            return np.maximum(x, 0)


        def tanh_backward(g, x, y):
            return g * (1 - y**2)


        def sigmoid_backward(g, x, y):
            return g * y * (1 - y)
        """: "is the value once more",
        """
        def relu_backward(g, x, y):
            return g * np.sign(x)


        def tanh_backward(g, x, y):
            return g * (1 - y**2)


        def sigmoid_backward(g, x, y):
            return g * y * (1 - y)
        """: "the slope −1",
        """
        def relu_backward(g, x, y):
            return g * (x > 0)


        def tanh_backward(g, x, y):
            return g * 1 - y**2


        def sigmoid_backward(g, x, y):
            return g * y * (1 - y)
        """: "brackets are missing",
        """
        def relu_backward(g, x, y):
            return g * (x > 0)


        def tanh_backward(g, x, y):
            return g @ (1 - y**2)


        def sigmoid_backward(g, x, y):
            return g * y * (1 - y)
        """: "a matrix product",
        """
        def relu_backward(g, x, y):
            return g * (x > 0)


        def tanh_backward(g, x, y):
            return g * (1 - y**2)


        def sigmoid_backward(g, x, y):
            return g * y * 1 - y
        """: "brackets are missing",
        """
        def relu_backward(g, x, y):
            return np.maximum(g, 0)


        def tanh_backward(g, x, y):
            return g * (1 - y**2)


        def sigmoid_backward(g, x, y):
            return g * y * (1 - y)
        """: "asks whether `g` is positive",
        """
        def relu_backward(g, x, y):
            return x > 0


        def tanh_backward(g, x, y):
            return 1 - y**2


        def sigmoid_backward(g, x, y):
            return y * (1 - y)
        """: "without the gradient that arrives",
        """
        def relu_backward(g, x, y):
            return g * (x > 0)


        def tanh_backward(g, x, y):
            return g * (1 - x**2)


        def sigmoid_backward(g, x, y):
            return g * y * (1 - y)
        """: "`x` where `y` is meant",
        """
        def relu_backward(g, x, y):
            return g * (x > 0)


        def tanh_backward(g, x, y):
            return g * (1 + y**2)


        def sigmoid_backward(g, x, y):
            return g * y * (1 + y)
        """: "the wrong sign in the slope",
        """
        def relu_backward(g, x, y):
            return g * (x > 0)


        def tanh_backward(g, x, y):
            return g * (1 - y**2)


        def sigmoid_backward(g, x, y):
            return g * (1 - y**2)
        """: "that is the rule of tanh",
        """
        def relu_backward(g, x, y):
            return g * y


        def tanh_backward(g, x, y):
            return g * (1 - y**2)


        def sigmoid_backward(g, x, y):
            return g * y * (1 - y)
        """: "multiplies by the value",
        """
        def relu_backward(g, x, y):
            if x > 0:
                return g
            return 0


        def tanh_backward(g, x, y):
            return g * (1 - y**2)


        def sigmoid_backward(g, x, y):
            return g * y * (1 - y)
        """: "gets a whole array",
        """
        def relu_backward(g, x, y):
            return g * (x > 0)


        def tanh_backward(g, x, y):
            return g * (1 - y**2)


        def sigmoid_backward(g, x, y):
            return ...
        """: "still `...`",
    }
    also_right = (
        """
        def relu_backward(g, x, y):
            return np.where(y > 0, g, 0)


        def tanh_backward(g, x, y):
            return g / np.cosh(x) ** 2


        def sigmoid_backward(g, x, y):
            return g * np.exp(-x) / (1 + np.exp(-x)) ** 2
        """,
    )

    def check(self, relu_backward, tanh_backward, sigmoid_backward):
        x, g = self.rng.normal(size=(2, 4, 3))
        rules = {"ReLU": relu_backward, "tanh": tanh_backward, "sigmoid": sigmoid_backward}
        for kind, rule in rules.items():
            value, right = handmade.RULES[kind]
            y, name = value(x), f"`{kind.lower()}_backward`"
            try:
                got = self.call(rule, g, x, y)
            except ValueError as error:
                if "matmul" in str(error):
                    raise NotYet(
                        f"{name} has a matrix product, `@`. An activation goes number by number: `*`."
                    ) from None
                if "truth value" in str(error):
                    raise NotYet(
                        f"{name} asks for one yes or no, and gets a whole array. A comparison like `x > 0` answers "
                        "for every number in it, and can be multiplied."
                    ) from None
                raise
            slope = right(1.0, x, y)
            slips = {
                f"{name} returns the slope alone, without the gradient that arrives.": slope * 1.0,
                f"{name} multiplies by the value `y`; the slope is meant.": g * y,
                f"{name} is the value once more; the gradient is asked for, `g` times the slope.": y,
                f"{name} adds the slope to the gradient that arrives; the two multiply.": g + slope,
            }
            slips |= {
                "ReLU": {
                    f"{name} asks whether `g` is positive. What decides is what went in.": np.maximum(g, 0),
                    f"{name} looks at the product with `g`. What decides is what went in, x alone.": np.maximum(
                        g * x, 0
                    ),
                    f"{name} lets the gradient through where x is negative. There ReLU does not move.": g * (x < 0),
                    f"{name} has the slope −1 where x is negative. There ReLU does not move.": g * np.sign(x),
                    f"{name} multiplies by `x`; the slope is meant.": g * x,
                    f"{name} lets everything through. Where x is negative, ReLU does not move.": g,
                },
                "tanh": {
                    f"{name} has `x` where `y` is meant, the value of tanh.": g * (1 - x * x),
                    f"{name} has the wrong sign in the slope: tanh gets flatter on both sides.": g * (1 + y * y),
                    f"{name} lacks a square: the slope of tanh has the same sign on both sides of 0.": g * (1 - y),
                    f"{name} has a sigmoid's slope.": g * y * (1 - y),
                    f"{name} multiplies only a part of the slope by `g`: brackets are missing.": g - y * y,
                    f"{name} squares the whole difference; only tanh is squared.": g * (1 - y) ** 2,
                    f"{name} takes tanh of `y`, which is the value of tanh already.": g * (1 - np.tanh(y) ** 2),
                },
                "sigmoid": {
                    f"{name}: that is the rule of tanh.": g * (1 - y * y),
                    f"{name} has `x` where `y` is meant, the value of the sigmoid.": g * x * (1 - x),
                    f"{name} multiplies only a part of the slope by `g`: brackets are missing.": g * y - y,
                    f"{name} takes the sigmoid of `y`, which is the value of the sigmoid already.": right(
                        g, y, value(y)
                    ),
                    f"{name} has the wrong sign in the slope.": g * y * (1 + y),
                    f"{name} lacks a factor: the slope is small where y nears 1, and also where it nears 0.": g
                    * (1 - y),
                    f"{name} lacks a factor: the slope is small where y nears 0, and also where it nears 1.": g * y,
                },
            }[kind]
            self.compare(name, got, right(g, x, y), slips)


class LinearLayer(Exercise):
    """Here `g` is ∂L/∂(output), a row for each point. Write `backward`.

    It keeps ∂L/∂W in `dW` and ∂L/∂b in `db`, of the shapes of `W` and `b`, and returns ∂L/∂x, of the shape of `x`.
    """

    title = "the linear layer"
    difficulty = 2
    minutes = 8
    hints = (
        "Shapes know much. `x` is (points, in), `g` is (points, out), `W` is (in, out). Which product of `x` and `g`, "
        "one of them transposed, has the shape of `W`?",
        "`dW[0, 1]` is the sum over points of `x[:, 0] * g[:, 1]`: column times column. A matrix product makes all "
        "these sums at once when the columns of `x` lie as rows.",
        "`b[1]` is added to output 1 of every point, so it collects `g[:, 1]` from all points.",
        "Input 0 of a point reaches its output j through `W[0, j]`, so it collects `g[:, j] * W[0, j]` over j.",
    )
    blank = """
        class Linear:
            def __init__(self, W, b):
                self.W, self.b = W, b

            def forward(self, x):
                self.x = x
                return x @ self.W + self.b

            def backward(self, g):
                self.dW = ...
                self.db = ...
                return ...
    """
    solution = """
        class Linear:
            def __init__(self, W, b):
                self.W, self.b = W, b

            def forward(self, x):
                self.x = x
                return x @ self.W + self.b

            def backward(self, g):
                self.dW = self.x.T @ g
                self.db = g.sum(axis=0)
                return g @ self.W.T
    """
    because = "Each product is the only one whose shape fits; the transposes follow from the shapes."
    _form = """
        class Linear:
            def __init__(self, W, b):
                self.W, self.b = W, b

            def forward(self, x):
                self.x = x
                return x @ self.W + self.b

            def backward(self, g):
                self.dW = {}
                self.db = {}
                return {}
    """
    wrong = {
        """
        class Linear:
            def __init__(self, W, b):
                self.W, self.b = W, b

            def forward(self, x):
                self.x = x
                return x @ self.W + self.b

            def backward(self, g):
                self.dW = self.x.T @ g
                self.db = g.sum(axis=0)
                self.W -= 0.1 * self.dW
                return g @ self.W.T
        """: "changes the weights",
        _form.format("g.T @ self.x", "g.sum(axis=0)", "g @ self.W.T"): "`dW` is transposed",
        _form.format("self.x @ g", "g.sum(axis=0)", "g @ self.W.T"): "the shapes do not fit",
        _form.format("self.x.T @ g", "g.sum(axis=0)", "g @ self.W"): "the shapes do not fit",
        _form.format("self.x.T @ g", "g", "g @ self.W.T"): "`db` is not summed over axis 0 yet",
        _form.format("self.x.T @ g", "g.sum()", "g @ self.W.T"): "a sum or mean over too much",
        _form.format("self.x.T @ g", "g.mean(axis=0)", "g @ self.W.T"): "The mean is the loss's business",
        _form.format("self.x.T @ g / len(g)", "g.sum(axis=0)", "g @ self.W.T"): "The mean is the loss's business",
        _form.format("self.x.T", "g.sum(axis=0)", "g @ self.W.T"): "`dW` is an array of shape",
        _form.format("x.T @ g", "g.sum(axis=0)", "g @ self.W.T"): "`forward` kept it as `self.x`",
        _form.format("self.x.T @ g", "g.sum(axis=1)", "g @ self.W.T"): "summed over the outputs",
        _form.format("self.x.T @ g", "g.sum(axis=0)", "g @ self.W.T / len(g)"): "∂L/∂x is divided by",
        _form.format("self.x.T @ g", "g.sum(axis=0)", "self.dW"): "returns `dW`",
        _form.format("self.x.T @ g", "g.sum(axis=0)", "..."): "∂L/∂x, is still `...`",
        _form.format("self.x.T @ g", "g.sum(axis=0, keepdims=True)", "g @ self.W.T"): "in the wrong shape",
        _form.format("self.x.T @ g", "g.sum(axis=0)", "g @ self.W.T, self.dW, self.db"): "returns 3 things",
        _form.format("-self.x.T @ g", "-g.sum(axis=0)", "g @ self.W.T"): "The minus belongs to the update",
        """
        class Linear:
            def __init__(self, W, b):
                self.W, self.b = W, b
                self.dW, self.db = 0, 0

            def forward(self, x):
                self.x = x
                return x @ self.W + self.b

            def backward(self, g):
                self.dW = self.dW + self.x.T @ g
                self.db = self.db + g.sum(axis=0)
                return g @ self.W.T
        """: "still holds the gradient of the batch before",
        """
        class Linear:
            def __init__(self, W, b):
                self.W, self.b = W, b

            def forward(self, x):
                self.x = x
                return x @ self.W + self.b

            def backward(self, g):
                dW = self.x.T @ g
                db = g.sum(axis=0)
                return g @ self.W.T
        """: "leaves no `self.dW`",
    }
    also_right = (
        """
        class Linear:
            def __init__(self, W, b):
                self.W, self.b = W, b

            def forward(self, x):
                self.x = x
                return np.dot(x, self.W) + self.b

            def backward(self, g):
                self.dW = sum(np.outer(row, slope) for row, slope in zip(self.x, g))
                self.db = np.ones(len(g)) @ g
                return (self.W @ g.T).T
        """,
        _form.format("np.einsum('ni,no->io', self.x, g)", "np.sum(g, 0)", "np.tensordot(g, self.W, axes=(1, 1))"),
    )

    def check(self, Linear):
        points, into, out = 5, 3, 4
        W, b = self.rng.normal(size=(into, out)), self.rng.normal(size=out)
        layer, before = self.call(Linear, W, b), {"dW": 0, "db": 0}
        for _ in range(2):
            x, g = self.rng.normal(size=(points, into)), self.rng.normal(size=(points, out))
            self.compare("`forward(x)`", self.call(layer.forward, x), x @ W + b)
            try:
                dx = self.call(layer.backward, g)
            except NameError as error:
                raise NotYet(without_self(error, layer)) from None
            except ValueError as error:
                if not any(word in str(error) for word in ("matmul", "aligned", "broadcast")):
                    raise
                shapes = f"`x` is {x.shape}, `g` is {g.shape}, `W` is {W.shape}"
                where = learners_line(error) or "backward"
                raise NotYet(f"in `{where}` the shapes do not fit: {shapes} in this check.") from None
            right = {"dW": x.T @ g, "db": g.sum(axis=0)}
            if not np.allclose(layer.W, W) or not np.allclose(layer.b, b):
                raise NotYet(
                    "`backward` changes the weights. It only finds the gradients; the loop will do the update."
                )
            for name, gradient in right.items():
                self.collected(layer, name, gradient, before[name], g)
            before = right
            if isinstance(dx, tuple | list):
                raise NotYet(f"`backward` returns {len(dx)} things. `dW` and `db` stay in `self`; return ∂L/∂x alone.")
            self.compare(
                "what `backward` returns, ∂L/∂x,",
                dx,
                g @ W.T,
                {
                    "`backward` returns `dW`. The layer before needs ∂L/∂x.": right["dW"],
                    "∂L/∂x is divided by the number of points. The mean is the loss's business: `g` brings it along.": (
                        g @ W.T / points
                    ),
                },
            )

    def collected(self, layer, name, right, before, g):
        """Compare dW or db with what it should be; `before` is the gradient of the batch before."""
        if not hasattr(layer, name):
            raise NotYet(f"`backward` leaves no `self.{name}`.")
        mean = f"`{name}` is divided by the number of points. The mean is the loss's business: `g` brings it along."
        axis = f"`{name}` is summed over the outputs. It has a number for each of them, and collects from the points."
        sign = f"`{name}` has the wrong sign. The minus belongs to the update, not to the gradient."
        slips = {mean: right / len(g), axis: g.sum(axis=1), sign: -right}
        if np.any(before):
            slips |= {
                f"`{name}` still holds the gradient of the batch before. Each `backward` sets it anew.": before + right,
                f"`{name}` is that of the batch before.": before,
            }
        self.compare(f"`{name}`", getattr(layer, name), right, slips)


def without_self(error: NameError, layer: object) -> str:
    """Say what to do about a name that stands in `self`; raise the error again if it doesn't."""
    if not hasattr(layer, error.name or " "):
        raise error
    where = learners_line(error) or "backward"
    return f"in `{where}` there is no `{error.name}`: `forward` kept it as `self.{error.name}`."


class Loss(Exercise):
    """The table shows the gradient for one point. Read off what it is made of.

    Then write `backward`: ∂L/∂z, of the shape of `z`, for a batch of N points. Remember that L is their mean.
    """

    title = "softmax and cross-entropy"
    difficulty = 2
    minutes = 6
    given = """
        import numpy as np

        def softmax(z):
            e = np.exp(z - z.max(axis=1, keepdims=True))
            return e / e.sum(axis=1, keepdims=True)
    """
    hints = (
        "Compare the columns of the table. For the wrong classes, slope and p are the same number.",
        "For the true class p is 0.24 and the slope −0.76. What has to be taken from 0.24?",
        "N points, each with a share of 1/N in the mean: what happens to each point's gradient?",
    )
    blank = """
        class SoftmaxCrossEntropy:
            def forward(self, z, Y):
                self.p, self.Y = softmax(z), Y
                return -(Y * np.log(self.p)).sum(axis=1).mean()

            def backward(self):
                return ...
    """
    solution = """
        class SoftmaxCrossEntropy:
            def forward(self, z, Y):
                self.p, self.Y = softmax(z), Y
                return -(Y * np.log(self.p)).sum(axis=1).mean()

            def backward(self):
                return (self.p - self.Y) / len(self.Y)
    """
    because = (
        "ln p = z − ln Σ e^z for the true class. The first term gives the −1 that `Y` holds, the second gives p: "
        "the whole derivative is what was said minus what is true."
    )
    _form = """
        class SoftmaxCrossEntropy:
            def forward(self, z, Y):
                self.p, self.Y = softmax(z), Y
                return -(Y * np.log(self.p)).sum(axis=1).mean()

            def backward(self):
                return {}
    """
    wrong = {
        _form.format("self.p - self.Y / len(self.Y)"): "brackets are missing",
        _form.format("self.p / len(self.Y) - self.Y"): "brackets are missing",
        _form.format("self.p - self.Y"): "6 times too large",
        _form.format("(self.Y - self.p) / len(self.Y)"): "the wrong sign",
        _form.format("self.Y - self.p"): "and has the wrong sign",
        _form.format("self.p / len(self.Y)"): "nothing is taken off for the true class",
        _form.format("-self.Y / self.p / len(self.Y)"): "the gradient for `p`",
        _form.format("(p - Y) / len(Y)"): "`forward` kept it as `self.p`",
        _form.format("(self.p - 1) / len(self.p)"): "1 taken off everywhere",
        _form.format("(self.p - self.Y) / 40"): "divided by 40",
        _form.format("(self.p - self.Y).mean()"): "one gradient for each score",
        _form.format("(self.p - self.Y).mean(axis=0)"): "Each point keeps its own row",
        _form.format("(self.p - self.Y) / self.Y.size"): "divided by all its entries",
        _form.format("(self.p - self.Y) / self.Y.shape[1]"): "divides by the number of classes",
        """
        class SoftmaxCrossEntropy:
            def forward(self, z, Y):
                self.p, self.Y = softmax(z), Y
                return -(Y * np.log(self.p)).sum(axis=1).mean()

            def backward(self):
                self.p[self.Y == 1] -= 1
        """: "Is a `return` missing",
    }
    also_right = (
        _form.format("np.where(self.Y == 1, self.p - 1, self.p) / len(self.p)"),
        """
        class SoftmaxCrossEntropy:
            def forward(self, z, Y):
                self.p, self.Y = softmax(z), Y
                return -np.log(self.p[Y == 1]).mean()

            def backward(self):
                g = -self.Y / self.p / len(self.p)
                return self.p * (g - (g * self.p).sum(axis=1, keepdims=True))
        """,
    )

    def check(self, SoftmaxCrossEntropy):
        classes = 4
        for points in (6, 9):
            z, Y = 2 * self.rng.normal(size=(points, classes)), np.eye(classes)[self.rng.permutation(points) % classes]
            loss, p = self.call(SoftmaxCrossEntropy), handmade.softmax(z)
            self.compare("`forward(z, Y)`", self.call(loss.forward, z, Y), -(Y * np.log(p)).sum(axis=1).mean())
            what, right = "what `backward` returns", (p - Y) / points
            try:
                got = self.call(loss.backward)
            except NameError as error:
                raise NotYet(without_self(error, loss)) from None
            self.compare(
                what,
                got,
                right,
                {
                    f"{what} is made of p only: nothing is taken off for the true class.": p / points,
                    f"{what} is p, and nothing is taken off for the true class.": p,
                    f"{what} is the gradient for `p`. It has yet to go back through softmax.": -Y / p / points,
                    f"{what} is the gradient for `p`, and of a sum. Go back through softmax, and mind the mean.": -Y
                    / p,
                    f"{what} has 1 taken off everywhere. Where does `Y` hold its 1?": (p - 1) / points,
                    f"{what} is 0 for the wrong classes. Their scores matter too: they take away from p.": Y * right,
                    f"{what} has only `Y` divided: brackets are missing.": p - Y / points,
                    f"{what} has only p divided: brackets are missing.": p / points - Y,
                    f"{what} is divided by 40. This batch has {points} points.": (p - Y) / 40,
                    f"{what} is one number. The next layer needs one gradient for each score.": (p - Y).mean(),
                    f"{what} mixes the points. Each point keeps its own row.": (p - Y).mean(axis=0),
                    f"{what} is divided by all its entries. The mean is over points only.": right / classes,
                    f"{what} divides by the number of classes. The mean is over the points.": (p - Y) / classes,
                },
                points=points,
            )


class Count(Exercise):
    """How many lines of `by_hand` compute a derivative?

    And how many would a network of three such layers have, and one of ten?
    """

    title = "count the lines"
    difficulty = 1
    minutes = 2
    blank = "two_layers_need, three_layers_need, ten_layers_need = ..., ..., ..."
    solution = "two_layers_need, three_layers_need, ten_layers_need = 7, 11, 39"
    because = "Four for each layer, dz, dW, db, dh, and one less in all: nobody asks for the gradient of the data."
    hints = (
        "Every line from `dz` down to `return` computes one.",
        "A third layer would bring its own dW and db. Besides, the gradient must get there: through its matrix and "
        "through the activation before it.",
        "So each further layer costs the same number of lines. Add that number eight times to the count for two.",
    )
    wrong = {
        "two_layers_need, three_layers_need, ten_layers_need = 4, 6, 20": "`dz`, `dh` and `da` are derivatives too",
        "two_layers_need, three_layers_need, ten_layers_need = 11, 16, 51": "forward lines",
        "two_layers_need, three_layers_need, ten_layers_need = 8, 12, 40": "the gradient of the data",
        "two_layers_need, three_layers_need, ten_layers_need = 6, 10, 38": "Count again",
        "two_layers_need, three_layers_need, ten_layers_need = 7, 11, 38": "Count again",
        "two_layers_need, three_layers_need, ten_layers_need = 7, 10, 31": "a third layer needs more than three",
        "two_layers_need, three_layers_need, ten_layers_need = 7, 11, 40": "the gradient of the data",
        "two_layers_need, three_layers_need, ten_layers_need = 7, 11, 35": "count the layers that are added",
        "two_layers_need, three_layers_need, ten_layers_need = 7, 11, 43": "count the layers that are added",
        "two_layers_need, three_layers_need, ten_layers_need = 7, 14, 70": "a third layer needs fewer than seven",
    }
    also_right = (
        "two_layers_need, three_layers_need, ten_layers_need = (4 * n - 1 for n in (2, 3, 10))",
        "two_layers_need, three_layers_need, ten_layers_need = 7.0, 11.0, 39.0",
    )

    def check(self, two_layers_need, three_layers_need, ten_layers_need):
        more = "each further one needs as many lines as the third."
        self.compare(
            "`two_layers_need`",
            two_layers_need,
            7,
            {
                "that counts dW and db only; `dz`, `dh` and `da` are derivatives too.": 4,
                "that counts the forward lines too.": 11,
                "one too many: `return` computes nothing, and the gradient of the data, dx, is not needed.": 8,
                **recount("two_layers_need", two_layers_need),
            },
        )
        self.compare(
            "`three_layers_need`",
            three_layers_need,
            11,
            {
                "a third layer needs more than three lines: dW, db, and two to carry the gradient to it.": 10,
                "a third layer needs fewer than seven lines: most of those seven belong to the two that are there.": 14,
                "one too many: the gradient of the data, dx, is not needed.": 12,
                **recount("three_layers_need", three_layers_need),
            },
        )
        self.compare(
            "`ten_layers_need`",
            ten_layers_need,
            39,
            {
                "one too many: the gradient of the data, dx, is not needed.": 40,
                f"count the layers that are added to the two: {more}": 35,
                f"count the layers that are added to the two. There are fewer: {more}": 43,
                **recount("ten_layers_need", ten_layers_need),
            },
        )
        return "Seven of eleven lines that compute, and each new kind of layer asks for new ones."


def recount(name: str, answer: object) -> dict[str, object]:
    """Words for any other number; how far it is off would give the right one away."""
    plain = isinstance(answer, int | float)
    return {f"`{name}` is another number. Count again, line by line.": answer} if plain else {}


class BugHunt(Exercise):
    """Three layers, without biases; `h1` also goes past the second one, into `h1 + h2`.

    Three bugs hide in the derivatives. Find them. The heat map in the next cell says where to begin; run it again after
    each repair.
    """

    title = "three bugs"
    difficulty = 2
    minutes = 8
    given = Loss.given
    hints = (
        "Gradients go back from the loss, so a bug spoils its own gradient and all after it. Begin with the one "
        "nearest to the loss, `dW3`; run the heat map again after each repair.",
        "`dW3` depends on `dz3` alone. Compare that line with exercise 3.",
        "Once `dW3` agrees and `dW2` does not, the bug lies between them: how steep is tanh, written with its value?",
        "`h1` is used twice. Think of y in the first cell of this lesson: what became of its two gradients? One way "
        "back comes through `W2`. The other one comes straight from the sum `h1 + h2`.",
    )
    _form = """
        def gradients(x, Y, W1, W2, W3):
            h1 = np.tanh(x @ W1)
            h2 = np.tanh(h1 @ W2)
            p = softmax((h1 + h2) @ W3)
            dz3 = {}
            dW3 = (h1 + h2).T @ dz3
            dh2 = dz3 @ W3.T
            dz2 = dh2 * {}
            dW2 = h1.T @ dz2
            dh1 = {}
            dW1 = x.T @ (dh1 * (1 - h1**2))
            return dW1, dW2, dW3
    """
    blank = _form.format("p - Y", "(1 + h2**2)", "dz2 @ W2.T")
    solution = _form.format("(p - Y) / len(Y)", "(1 - h2**2)", "dh2 + dz2 @ W2.T")
    because = "The mean's 1/N, the minus in tanh's slope, and the second way back to `h1`."
    wrong = {
        _form.format("(p - Y) / len(Y)", "(1 + h2**2)", "dz2 @ W2.T"): "`dW3` is right now. `dW2` is not",
        _form.format("(p - Y) / len(Y)", "(1 - h2**2)", "dz2 @ W2.T"): "`h1` is used twice",
        _form.format("p - Y", "(1 - h2**2)", "dh2 + dz2 @ W2.T"): "`dW3` is 6 times too large",
        _form.format("(Y - p) / len(Y)", "(1 - h2**2)", "dh2 + dz2 @ W2.T"): "`dW3` has the wrong sign",
        _form.format("(p - Y) / len(Y)", "(1 - h2**2)", "dz2 @ W2"): "only one of its two gradients, and `W2`",
        _form.format("(p - Y) / len(Y)", "(1 - h2**2)", "dh2 + dz2 @ W2"): "`W2` stands the wrong way round",
        _form.format("(p - Y) / len(Y)", "(1 - h2**2)", "dz2 @ W2.T + dz2"): "`dz2` belongs before tanh",
        _form.format("(p - Y) / len(Y)", "h2 * (1 - h2)", "dh2 + dz2 @ W2.T"): "`dW3` is right now. `dW2` is not",
        _form.format("(p - Y).mean(axis=0)", "(1 - h2**2)", "dh2 + dz2 @ W2.T"): "of a matrix product do not fit",
    }
    also_right = (
        """
        def gradients(x, Y, W1, W2, W3):
            h1 = np.tanh(x @ W1)
            h2 = np.tanh(h1 @ W2)
            p = softmax((h1 + h2) @ W3)
            g = (p - Y) / Y.shape[0]
            back = g @ W3.T
            dh1 = back.copy()
            inner = back / np.cosh(h1 @ W2) ** 2
            dh1 += inner @ W2.T
            return [x.T @ (dh1 - dh1 * h1 * h1), h1.T @ inner, h1.T @ g + h2.T @ g]
        """,
    )

    def check(self, gradients):
        for points in (6, 8):
            self.try_with(gradients, points)
        return "Run the heat map again: all white."

    def try_with(self, gradients, points):
        """Check the gradients of a batch of so many points, from the loss on."""
        hidden, classes = 5, 3
        x, Y = self.rng.normal(size=(points, 2)), np.eye(classes)[np.arange(points) % classes]
        W1, W2, W3 = (self.rng.normal(size=size) for size in ((2, hidden), (hidden, hidden), (hidden, classes)))
        try:
            got = self.call(gradients, x, Y, W1, W2, W3)
        except ValueError as error:
            if "matmul" not in str(error):
                raise
            where = learners_line(error) or "gradients"
            raise NotYet(f"in `{where}` the shapes of a matrix product do not fit.") from None
        if not isinstance(got, tuple | list) or len(got) != 3:
            raise NotYet("`gradients` should still return three arrays, `dW1, dW2, dW3`.")
        h1 = np.tanh(x @ W1)
        h2 = np.tanh(h1 @ W2)
        dz3 = (handmade.softmax((h1 + h2) @ W3) - Y) / points
        dh2 = dz3 @ W3.T
        dz2 = dh2 * (1 - h2**2)
        dW3 = (h1 + h2).T @ dz3

        def dW1(dh1):
            return x.T @ (dh1 * (1 - h1**2))

        forty = f"`dW3` is divided by 40, and there are {points} points in this batch."
        self.compare("`dW3`", got[2], dW3, {forty: dW3 * points / 40}, points=points)
        on_the_way = "the bug lies on the way from one to the other."
        self.compare("`dW2`", got[1], h1.T @ dz2, {f"`dW3` is right now. `dW2` is not: {on_the_way}": got[1]})
        slips = {
            "`h1` is used twice, and gets only one of its two gradients.": dW1(dz2 @ W2.T),
            "`h1` is used twice, and gets only the gradient that comes straight from the sum.": dW1(dh2),
            "`h1` gets only one of its two gradients, and `W2` stands the wrong way round.": dW1(dz2 @ W2),
            "`W2` stands the wrong way round.": dW1(dh2 + dz2 @ W2),
            "`dz2` belongs before tanh. What is added to `h1` is `h2`, after tanh.": dW1(dz2 + dz2 @ W2.T),
            on_the_way: got[0],
        }
        found = "`dW3` and `dW2` are right now. `dW1` is not"
        self.compare(
            "`dW1`",
            got[0],
            dW1(dh2 + dz2 @ W2.T),
            {f"{found}: {sentence}": result for sentence, result in slips.items()},
        )
