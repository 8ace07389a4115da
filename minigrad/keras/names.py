"""How things are called by name, "relu", "mse", "glorot_uniform", and how they keep what they were made with.

Every `get` of the dialect asks `find`, with a table of what there is. A name that isn't in it is answered with the
nearest one that is.
"""

from inspect import Parameter, Signature, isclass, signature
from typing import TYPE_CHECKING, Any

from ..spelling import did_you_mean
from .variable import snake_case


def table(*objects, **aliases):
    """Objects by their names, as written and in snake case, and by aliases."""
    named = {x.__name__: x for x in objects}
    return named | {snake_case(name): x for name, x in named.items() if snake_case(name) not in named} | aliases


def find(kind, identifier, known):
    """What `identifier` stands for: a name is looked up in the table `known`, a class is called.

    >>> find("number", "on", {"one": 1, "two": 2})
    Traceback (most recent call last):
    ValueError: unknown number 'on'; did you mean 'one'? There are one, two
    """
    if isinstance(identifier, str):
        if identifier not in known:
            raise ValueError(f"unknown {kind} {identifier!r}{nearest(identifier, known)}")
        identifier = known[identifier]
    if not callable(identifier):
        raise ValueError(f"a {kind} is given by its name, as an object or as a function; got {identifier!r}")
    return identifier() if isclass(identifier) else identifier


def nearest(name, known):
    """The end of an error about an unknown name: the known one that is nearest, and all of them, each once."""
    there = [n for n in known if n == n.lower() or not {n.lower(), snake_case(n)} & set(known)]
    return f"{did_you_mean(name, there) or '.'} There are {', '.join(sorted(there))}"


def closed(module, known):
    """A `__getattr__` for a module that says what there is when something isn't."""

    def __getattr__(name):
        if name.startswith("__"):
            raise AttributeError(f"{module} has no {name}")
        place = module.replace("minigrad.", "")
        raise AttributeError(f"{place}.{name} is not covered{nearest(name, known)}")

    return __getattr__


# ---------------------------------------------------------------- constructors


def takes(*needed, **defaults):
    """An `__init__` with these arguments: `keep` gets them by name, and as options what else is given by name.

    >>> class Line(Configured):
    ...     __init__ = takes("slope", offset=0.0)
    >>> Line(2.0).get_config()
    {'slope': 2.0, 'offset': 0.0}
    """
    order = dict.fromkeys(needed, Parameter.empty) | defaults
    form = Signature([Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=x) for name, x in order.items()])

    def __init__(self, *args, **given):
        options = {name: given.pop(name) for name in [*given] if name not in order}
        try:
            bound = form.bind(*args, **given)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}: {error}; it takes {', '.join(order)}") from None
        bound.apply_defaults()
        self.keep(bound.arguments, **options)

    own = Parameter("self", Parameter.POSITIONAL_ONLY)
    __init__.__signature__ = Signature([own, *form.parameters.values()])  # type: ignore[attr-defined]
    return __init__


class Configured:
    """An object whose constructor keeps its arguments under their names: `get_config` reads them back."""

    if TYPE_CHECKING:  # the arguments, for tools that read and don't run

        def __getattr__(self, name: str) -> Any: ...

    def keep(self, arguments, **options):
        """What a constructor made by `takes` does: keep the arguments under their names."""
        for name in options:
            near = nearest(name, signature(type(self)).parameters)
            raise TypeError(f"{type(self).__name__} has no argument {name!r}{near}")
        vars(self).update(arguments)

    def get_config(self):
        """The arguments that make an equal object."""
        return {name: getattr(self, name) for name in signature(type(self)).parameters if hasattr(self, name)}

    @classmethod
    def from_config(cls, config):
        """An object from what `get_config` returned."""
        return cls(**config)


def class_of(base, name, function, defaults, **members):
    """A class that takes what `defaults` names, and makes itself as `base` does of the function and these."""

    def keep(self, arguments, **options):
        Configured.keep(self, arguments, **options)
        base.__init__(self, function, **arguments)

    doc = f"`{function.__name__}` as an object: {function.__doc__.partition(chr(10))[0]}"
    members |= {"__init__": takes(**defaults), "keep": keep, "__doc__": doc, "__module__": base.__module__}
    return type(name, (base,), members)


def defaults_of(function):
    """The arguments of a function that have a default."""
    return {p.name: p.default for p in signature(function).parameters.values() if p.default is not p.empty}
