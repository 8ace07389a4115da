"""Nests: tuples, lists and dictionaries within each other, as batches are, and what functions are given and return.

The walk through them is written here once. Who uses it says what to do with what is inside.
"""


def mapped(function, x):
    """The nest with `function` of everything in it; a namedtuple remains one.

    >>> mapped(abs, {"a": [-1, (2, -3)], "b": -4})
    {'a': [1, (2, 3)], 'b': 4}
    """
    if isinstance(x, tuple | list):
        parts = [mapped(function, part) for part in x]
        return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    if isinstance(x, dict):
        return {key: mapped(function, part) for key, part in x.items()}
    return function(x)


def flat(x):
    """Everything in a nest, in order.

    >>> flat({"a": [1, (2, 3)], "b": 4})
    [1, 2, 3, 4]
    """
    if isinstance(x, dict):
        x = list(x.values())
    return [leaf for part in x for leaf in flat(part)] if isinstance(x, tuple | list) else [x]
