"""The tape: order, accumulation, what is recorded when, what is freed when, and what is noticed when numbers change.

Nothing here needs PyTorch; where a number is expected, it is one that a person works out by hand.
"""

import gc
import threading
import time
import tracemalloc
import weakref
from contextlib import contextmanager

import numpy as np
import pytest

import minigrad as mg
from minigrad.scalar import Scalar
from minigrad.tape import Op, Variable, history, mode, sweep
from minigrad.tensor import Tensor


def leaf(*numbers):
    """A float32 tensor that requires a gradient; of one number, a tensor without dimensions."""
    return mg.tensor([float(n) for n in numbers] if len(numbers) > 1 else float(numbers[0]), requires_grad=True)


# ---------------------------------------------------------------- order and accumulation


@pytest.mark.parametrize("make", [mg.Scalar, lambda x: mg.tensor(x, requires_grad=True)])
def test_a_result_is_swept_after_everything_computed_from_it(make):
    a = make(1.0)
    b = a + a
    c = b + b
    d = c + c
    d.backward()
    assert a.grad == 8
    x = make(2.0)
    y = x * x
    z = y * x + y  # x³ + x²
    z.backward()
    assert x.grad == 3 * 4 + 2 * 2


def test_order_is_the_order_of_birth_whatever_the_order_of_use():
    x = leaf(3)
    late = x * 2
    early = x + 1
    outputs = [late * early, early * late]
    ticks = [y.tick for y in history(outputs)]
    assert ticks == sorted(ticks)
    assert mg.grad(outputs, x)[0] == 2 * (2 * (3 + 1) + 6)


def test_a_shared_gradient_is_never_written_to():
    x, y, z = leaf(1, 2), leaf(1, 2), leaf(1, 2)
    s = x + y  # both receive the same array
    t = s + z
    (t.sum() + x.sum() * 10 + (z * 2).sum()).backward()
    assert (x.grad.tolist(), y.grad.tolist(), z.grad.tolist()) == ([11, 11], [1, 1], [3, 3])
    x.grad += 100
    assert y.grad.tolist() == [1, 1]


def test_backward_adds_to_grad():
    x = leaf(3)
    for expected in (27, 54, 81):
        (x**3).backward()
        assert x.grad == expected


def test_gradients_of_several_outputs_and_only_of_what_is_wanted():
    x, y = leaf(2), leaf(3)
    p = x * y
    assert mg.grad([p, p * p], [x, y]) == (3 + 2 * 6 * 3, 2 + 2 * 6 * 2)
    assert (x.grad, y.grad) == (None, None)
    p = x * y
    q = p * p
    assert mg.grad(q, [p, x]) == (12, 36)
    with pytest.raises(RuntimeError, match="freed"):
        q.backward()


def test_the_gradient_of_data_is_not_computed():
    asked = []
    spy = Op(
        "spy",
        lambda a, b: a * b,
        lambda g, y, a, b: asked.append("a") or g * b,
        lambda g, y, a, b: asked.append("b") or g * a,
    )
    w, data = leaf(1, 2), mg.ones(2)
    spy(data, w).sum().backward()
    assert asked == ["b"]


def test_diamonds_are_linear_in_time():
    x = leaf(1)
    y = x
    for _ in range(200):  # 2**200 paths
        y = (y + y) * 0.5
    y.backward()
    assert x.grad == 1


# ---------------------------------------------------------------- recording


@contextmanager
def unchanged_recording():
    before = mg.is_grad_enabled()
    yield
    assert mg.is_grad_enabled() == before


def test_no_grad_as_context_decorator_and_function():
    x = leaf(1)

    @mg.no_grad()
    def decorated(depth):
        return [(x * 2).requires_grad, *(decorated(depth - 1) if depth else [])]

    @mg.enable_grad()
    def enabled():
        return (x * 2).requires_grad

    @mg.no_grad
    def bare():
        return (x * 2).requires_grad

    with unchanged_recording():
        assert decorated(3) == [False] * 4
        assert decorated(0) == [False]  # used again
        assert bare() is False
        with mg.no_grad():
            assert not (x * 2).requires_grad
            assert enabled()
            assert not mg.is_grad_enabled()
            with mg.enable_grad():
                assert (x * 2).requires_grad
        assert (x * 2).requires_grad
    assert decorated.__name__ == "decorated"


