"""Applied: a module that is a function with its options kept, as activations, losses and pools are."""

from collections.abc import Callable
from inspect import Signature, signature

from .functional import checked
from .module import Module


class Applied(Module):
    """The base of modules that apply a function: the constructor takes what the function takes besides its input.

    A subclass names the function, and its own defaults where they are others.

    >>> import minigrad as mg
    >>> class Power(Applied, function=lambda x, exponent: x**exponent, exponent=2):
    ...     "The input to some power."
    >>> Power(), Power(3)(mg.tensor(2.0))
    (Power(exponent=2), tensor(8.))
    """

    function: Callable
    options: tuple[str, ...] = ()
    tensors = 1  # how many arguments come first that the constructor does not take
    __signature__: Signature

    def __init_subclass__(cls, function=None, **defaults):
        if function is None:  # a base of others, or one of them with changes
            return
        options = [*signature(function).parameters.values()][cls.tensors :]
        cls.__signature__ = Signature([p.replace(default=defaults.get(p.name, p.default)) for p in options])
        cls.options = tuple(p.name for p in options if p.name != "inplace")  # in place or not, the numbers are the same
        cls.function = staticmethod(function)

    def __init__(self, *options, **named):
        super().__init__()
        try:
            given = self.__signature__.bind(*options, **named)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}{self.__signature__}: {error}") from None
        given.apply_defaults()
        for name, value in given.arguments.items():
            setattr(self, name, value)

    def apply_to(self, *tensors):
        """The function's result, with the options that were given."""
        return self.function(*tensors, **{name: getattr(self, name) for name in self.options})

    def forward(self, input):
        """The function of the input."""
        return self.apply_to(checked(type(self).__name__, input))

    def extra_repr(self):
        """The options."""
        shown = [f"{name}={getattr(self, name)!r}" for name in self.options]
        return ", ".join(shown + ["inplace=True"] * vars(self).get("inplace", False))
