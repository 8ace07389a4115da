"""The progress bar of every dialect: tqdm's, in a notebook as elsewhere, loaded when a bar is first wanted."""

import warnings


def bar(**options):
    """A bar of tqdm with these options, or None where tqdm isn't."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # in a notebook without ipywidgets it warns, and then draws with letters
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return None
    return tqdm(**options)
