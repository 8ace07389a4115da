"""`compile(f)`: a function of tensors, called once and written down as straight-line NumPy, forward and backward.

`tracing.py` notes what a computation does, `source.py` prints that as Python, `reach.py` finds what a function depends
on besides its arguments, and `compiled.py` makes one operation on the tape of it all.
"""

from .compiled import compile
