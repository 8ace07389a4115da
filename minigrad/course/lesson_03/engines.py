"""Engines as learners write them in exercise 5: a solution, two that are right in other ways, and slips.

They are text, since they stand for what is typed into a cell; nothing of the course runs on them.
"""

ENGINE = """
    import itertools
    import math

    clock = itertools.count(1)


    def record(*row):
        def operation(*inputs):
            inputs = [x if isinstance(x, Value) else Value(x) for x in inputs]
            return Value(row[0](*[x.data for x in inputs]), row, inputs)

        return operation


    def order(result):
        found, todo = {result}, [result]
        while todo:
            for x in todo.pop().inputs:
                if x not in found:
                    found.add(x)
                    todo.append(x)
        return sorted(found, key=lambda step: step.tick, reverse=True)


    class Value:
        def __init__(self, data, row=(None,), inputs=()):
            self.data, self.grad = float(data), 0.0
            self.row, self.inputs, self.tick = row, inputs, next(clock)

        def backward(self):
            gradients = {self: 1.0}
            for step in order(self):
                g = gradients.pop(step)
                step.grad += g
                for x, vjp in zip(step.inputs, step.row[1:]):
                    share = vjp(g, step.data, *[i.data for i in step.inputs])
                    gradients[x] = gradients.get(x, 0.0) + share

        __add__ = __radd__ = record(lambda a, b: a + b, lambda g, y, a, b: g, lambda g, y, a, b: g)
        __mul__ = __rmul__ = record(lambda a, b: a * b, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a)
        __sub__ = record(lambda a, b: a - b, lambda g, y, a, b: g, lambda g, y, a, b: -g)
        __truediv__ = record(lambda a, b: a / b, lambda g, y, a, b: g / b, lambda g, y, a, b: -g * y / b)
        __neg__ = record(lambda x: -x, lambda g, y, x: -g)
        exp = record(math.exp, lambda g, y, x: g * y)
        log = record(math.log, lambda g, y, x: g / x)
        tanh = record(math.tanh, lambda g, y, x: g * (1 - y * y))

        def __pow__(self, n):
            return record(lambda x: x**n, lambda g, y, x: g * n * x ** (n - 1))(self)

        def __rsub__(self, other):
            return Value(other) - self

        def __rtruediv__(self, other):
            return Value(other) / self
"""
DICTIONARY = ENGINE[ENGINE.index("            gradients = {self") : ENGINE.index("        __add__")]
LATEST_FIRST = ENGINE[ENGINE.index("        found, todo") : ENGINE.index("    class Value")]

# Other ways to sweep: each a slip that somebody makes.
ON_NODES = """
            self.grad = 1.0
            for step in order(self):
                for x, vjp in zip(step.inputs, step.row[1:]):
                    x.grad += vjp(step.grad, step.data, *[i.data for i in step.inputs])

"""
WIPED = ON_NODES.replace("self.grad = 1.0", "for step in order(self):\n                step.grad = float(step is self)")
PATH_BY_PATH = """
            self.spread(1.0)

        def spread(self, g):
            self.grad += g
            for x, vjp in zip(self.inputs, self.row[1:]):
                x.spread(vjp(g, self.data, *[i.data for i in self.inputs]))

"""
EACH_TIME = """
            self.grad = self.grad or 1.0
            for x, vjp in zip(self.inputs, self.row[1:]):
                x.grad += vjp(self.grad, self.data, *[i.data for i in self.inputs])
            for x in self.inputs:
                x.backward()

"""
NEAREST_FIRST = """
        found = [result]
        for step in found:
            found += [x for x in dict.fromkeys(step.inputs) if x not in found]
        return found


"""
RECURSIVE = """
        found = {}

        def visit(step):
            for x in step.inputs:
                if x not in found:
                    visit(x)
            found[step] = True

        visit(result)
        return list(found)[::-1]


"""


def changed(old: str, new: str) -> str:
    """The engine with a part of it replaced."""
    if old not in ENGINE:
        raise ValueError(f"the engine has no {old!r}")
    return ENGINE.replace(old, new)


CLOSURES = """
    import math


    class Value:
        def __init__(self, data, inputs=(), slopes=()):
            self.data, self.grad = data * 1.0, 0
            self.inputs, self.slopes = inputs, slopes

        def __add__(self, other):
            other = as_value(other)
            return Value(self.data + other.data, (self, other), (1, 1))

        def __mul__(self, other):
            other = as_value(other)
            return Value(self.data * other.data, (self, other), (other.data, self.data))

        def __pow__(self, n):
            return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

        def exp(self):
            y = math.exp(self.data)
            return Value(y, (self,), (y,))

        def log(self):
            return Value(math.log(self.data), (self,), (1 / self.data,))

        def tanh(self):
            y = math.tanh(self.data)
            return Value(y, (self,), (1 - y * y,))

        def __neg__(self):
            return self * -1

        def __sub__(self, other):
            return self + -1 * as_value(other)

        def __rsub__(self, other):
            return as_value(other) - self

        def __truediv__(self, other):
            return self * as_value(other) ** -1

        def __rtruediv__(self, other):
            return as_value(other) / self

        __radd__, __rmul__ = __add__, __mul__

        def backward(self):
            uses, todo = {}, [self]
            seen = {self}
            while todo:
                for x in todo.pop().inputs:
                    uses[x] = uses.get(x, 0) + 1
                    if x not in seen:
                        seen.add(x)
                        todo.append(x)
            flow, ready = {self: 1}, [self]
            while ready:
                step = ready.pop()
                step.grad = step.grad + flow[step]
                for x, slope in zip(step.inputs, step.slopes):
                    flow[x] = flow.get(x, 0) + flow[step] * slope
                    uses[x] -= 1
                    if uses[x] == 0:
                        ready.append(x)


    def as_value(x):
        return x if isinstance(x, Value) else Value(x)
"""

TAPE = """
    import math

    tape = []


    class Value:
        def __init__(self, data):
            self.data, self.grad = float(data), 0.0

        def backward(self):
            flow = {id(self): 1.0}
            met = {id(self): self}
            for result, parts in reversed(tape):
                if id(result) in flow:
                    for x, slope in parts:
                        flow[id(x)] = flow.get(id(x), 0.0) + slope * flow[id(result)]
                        met[id(x)] = x
            for key, x in met.items():
                x.grad += flow[key]

        def __add__(self, other):
            return note(self.data + number(other), (self, 1), (other, 1))

        def __mul__(self, other):
            return note(self.data * number(other), (self, number(other)), (other, self.data))

        def __rsub__(self, other):
            return note(other - self.data, (self, -1))

        def __sub__(self, other):
            return note(self.data - number(other), (self, 1), (other, -1))

        def __truediv__(self, other):
            n = number(other)
            return note(self.data / n, (self, 1 / n), (other, -self.data / n**2))

        def __rtruediv__(self, other):
            return note(other / self.data, (self, -other / self.data**2))

        def __pow__(self, n):
            return note(self.data**n, (self, n * self.data ** (n - 1)))

        def __neg__(self):
            return note(-self.data, (self, -1))

        def exp(self):
            return note(math.exp(self.data), (self, math.exp(self.data)))

        def log(self):
            return note(math.log(self.data), (self, 1 / self.data))

        def tanh(self):
            return note(math.tanh(self.data), (self, math.cosh(self.data) ** -2))

        __radd__ = __add__
        __rmul__ = __mul__


    def number(x):
        return x.data if isinstance(x, Value) else x


    def note(data, *parts):
        y = Value(data)
        tape.append((y, [part for part in parts if isinstance(part[0], Value)]))
        return y
"""
