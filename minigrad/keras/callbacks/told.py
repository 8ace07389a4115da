"""Callbacks as one, as `fit` sees them: what happens is told to those that listen."""

from .base import HOOKS, Callback
from .history import History
from .progress import ProgressBar


class CallbackList(Callback):
    """Callbacks as one: what it is told, it tells those that listen."""

    def __init__(self, callbacks=None, add_history=False, add_progbar=False, model=None, **params):
        given = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
        self.callbacks = [callback for callback in given if callback is not None]
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                is_class = isinstance(callback, type)
                found = f"the class {callback.__name__}; write {callback.__name__}()" if is_class else repr(callback)
                raise TypeError(f"callbacks must be keras.callbacks.Callback objects, got {found}")
        for kind, wanted in ((History, add_history), (ProgressBar, add_progbar)):
            if wanted and not any(isinstance(callback, kind) for callback in self.callbacks):
                self.callbacks.append(kind())
        self.listening = {hook: [c for c in self.callbacks if _overrides(c, hook)] for hook in HOOKS}
        for callback in self.callbacks:
            callback.set_params(params)
            if model is not None:
                callback.set_model(model)


def _overrides(callback, hook):
    own = getattr(getattr(callback, hook), "__func__", None) is not getattr(Callback, hook)
    return own or ("train_batch" in hook and _overrides(callback, hook.replace("train_", "")))


def _teller(hook):
    numbered = "epoch" in hook or "batch" in hook

    def tell(self, *args, logs=None):
        """Tell those that listen: the number of the epoch or batch, if there is one, and logs."""
        if self.listening[hook]:
            logs = floats(args[numbered] if len(args) > numbered else logs)
            for callback in self.listening[hook]:
                getattr(callback, hook)(*args[:numbered], logs)

    return tell


def floats(logs):
    """Logs in the order of their names, as in Keras, with floats where they are numbers; dictionaries are laid open."""
    result: dict = {}
    for name, value in sorted((logs or {}).items()):
        try:
            result |= floats(value) if isinstance(value, dict) else {name: float(value)}
        except (TypeError, ValueError):
            result[name] = value
    return result


for _hook in HOOKS:
    setattr(CallbackList, _hook, _teller(_hook))
