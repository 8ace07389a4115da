"""The value and the gradient of an expression of so many operations on Scalars: step by step, and compiled."""

import random

OPERATIONS = (
    lambda a, b: (a + b).tanh(),
    lambda a, b: a * b,
    lambda a, b: a - b,
    lambda a, b: a.sigmoid() * b,
    lambda a, b: a.cos() + b.sin(),
)


def minigrad(size):
    """One operation at a time."""
    return _expression(size, lambda f: f)


def minigrad_compile(size):
    """As straight-line Python."""
    import minigrad as mg

    return _expression(size, mg.compile)


def _expression(size, compiled):
    import minigrad as mg

    chance = random.Random(0)
    plan = [(chance.choice(OPERATIONS), chance.randrange(1, 9), chance.randrange(1, 9)) for _ in range(size // 2)]

    def function(*values):
        results = list(values)
        for operation, back, further in plan:
            results.append(operation(results[-min(back, len(results))], results[-min(further, len(results))]))
        return sum(results[-8:])

    function, inputs = compiled(function), [mg.Scalar(0.5), mg.Scalar(-0.3), mg.Scalar(0.9)]

    def step():
        for x in inputs:
            x.grad = 0.0
        y = function(*inputs)
        y.backward()
        return y.data + sum(x.grad for x in inputs)

    return [step()], step, 20
