"""What errors and warnings say: what was given, between what there is to choose, and where in your program it was."""

import sys
import warnings

from ..spelling import did_you_mean


def chosen(option, name, known):
    """The entry of a table; where there is none, an error that lists them."""
    if name not in known:
        raise ValueError(f"{option} is {' or '.join(map(repr, known))}, not {name!r}{did_you_mean(name, known)}")
    return known[name]


def refuse(who, options, known, ignored, not_covered):
    """Refuse options that there are not, and those not covered unless they ask for what happens anyway."""
    for option, value in options.items():
        if option not in {*ignored, *not_covered}:
            raise TypeError(f"{who} has no option {option!r}{did_you_mean(option, known)}")
        if option in not_covered and value not in (None, *not_covered[option]):
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
