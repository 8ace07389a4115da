"""What PyTorch keeps in `torch.nn.utils`, as far as this project covers it: gradient clipping."""

from ..functions import norm, stack
from ..spelling import in_words, not_covered
from ..tape import no_grad
from ..tensor import Tensor


def _with_gradients(parameters):
    if hasattr(parameters, "parameters"):
        raise TypeError(f"expected parameters, got {in_words(parameters)}; write model.parameters()")
    parameters = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p for p in parameters if p.grad is not None]


@no_grad()
def clip_grad_norm_(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """Scale all gradients together so that their norm is at most `max_norm`; returns the norm there was.

    `norm_type` may be infinite: the largest. An infinite norm makes the gradients 0, a nan makes them nan, as in
    PyTorch: look at what is returned, or give `error_if_nonfinite=True`.

    >>> import minigrad as mg
    >>> x = mg.tensor([3.0, 4.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> clip_grad_norm_([x], 1.0), x.grad
    (tensor(10.), tensor([0.6000, 0.8000]))
    """
    gradients = [p.grad for p in _with_gradients(parameters)]
    if not gradients:
        return Tensor(0.0)
    total = norm(stack([norm(g, float(norm_type)) for g in gradients]), float(norm_type))
    if error_if_nonfinite and not total.isfinite():
        raise RuntimeError(f"clip_grad_norm_: the norm of the gradients is {total.item()}: training has diverged")
    for g in gradients:
        g.mul_((max_norm / (total + 1e-6)).clamp(max=1.0))
    return total


@no_grad()
def clip_grad_value_(parameters, clip_value, foreach=None):
    """Cut every number of the gradients off at -clip_value and clip_value."""
    for p in _with_gradients(parameters):
        p.grad.clamp_(-clip_value, clip_value)


def __getattr__(name):
    raise not_covered(__name__, name, globals())