def test_no_grad_can_be_kept_and_entered_again():
    off = mg.no_grad()
    for _ in range(2):
        with off, off:
            assert not mg.is_grad_enabled()
        assert mg.is_grad_enabled()


def test_no_grad_above_a_generator_is_refused():
    """It would hold while the generator is made and not while it runs."""

    def steps():
        yield mg.is_grad_enabled()

    with pytest.raises(TypeError, match="generator"):
        mg.no_grad()(steps)


def test_recording_is_restored_after_an_exception():
    for block in (mg.no_grad(), mg.enable_grad()):
        with unchanged_recording(), pytest.raises(KeyError), block:
            raise KeyError
    x = leaf(1, 2)
    y = x * 2

    def fail(g):
        raise KeyError

    handle = y.register_hook(fail)
    with unchanged_recording(), pytest.raises(KeyError):
        y.sum().backward()
    assert x.grad is None
    handle.remove()


def test_set_grad_enabled():
    with unchanged_recording():
        with mg.set_grad_enabled(False):
            assert not mg.is_grad_enabled()
        mg.set_grad_enabled(False)
        assert not mg.is_grad_enabled()
        mg.set_grad_enabled(True)


def test_each_thread_records_for_itself():
    seen, x = {}, leaf(1)
    entered, leave = threading.Event(), threading.Event()

    def quiet():
        with mg.no_grad():
            entered.set()
            leave.wait(5)
            seen["quiet"] = (x * 2).requires_grad

    thread = threading.Thread(target=quiet)
    thread.start()
    entered.wait(5)
    seen["main"] = (x * 2).requires_grad
    leave.set()
    thread.join()
    assert seen == {"quiet": False, "main": True}


def test_threads_compute_side_by_side():
    results = {}

    def work(n):
        x = leaf(n)
        for _ in range(50):
            x.grad = None
            y = x
            for _ in range(20):
                y = y * 1.0 + x
            y.backward()
        results[n] = x.grad.item()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == dict.fromkeys(range(4), 21.0)


def test_steps_and_integers_record_nothing():
    x = leaf(1.5, -2.5)
    for y in (x > 0, x.floor(), x.round(), x.sign(), x.argmax(), x.long(), x == x, x.detach(), x.isnan()):
        assert not y.requires_grad
        assert y.is_leaf
    assert (x.floor() * x).requires_grad


# ---------------------------------------------------------------- freeing


def test_a_second_backward_is_refused_with_the_remedy():
    y = leaf(3) ** 3
    y.backward()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="retain_graph=True"):
            y.backward()


def test_retain_graph_doubles_the_leaf_and_nothing_else():
    x = leaf(3)
    middle = x * x
    middle.retain_grad()
    y = middle * x
    y.backward(retain_graph=True)
    assert (x.grad, middle.grad) == (27, 3)
    y.backward()
    assert (x.grad, middle.grad) == (54, 6)  # 45 if the middle passed its old gradient on
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_two_losses_over_one_graph():
    """As in a GAN: two losses through one network, the first with retain_graph."""
    w, v = leaf(1, 2), leaf(3, 4)
    hidden = w * 2
    first, second = (hidden * v).sum(), (hidden * hidden).sum()
    first.backward(retain_graph=True)
    w.grad = None
    second.backward()
    assert w.grad.tolist() == [8, 16]
    hidden = w * 2
    (hidden.detach() * v).sum().backward()  # the discriminator's step leaves the generator alone
    assert w.grad.tolist() == [8, 16]


