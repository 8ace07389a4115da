"""How things are called by name: "relu", "mse", "glorot_uniform", a class, an instance, or the dictionary of a config.

Every `get` of the dialect asks `find`, with a table of what there is. A name that isn't in it is answered with the
nearest one that is.
"""

import difflib
from inspect import Parameter, Signature, isclass, signature
from typing import TYPE_CHECKING, Any

from .variable import snake_case


def table(*objects, **aliases):
    """Objects by their names, as written and in snake case, and by aliases."""
    named = {x.__name__: x for x in objects}
    return named | {snake_case(name): x for name, x in named.items() if snake_case(name) not in named} | aliases


def find(kind, identifier, known, **options):
    """What `identifier` stands for: a name or a config is looked up in the table `known`, a class is called.

    >>> find("number", "on", {"one": 1, "two": 2})
    Traceback (most recent call last):
    ValueError: unknown number 'on', did you mean 'one'? There are one, two
    """
    if isinstance(identifier, dict) and "class_name" in identifier:
        name, options = identifier["class_name"], identifier.get("config") or {}
        return find(kind, options, known) if name == "function" else find(kind, name, known, **options)
    if isinstance(identifier, str):
        if identifier not in known:
            raise ValueError(f"unknown {kind} {identifier!r}{nearest(identifier, known)}")
        identifier = known[identifier]
    if not callable(identifier):
        raise ValueError(f"a {kind} is given by its name, as an object or as a function; got {identifier!r}")
    return identifier(**options) if isclass(identifier) else identifier


def nearest(name, known):
    """The end of an error about an unknown name: the known one that is nearest, and all of them, each once."""
    near = difflib.get_close_matches(name, known, 1, 0.7) or difflib.get_close_matches(name.lower(), known, 1, 0.7)
    there = [n for n in known if n == n.lower() or not {n.lower(), snake_case(n)} & set(known)]
    return (f", did you mean {near[0]!r}?" if near else ".") + f" There are {', '.join(sorted(there))}"


def closed(module, known):
    """A `__getattr__` for a module that says what there is when something isn't."""

    def __getattr__(name):
        if name.startswith("__"):
            raise AttributeError(f"{module} has no {name}")
        place = module.replace("minigrad.", "")
        raise AttributeError(f"{place}.{name} is not covered{nearest(name, known)}")

    return __getattr__


class Configured:
    """An object whose constructor keeps its arguments under their names: `get_config` reads them back."""

    if TYPE_CHECKING:  # the arguments, for tools that read and don't run

        def __getattr__(self, name: str) -> Any: ...

    def keep(self, arguments):
        """Keep the `locals()` of a constructor."""
        vars(self).update({name: x for name, x in arguments.items() if name not in ("self", "__class__")})

    def get_config(self):
        """The arguments that make an equal object."""
        return {name: getattr(self, name) for name in signature(type(self).__init__).parameters if hasattr(self, name)}

    @classmethod
    def from_config(cls, config):
        """An object from what `get_config` returned."""
        return cls(**config)


def class_of(base, name, function, defaults, **members):
    """A class whose constructor takes what `defaults` names, and calls that of `base` with the function and these."""
    form = Signature([Parameter(k, Parameter.POSITIONAL_OR_KEYWORD, default=v) for k, v in defaults.items()])

    def __init__(self, *args, **given):
        try:
            arguments = form.bind(*args, **given)
        except TypeError as error:
            raise TypeError(f"{name}: {error}; it takes {', '.join(defaults)}") from None
        arguments.apply_defaults()
        base.__init__(self, function, **arguments.arguments)

    __init__.__signature__ = form  # type: ignore[attr-defined]
    doc = f"`{function.__name__}` as an object: {function.__doc__.partition(chr(10))[0]}"
    return type(name, (base,), {"__init__": __init__, "__doc__": doc, "__module__": base.__module__} | members)


def defaults_of(function):
    """The arguments of a function that have a default."""
    return {p.name: p.default for p in signature(function).parameters.values() if p.default is not p.empty}
