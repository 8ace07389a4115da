"""What crosses the pipe between the grader and a submission: JSON that can hold arrays, and no code.

Whatever arrives is data: nothing is unpickled, and no name is looked up. A thing that is no data, such
as a model, stays where it is; its number crosses in its place.
"""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np

NUMBERS = re.compile(r"[<>|=][biufcU]\d{1,9}")


def packed(value: Any, number: Callable[[Any], dict]) -> bytes:
    """Return a value as bytes; `number` says what to send for a thing that is no data.

    >>> packed([1, (2.5, "a")], number=repr)
    b'[1, {"tuple": [2.5, "a"]}]'
    """
    return json.dumps(dressed(value, number)).encode()


def dressed(value: Any, number: Callable[[Any], dict]) -> Any:
    """Return a value as JSON knows it."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if value is ...:
        return {"ellipsis": True}
    if type(value) is list:
        return [dressed(part, number) for part in value]
    if type(value) is tuple:
        return {"tuple": [dressed(part, number) for part in value]}
    if type(value) is dict:
        return {"dict": [[dressed(name, number), dressed(part, number)] for name, part in value.items()]}
    if type(value) is np.ndarray and value.dtype.kind == "O":
        return dressed(value.tolist(), number)
    if type(value) is np.ndarray and NUMBERS.fullmatch(value.dtype.str):
        data = base64.b64encode(value.tobytes()).decode()
        return {"array": [value.dtype.str, list(value.shape), data]}
    return number(value)


def unpacked(data: bytes, thing: Callable[[dict], Any]) -> Any:
    """Return the value that was packed; `thing` says what stands for a number. Raises ValueError on nonsense.

    >>> unpacked(packed({"w": np.ones(2)}, repr), repr)
    {'w': array([1., 1.])}
    """
    try:
        return undressed(json.loads(data), thing)
    except (TypeError, KeyError, OverflowError, RecursionError) as reason:
        raise ValueError(f"not a message: {reason}") from None


def undressed(value: Any, thing: Callable[[dict], Any]) -> Any:
    """Return the value that JSON stands for."""
    if isinstance(value, list):
        return [undressed(part, thing) for part in value]
    match value:
        case {"ellipsis": True}:
            return ...
        case {"tuple": list(parts)}:
            return tuple(undressed(part, thing) for part in parts)
        case {"dict": list(pairs)}:
            return {undressed(name, thing): undressed(part, thing) for name, part in pairs}
        case {"array": [str(kind), list(shape), str(data)]} if NUMBERS.fullmatch(kind):
            return np.frombuffer(base64.b64decode(data), np.dtype(kind)).reshape(shape).copy()
        case dict():
            return thing(value)
    return value