def test_activations_are_let_go_as_the_sweep_passes():
    x = leaf(*range(1, 5))
    seen, refs, y = [], [], x
    for i in range(6):
        y = y.sin()
        refs.append(weakref.ref(y))
        if i == 0:
            y.register_hook(lambda g: seen.extend(ref() is None for ref in refs))
    total = y.sum()
    del y
    total.backward()
    assert seen == [False, *[True] * 5]  # when the first is swept, all later ones are gone


def test_a_graph_dies_with_its_last_name_without_the_garbage_collector(no_collector):
    for make in (
        lambda x: (x * 2).exp().sum(),
        lambda x: x.softmax(0).max(0).values,
        lambda x: mg.cat([x, x]).reshape(2, 2) @ x,
        lambda x: (x * 1).add_(1)[0].mul_(2),
        lambda x: x.clone().view(-1)[0:1].add_(1),
    ):
        x = leaf(1, 2)
        y = make(x)
        refs = [weakref.ref(y), weakref.ref(x)]
        del x, y
        assert [ref() for ref in refs] == [None, None]
    x = leaf(1, 2)
    y = (x * x).sum()
    ref = weakref.ref(y)
    y.backward()
    del y
    assert ref() is None
    with pytest.raises(ValueError, match="matmul"):
        leaf(1, 2) @ leaf(1, 2, 3)
    (z,) = mg.grad((x**3).sum(), x, create_graph=True)
    ref = weakref.ref(z)
    del z
    assert ref() is None


