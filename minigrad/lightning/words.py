"""What errors and warnings say: what was given, between what there is to choose, and where in your program it was."""

import sys
import warnings
from inspect import signature

from ..spelling import did_you_mean


def chosen(option, name, known):
    """The entry of a table; where there is none, an error that lists them."""
    if name not in known:
        raise ValueError(f"{option} is {' or '.join(map(repr, known))}, not {name!r}{did_you_mean(name, known)}")
    return known[name]


def keep(owner, arguments):
    """Keep the arguments of a constructor, its `locals()`, under their names."""
    vars(owner).update({name: x for name, x in arguments.items() if name not in ("self", "other", "__class__")})


ANY = "any value"  # of an option that says how something is done, not what


def refuse(function, options, not_covered):
    """Refuse options that a function hasn't, and those not covered unless they ask for what happens anyway."""
    who = function.__name__
    for option, value in options.items():
        if option not in not_covered:
            raise TypeError(f"{who} has no option {option!r}{did_you_mean(option, signature(function).parameters)}")
        anyway = not_covered[option]
        if anyway is not ANY and value is not None and repr(value) not in map(repr, anyway):
            raise ValueError(f"{who}: {option}={value!r} is not covered; leave it away")


def kind(x):
    """What something is, and what it holds."""
    if isinstance(x, list | tuple):
        return f"{type(x).__name__} of {', '.join(map(kind, x)) or 'nothing'}"
    if isinstance(x, type):
        return f"the class {x.__name__} itself"
    return type(x).__name__ + (f" of shape {x.shape}" if hasattr(x, "shape") else "")


def warn(text):
    """A warning at the line of the program that called into this package."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back and frame.f_globals["__name__"].startswith((f"{__package__}.", "contextlib")):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, stacklevel=level)


def monitored(who, name, metrics, strict=True):
    """Whether a metric is there that somebody watches; where it must be, an error that names those that are."""
    if name not in metrics and strict:
        raise RuntimeError(
            f"{who}: there is no metric {name!r}. Logged are {', '.join(metrics) or 'none'}; write "
            f"self.log({name!r}, ...) in the module{did_you_mean(name, metrics)}"
        )
    return name in metrics