@pytest.fixture
def no_collector():
    """The garbage collector switched off."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_ten_thousand_steps_leave_no_growth(no_collector):
    x, t = mg.randn(8, 3), mg.randn(8, 1)
    w, b = mg.randn(3, 1, requires_grad=True), mg.zeros(1, requires_grad=True)

    def train(steps):
        for _ in range(steps):
            loss = ((x @ w + b).tanh() - t).square().mean()
            loss.backward()
            with mg.no_grad():
                for p in (w, b):
                    p -= 0.01 * p.grad
                    p.grad = None

    train(100)
    tracemalloc.start()
    train(500)
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    objects = len(gc.get_objects())
    train(9000)
    assert len(gc.get_objects()) - objects < 50
    tracemalloc.start()
    train(500)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert after - before < 5000


@pytest.mark.parametrize(
    ("make", "length"), [(mg.Scalar, 1_000_000), (lambda x: mg.tensor(x, requires_grad=True), 100_000)]
)
def test_a_long_chain_sweeps_and_is_freed(make, length, no_collector):
    x = make(1.0)
    y = x
    for _ in range(length):
        y = y + x
    ref = weakref.ref(y.inputs[0])
    y.backward()
    assert x.grad == length + 1
    del y
    assert ref() is None


def test_a_long_chain_that_is_never_swept_is_freed():
    y = leaf(1)
    for _ in range(100_000):
        y = y * 1
    del y


@pytest.mark.parametrize("make", [mg.Scalar, lambda x: mg.tensor(x, requires_grad=True)])
def test_a_hundred_thousand_summands_are_linear(make):
    def seconds(count):
        x = make(1.0)
        start = time.perf_counter()
        total = sum(x * 1.0 for _ in range(count))
        total.backward()
        assert x.grad == count
        return time.perf_counter() - start

    short, long = min(seconds(2_000) for _ in range(3)), seconds(20_000 if make is not mg.Scalar else 100_000)
    assert long < short * (50 if make is mg.Scalar else 10) * 6  # six times as much as linear: quadratic is far off


# ---------------------------------------------------------------- changed between forward and backward


CHANGES = {
    "x += 1": lambda x: x.add_(1),
    "x[0] = 1": lambda x: x.__setitem__(0, 1),
    "x.data *= 2": lambda x: x.data.mul_(2),
    "x.data = y": lambda x: setattr(x, "data", mg.ones(2)),
    "a view": lambda x: x[0:1].zero_(),
    "detached": lambda x: x.detach().zero_(),
    "a reshaped view": lambda x: x.reshape(2, 1)[1].fill_(5),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    "function",
    [lambda x: x * x, mg.exp, lambda x: x @ x, lambda x: x**3, lambda x: x.softmax(0)],
    ids=["mul", "exp", "matmul", "pow", "softmax"],
)
def test_data_changed_after_use_is_noticed_and_the_operation_named(change, function):
    for x in (leaf(1, 2), leaf(1, 2) * 1):
        y = function(x)
        with mg.no_grad():
            CHANGES[change](x)
        with pytest.raises(RuntimeError, match=f"{y.op.name}.*changed in place"):
            y.sum().backward()


def test_a_result_changed_after_it_was_computed_is_noticed():
    x = leaf(1, 2)
    y = x.exp()
    with mg.no_grad():
        y *= 2
    with pytest.raises(RuntimeError, match=r"exp.*result.*changed in place"):
        y.sum().backward()


def test_data_changed_after_backward_or_before_use_is_fine():
    x = leaf(1, 2)
    x.data *= 2
    y = (x * x).sum()
    y.backward()
    with mg.no_grad():
        x -= x.grad
    assert x.tolist() == [-2, -4]
    (x * x).sum().backward()
    assert x.grad.tolist() == [4 - 4, 8 - 8]


def test_a_scalar_changed_after_use_is_noticed():
    a = mg.Scalar(3.0)
    y = a * a
    a.data = 5
    with pytest.raises(RuntimeError, match=r"mul.*changed"):
        y.backward()
    y = a * a
    y.backward()
    assert a.grad == 10


# ---------------------------------------------------------------- hooks and kept gradients


def test_hooks_see_the_whole_gradient_and_may_replace_it():
    x, seen = leaf(1, 2), []
    y = x * 2
    y.register_hook(lambda g: seen.append(g.tolist()))
    y.register_hook(lambda g: g * 10)
    handle = y.register_hook(lambda g: g + 1)
    y.retain_grad()
    (y.sum() + (3 * y).sum()).backward()
    assert seen == [[4, 4]]
    assert (y.grad.tolist(), x.grad.tolist()) == ([41, 41], [82, 82])
    handle.remove()
    handle.remove()  # does no harm
    x.grad = None
    x.register_hook(lambda g: -g)
    (y := x * 2).sum().backward()
    assert x.grad.tolist() == [-2, -2]


@pytest.mark.parametrize(
    ("returned", "words"), [(5, "int"), (lambda: mg.ones(3), "3"), (lambda: mg.ones(2, dtype=mg.float64), "float64")]
)
def test_what_a_hook_returns_is_checked(returned, words):
    x = leaf(1, 2)
    x.register_hook(lambda g: returned() if callable(returned) else returned)
    with pytest.raises((RuntimeError, TypeError, ValueError), match=f"(?s)hook.*{words}"):
        (x * 2).sum().backward()


def test_gradients_are_kept_on_leaves_and_where_asked():
    x = leaf(1, 2)
    y = x * 2
    z = y * 3
    z.retain_grad()
    z.sum().backward()
    assert (x.grad.tolist(), y.grad, z.grad.tolist()) == ([6, 6], None, [1, 1])


# ---------------------------------------------------------------- higher derivatives


def test_create_graph_differentiates_gradients():
    x = leaf(2)
    y = x**4
    orders = []
    for _ in range(4):
        (y,) = mg.grad(y, x, create_graph=True)
        orders.append(y.item())
    assert orders == [32, 48, 48, 24]


def test_a_gradient_penalty():
    w, x = mg.tensor([[1.0], [2.0]], requires_grad=True), mg.tensor([[3.0, 4.0]], requires_grad=True)
    (slope,) = mg.grad((x @ w).square().sum(), x, create_graph=True)  # 2 (x w) w
    slope.square().sum().backward()  # 4 (x w)² |w|²
    s, n = 11.0, 5.0
    np.testing.assert_allclose(w.grad.numpy().ravel(), [8 * s * n * a + 8 * s * s * b for a, b in ((3, 1), (4, 2))])


def test_backward_with_create_graph_gives_each_leaf_a_gradient_of_its_own():
    x, y, g = leaf(1, 2), leaf(3, 4), mg.ones(2)
    (x + y).backward(g, create_graph=True)
    x.grad.detach().mul_(5)
    assert (y.grad.tolist(), g.tolist()) == ([1, 1], [1, 1])


def test_a_graph_kept_for_higher_derivatives_is_not_freed():
    x = leaf(3)
    y = x**3
    y.backward(create_graph=True)
    first = x.grad.detach().item()
    x.grad = None
    y.backward()
    assert first == x.grad == 27


# ---------------------------------------------------------------- what can't be done


def test_backward_from_constants_and_from_many_numbers():
    with pytest.raises(RuntimeError, match="requires_grad=True"):
        mg.ones(1).backward()
    with mg.no_grad():
        y = leaf(1) * 2
    with pytest.raises(RuntimeError, match="no_grad"):
        y.backward()
    with pytest.raises(RuntimeError, match="sum"):
        (leaf(1, 2) * 2).backward()
    with pytest.raises(ValueError, match=r"\(3,\).*\(2,\)"):
        (leaf(1, 2) * 2).backward(mg.ones(3))
    with mg.no_grad():
        z = mg.Scalar(2.0) * 3
    with pytest.raises(RuntimeError, match="no_grad"):
        z.backward()


def test_scalars_and_tensors_dont_mix():
    for a, b in ((mg.Scalar(1.0), mg.ones(2)), (mg.ones(2), mg.Scalar(1.0))):
        with pytest.raises(TypeError, match="Scalar and a Tensor"):
            a * b


def test_the_tape_knows_no_face():
    """tape.py imports nothing of the project, and a new face is a class with `wrap` and `explain`."""
    import minigrad.tape as tape

    assert not [
        name
        for name, x in vars(tape).items()
        if getattr(x, "__module__", "").startswith("minigrad.") and x.__module__ != "minigrad.tape"
    ]

    class Word(Variable):
        @classmethod
        def wrap(cls, value, inputs=()):
            return cls(value)

    Word.face = Word
    join = Op("join", lambda a, b: a + b, lambda g, y, a, b: g, lambda g, y, a, b: g)
    assert join(Word("ab", True), Word("c")).value == "abc"
    assert mode.recording


def test_a_gradient_that_a_row_can_not_give_is_refused():
    """A slope of leaky_relu that requires a gradient would silently get none."""
    x, slope = mg.tensor([-1.0, 2.0], requires_grad=True), mg.tensor(0.1, requires_grad=True)
    with pytest.raises(RuntimeError, match="no derivative with respect to its input 1"):
        x.leaky_relu(slope).sum().backward()
    x.leaky_relu(slope.detach()).sum().backward()
    assert mg.allclose(x.grad, mg.tensor([0.1, 1.0]))


class Special(Tensor):
    """A kind of tensor of a dialect's own."""

    __slots__ = ()


Special.face = Special


def test_a_result_is_of_the_most_special_kind_of_its_inputs():
    """Dialects make their own of Tensor: whatever it meets, on either side, the result is of their kind."""
    special, plain = Special([2.0], requires_grad=True), mg.tensor([3.0], requires_grad=True)
    for y in (special * plain, plain * special, special.exp(), special + 1, 1 - special, special.detach()):
        assert type(y) is Special
    assert type(plain * plain) is Tensor
    (special * plain).backward()
    assert (special.grad.item(), plain.grad.item()) == (3.0, 2.0)


def test_a_sweep_goes_no_further_back_than_asked():
    """What was born up to the tick `since` counts as a leaf, though it was computed from something."""
    x = Scalar(3.0)
    z = x * x
    since = z.tick
    y = x * z  # 2 of the 3 factors of x**3 came before
    assert sweep([y], [1.0], [x, z], retain_graph=True, since=since) == {x: 9.0, z: 3.0}
    assert sweep([y], [1.0], [x], retain_graph=True) == {x: 27.0}
    sweep([z], [1.0])  # frees what came before, which is not asked for
    assert sweep([y], [1.0], [x], since=since) == {x: 9.0}
