"""TensorFlow's spelling against TensorFlow: every function of the tables, tapes, datasets and whole programs.

A program is text that both run, with only `tf` meaning something else; what they print must agree.
"""

# ruff: noqa: E501 (a row of cases is a line)

import contextlib
import io
import os
import re
import sys
import warnings
import weakref
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
import minigrad.tf as ours
from minigrad import nn

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="module")
def real():
    """TensorFlow; what it warns of while it is imported is its own business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("tensorflow", reason="tensorflow not installed: pip install '.[frameworks]'")


# ---------------------------------------------------------------- the tables

# x, y: float32[2, 3]; p: positive; m: [2, 3, 3]; s: [3, 3]; g: images [2, 5, 4, 2]; f: filters; i: integers; t: truth values
CASES = """
abs(x);abs(i);exp(x);floor(x);logical_not(t);round(3 * x);sigmoid(x);sigmoid(10 * x);sign(i);sin(x);cos(x);tan(x);sqrt(p);square(x);square(i);tanh(x);negative(x)
add(x, y);add(x, 2);add(2.0, x);subtract(x, y);subtract(1, x);multiply(x, y);divide(x, p);divide(i, 3);truediv(i, i + 1);pow(p, y);pow(x, 2);pow(x, 3.0);pow(i + 3, 2)
maximum(x, y);maximum(x, 0.0);minimum(x, y);minimum(i, 1);maximum([1.0, 2.0, 3.0], x);equal(i, [0, 1, 2]);equal(x, y);not_equal(i, 1);less(x, y);less_equal(i, 1);greater(x, 0);greater_equal(x, y)
logical_and(t, x > 0);logical_or(t, x > 0);multiply(x, np.arange(3))
reduce_sum(x);reduce_sum(x, 0);reduce_sum(x, axis=[0, 1]);reduce_sum(x, axis=-1, keepdims=True);reduce_sum(i);reduce_sum(x, axis=[]);reduce_sum([x, y]);reduce_sum(input_tensor=x, name="n")
reduce_mean(x);reduce_mean(x, 1);reduce_mean(i);reduce_mean(-i - 1);reduce_mean(x, axis=(0, 1), keepdims=True);reduce_mean([[1.0], [3.0]]);reduce_mean(x, axis=tf.constant(1))
reduce_max(x);reduce_max(x, axis=1);reduce_max(i, 0);reduce_max(cast(t, tf.float32), 1);reduce_min(x, 0);reduce_min(x)
reduce_prod(x);reduce_prod(x, 1);reduce_prod(i + 1);reduce_prod(x, axis=[-1])
reduce_all(t);reduce_all(t, 1);reduce_any(t, axis=0, keepdims=True);reduce_logsumexp(x);reduce_logsumexp(100 * x, 1)
add_n([x, y, x]);argmax(x);argmax(x, axis=1);argmax(x, 1, output_type=tf.int32);argmin(x, -1);argmin(x);cumsum(x);cumsum(x, 1);cumsum(i, axis=-1)
math.ceil(x);math.erf(x);math.expm1(x);math.log(p);math.log1p(p);math.reciprocal(p);math.rsqrt(p);math.log_sigmoid(100 * x);math.is_nan(x / 0 * 0);math.is_inf(x / 0);math.is_finite(x)
math.floordiv(i, 2);math.floordiv(x, p);math.floormod(i, 2);math.floormod(x, p);math.mod(-i, 3);math.squared_difference(x, y);math.divide_no_nan(x, y);math.divide_no_nan(x, tf.constant([1.0, 0.0, 2.0]))
math.reduce_std(x);math.reduce_std(x, 0);math.reduce_variance(x, 1);math.reduce_variance(x, axis=[0, 1], keepdims=True)
broadcast_to(x[0], (4, 3));broadcast_to(x, [2, 2, 3])
cast(x, tf.int32);cast(i, "float32");cast(t, tf.float32);cast(x, tf.float64);cast(x > 0, tf.int64);cast(2.7, tf.int32);cast(x, tf.bool)
clip_by_global_norm([x, y], 0.5);clip_by_global_norm([x, None, y], 100.0);clip_by_norm(x, 0.5);clip_by_norm(x, 100.0);clip_by_value(x, -0.5, 0.5);clip_by_value(x, p - 1, p);clip_by_value(i, 0, 1)
concat([x, y], 0);concat([x, [[1, 2, 3]]], 0);concat(axis=-1, values=[x, y]);expand_dims(x, 0);expand_dims(x, axis=-1);fill((2, 3), 1.5);fill([2], 7);fill([2], x[0, 0])
gather(x, [0, 0, 1]);gather(x, [[2, 1]], axis=1);gather(x, 1);gather(x[0], i);gather(x, 0, axis=-1);identity(x);identity(i);is_tensor(x);is_tensor([1.0])
linspace(0.0, 1.0, 5);linspace(0, 1, 3);linspace(-1.0, 1.0, num=1);one_hot([0, 2, 5, -1], 3);one_hot(i, 4, axis=0);one_hot(i, 3, dtype=tf.int32);one_hot([[1], [0]], 3, axis=1)
ones((2, 3));ones(3);ones([2], tf.int32);ones_like(x);ones_like(i);ones_like(x, dtype=tf.int32);zeros((2, 3));zeros(());zeros([2], dtype=tf.bool);zeros_like(x);zeros_like([1, 2])
pad(x, [[1, 0], [0, 2]]);pad(x, [[1, 1], [1, 1]], constant_values=2.0);range(5);range(1, 7, 2);range(0.0, 1.0, 0.25);range(5, 0, -1);range(3, dtype=tf.float32);range(2.5);rank(x);rank(3)
reshape(x, [3, 2]);reshape(x, (-1,));reshape(x, -1);reshape(x, tf.shape(y));reshape(x, [-1, tf.shape(x)[0]])
shape(x);shape(3.0);shape(x, out_type=tf.int64);size(x);size([[1, 2]]);split(x, 3, axis=1);split(x, [1, 2], 1);split(x, 2);squeeze(x[None]);squeeze(x[:, None], axis=1);squeeze(x[None, ..., None], [0])
stack([x, y]);stack([x, y], axis=-1);stack([x[0, 0], 2.0, 3]);stop_gradient(x);stop_gradient(x) * x;tile(x, [2, 1]);tile([1, 2], [3]);transpose(x);transpose(m, perm=[2, 0, 1]);transpose(m)
where(x > 0, x, y);where(t, x, 0.0);where(t, 1.0, 2.0);where(t, 1, 0);where(t);where(x > 0, p, [1.0, 2.0, 3.0])
einsum("ij,kj->ik", x, y);einsum("bij,bjk->bik", m, m[:, :, :2]);einsum("ij->j", x);einsum("...ij->...", m);eye(3);eye(2, 3);eye(2, dtype=tf.int32)
matmul(x, y, transpose_b=True);matmul(x, y, transpose_a=True);matmul(m, m);matmul([[1, 2]], [[3], [4]]);matmul(x, np.ones((3, 2)))
norm(x);norm(x, axis=1);norm(x, 1);norm(x, ord=np.inf, axis=0);norm(x, axis=1, keepdims=True);norm(x, axis=[0, 1]);norm(m, ord="euclidean", axis=-1);norm(x, 3, axis=1);norm(x, keepdims=True)
linalg.matvec(x, y[0]);linalg.matvec(m, y)
nn.log_softmax(x);math.log_softmax(x, axis=0);nn.softmax(x);nn.softmax(100 * x, axis=0);nn.softplus(x);nn.softplus(100 * x);math.top_k(x, 2);nn.top_k(x);math.top_k([3, 1, 3], k=2)
nn.sigmoid(x);nn.tanh(x);nn.elu(x);nn.relu(x);nn.relu(i - 1);nn.relu6(5 * x);nn.selu(x);nn.softsign(x);nn.bias_add(x, y[0]);nn.bias_add(g, [1.0, 2.0])
nn.avg_pool2d(g, 2, 2, "VALID");nn.avg_pool2d(g, ksize=3, strides=2, padding="SAME");nn.max_pool2d(g, 2, 2, "VALID");nn.max_pool2d(g, [3, 2], [2, 1], "SAME");nn.max_pool2d(g, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")
nn.conv2d(g, f, 1, "SAME");nn.conv2d(g, f, strides=[1, 2, 2, 1], padding="SAME");nn.conv2d(g, f, strides=2, padding="VALID");nn.conv2d(g, f, [2, 1], padding="SAME")
nn.embedding_lookup(x, [1, 0, 1]);nn.embedding_lookup(params=x, ids=[[1, 0]]);nn.gelu(x);nn.gelu(x, approximate=True);nn.l2_loss(x);nn.leaky_relu(x);nn.leaky_relu(x, alpha=0.01);nn.silu(x);nn.silu(x, 2.0)
nn.sigmoid_cross_entropy_with_logits(labels=cast(x > 0, tf.float32), logits=y);nn.sigmoid_cross_entropy_with_logits(sigmoid(x), 100 * y)
nn.softmax_cross_entropy_with_logits(labels=[[0, 1, 0], [1, 0, 0]], logits=x);nn.softmax_cross_entropy_with_logits(nn.softmax(y), x);nn.softmax_cross_entropy_with_logits(nn.softmax(m, 1), m, axis=1);nn.softmax_cross_entropy_with_logits(nn.softmax(m), m)
nn.sparse_softmax_cross_entropy_with_logits(labels=[2, 0], logits=x);nn.sparse_softmax_cross_entropy_with_logits(labels=[[2, 0, 1], [0, 0, 1]], logits=m);nn.sparse_softmax_cross_entropy_with_logits(labels=1, logits=x[0]);nn.sparse_softmax_cross_entropy_with_logits(np.array([2, 0]), logits=100 * x)
"""
CASES = [case for line in CASES.strip().splitlines() for case in line.split(";")]

# Slopes at kinks and draws, where a convention decides: x is all zeros, r has equal neighbours.
KINKS = """maximum(x, 0.0);maximum(0.0, x);minimum(x, 0.0);minimum(0.0, x);abs(x);nn.relu(x);nn.elu(x);nn.leaky_relu(x);clip_by_value(x, 0.0, 1.0);reduce_max(x, 1);reduce_min(x)
reduce_prod(x);x**2;sqrt(x);math.top_k(x, 1).values;nn.softsign(x);where(x >= 0, x, 2 * x);math.divide_no_nan(x, x);maximum(x, np.nan);reduce_max(r, [0, 1])
nn.max_pool2d(reshape(r, (1, 2, 2, 1)), 2, 2, "VALID")"""
KINKS = [case for line in KINKS.splitlines() for case in line.split(";")]


def arrays():
    """What the cases compute with; those that are floats are differentiated."""
    draw = np.random.default_rng(0)
    sizes = {"x": (2, 3), "y": (2, 3), "p": (2, 3), "m": (2, 3, 3), "s": (3, 3), "g": (2, 5, 4, 2), "f": (3, 2, 2, 3)}
    values = {name: draw.standard_normal(size).astype(np.float32) for name, size in sizes.items()}
    values["p"] = np.abs(values["p"]) + np.float32(0.1)
    return values | {"i": np.array([0, 2, 1], np.int32), "t": np.array([[True, False, True], [False, False, True]])}


class Names(dict):
    """The names in a case: its values, else what `tf` has."""

    def __init__(self, tf, values):
        super().__init__(values, tf=tf, np=np)

    def __missing__(self, name):
        return getattr(self["tf"], name)


def leaves(result):
    """The tensors in lists and tuples."""
    return [x for part in result for x in leaves(part)] if isinstance(result, list | tuple) else [result]


def computed(tf, case, values):
    """The results of a case, and the gradients of a sum of them with weights."""
    values = {name: tf.constant(x) for name, x in values.items()}
    floats = [x for x in values.values() if x.dtype == tf.float32]
    with tf.GradientTape() as tape:
        tape.watch(floats)
        results = leaves(eval(case, {}, Names(tf, values)))
        total = tf.constant(0.0)
        for y in results:
            if hasattr(y, "shape") and y.dtype in (tf.float32, tf.float64):
                weights = np.cos(np.arange(np.prod(y.shape))).reshape(tuple(y.shape)).astype(np.float32)
                total += tf.reduce_sum(tf.cast(y, tf.float32) * weights)
    return results, tape.gradient(total, floats, unconnected_gradients="zero")


def assert_equal(case, expected, found):
    """Same kinds, dtypes, shapes and numbers."""
    assert len(expected) == len(found), case
    for theirs, mine in zip(expected, found, strict=True):
        if not hasattr(theirs, "dtype"):
            assert theirs == mine, case
            continue
        assert (theirs.dtype.name, tuple(theirs.shape)) == (str(mine.dtype), mine.shape), case
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=2e-5, atol=2e-6, err_msg=case)


@pytest.mark.parametrize("case", CASES)
def test_every_function_gives_the_numbers_and_slopes_of_tensorflow(real, case):
    """Results with their dtypes, and gradients by everything in the case."""
    (expected, slopes), (found, mine) = computed(real, case, arrays()), computed(ours, case, arrays())
    assert_equal(case, expected, found)
    assert_equal(f"gradient of {case}", [real.convert_to_tensor(g) for g in slopes], mine)


@pytest.mark.parametrize("case", KINKS)
def test_slopes_at_kinks_are_tensorflows(real, case):
    """Where two draw, or a slope jumps."""
    values = {"x": np.zeros((2, 3), np.float32), "r": np.array([[1.0, 1.0], [0.0, 1.0]], np.float32)}
    for theirs, mine in zip(computed(real, case, values), computed(ours, case, values), strict=True):
        assert_equal(case, theirs, mine)


DRAWN = {"normal", "uniform", "truncated_normal", "shuffle", "set_seed", "dropout"}


def test_every_function_has_a_case():
    """A row without a case fails; and TensorFlow has every name in the same place."""
    text = " ".join(re.sub(r"\b(math|nn|linalg)\.", "", case) for case in CASES)
    for place in ("tf", "tf.math", "tf.nn", "tf.linalg", "tf.random"):
        names = {name for name, x in ours._spaces[place].items() if getattr(x, "__name__", "").startswith("tf")}
        assert len(names) > 4
        missing = {name for name in names - DRAWN if not re.search(rf"\b{name}\(", text)}
        assert not missing - set(ours._spaces["tf"]), place


def test_every_name_is_where_tensorflow_has_it(real):
    """What runs here runs there."""
    for place, names in ours._spaces.items():
        space = real if place == "tf" else getattr(real, place[3:])
        assert not [name for name in names if not hasattr(space, name)], place
    for name in (
        "Variable",
        "GradientTape",
        "Module",
        "TensorSpec",
        "constant",
        "convert_to_tensor",
        "function",
        "keras",
    ):
        assert hasattr(ours, name)
        assert hasattr(real, name)


def test_random_numbers_follow_their_seeds():
    """Ranges, dtypes and moments; the same again after `set_seed`, and going on where an operation has a seed."""
    tf = ours
    tf.random.set_seed(1)
    first = [tf.random.normal((1000,), 2.0, 3.0), tf.random.uniform((1000,), -1, 1), tf.random.normal([2], seed=5)]
    assert abs(first[0].numpy().mean() - 2) < 0.5
    assert abs(first[0].numpy().std() - 3) < 0.5
    assert -1 <= first[1].numpy().min() < -0.9
    assert not (tf.random.normal([2], seed=5) == first[2]).numpy().any()
    tf.random.set_seed(1)
    again = [tf.random.normal((1000,), 2.0, 3.0), tf.random.uniform((1000,), -1, 1), tf.random.normal([2], seed=5)]
    assert all((a == b).numpy().all() for a, b in zip(first, again, strict=True))
    assert abs(tf.random.truncated_normal((1000,)).numpy()).max() <= 2
    whole = tf.random.uniform((1000,), 3, 6, dtype=tf.int32)
    assert (whole.dtype, set(whole.numpy().tolist())) == (tf.int32, {3, 4, 5})
    assert sorted(tf.random.shuffle([3, 1, 2]).numpy().tolist()) == [1, 2, 3]
    kept = tf.nn.dropout(tf.ones((1000,)), 0.25).numpy()
    assert set(kept.tolist()) == {0.0, np.float32(1 / 0.75)}
    assert 600 < (kept > 0).sum() < 900


# ---------------------------------------------------------------- programs


TEXT = (Path(__file__).parent / "tf_programs.txt").read_text(encoding="utf-8")
PROGRAMS = dict(re.findall(r"^### (.*)\n((?:(?!### ).*\n)+)", TEXT, flags=re.MULTILINE))
NUMBER = re.compile(r"-?\d+\.?\d*(?:e[+-]?\d+)?")


def printed(tf, program):
    """What a program prints: its words, and its numbers. How many spaces arrays are shown with depends on digits."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(program, {"tf": tf, "np": np})
    text = re.sub(r"TensorShape\(\[(.*?)\]\)", r"(\1)", output.getvalue())
    return re.sub(r"\s", "", NUMBER.sub("#", text)), [float(x) for x in NUMBER.findall(text)]


@pytest.mark.parametrize("title", PROGRAMS)
def test_a_program_prints_the_same(real, title):
    """The same words and, to float32 accuracy, the same numbers."""
    words, numbers = printed(real, PROGRAMS[title])
    found, mine = printed(ours, PROGRAMS[title])
    assert found == words
    assert words
    np.testing.assert_allclose(mine, numbers, rtol=1e-4, atol=2e-5)


# ---------------------------------------------------------------- tapes

MADE = "a + b;a * b;tf.sin(a) * b;a - 2.0 * b;tf.stop_gradient(a) + b;tf.exp(0.1 * a);tf.maximum(a, b);a * a;a;tf.constant(1.5)".split(
    ";"
)


def derivatives(tf, draw):
    """A random computation before, in and after two nested tapes, and the derivatives that each gives by everything."""
    values = [tf.Variable(0.7), tf.Variable(-1.2, trainable=draw.random() < 0.7), tf.constant(0.4), tf.constant(1.1)]
    answers = []

    def compute(most):
        for _ in range(draw.randrange(most + 1)):
            a, b = draw.choice(values), draw.choice(values)
            values.append(tf.identity(eval(draw.choice(MADE), {"tf": tf, "a": a, "b": b})))

    def tape():
        return tf.GradientTape(draw.random() < 0.6, watch_accessed_variables=draw.random() < 0.8)

    def ask(tape):
        answers.append(tape.gradient(draw.choice(values), list(values)))
        values.extend(tf.identity(g) for g in answers[-1] if g is not None)

    compute(2)
    with tape() as outer:
        if draw.random() < 0.5:
            outer.watch(draw.choice(values))
        compute(3)
        with tape() as inner:
            if draw.random() < 0.5:
                inner.watch(draw.choice(values))
            compute(5)
        compute(1)
        for _ in range(1 + inner._persistent):
            ask(inner)
            compute(2)
    compute(2)
    for _ in range(1 + outer._persistent):
        ask(outer)
    return [[np.nan if g is None else float(g) for g in answer] for answer in answers]


def test_random_nested_tapes_answer_as_tensorflows(real):
    """What is connected and what isn't, and the numbers: first and second derivatives."""
    answers = [[derivatives(tf, Random(seed)) for seed in range(300)] for tf in (real, ours)]
    for theirs, mine in zip(*answers, strict=True):
        for expected, found in zip(theirs, mine, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert sum(not np.isnan(answer).all() for theirs in answers[0] for answer in theirs) > 300


# ---------------------------------------------------------------- datasets

STEPS = """
d.map(lambda x: x * 2 + 1);d.map(lambda x: tf.reduce_sum(x));d.map(lambda x: {'a': x, 'b': tf.cast(x, tf.float32) / 2}).map(lambda e: e['b'] + 1);d.skip(1)
d.batch(2);d.batch(3, drop_remainder=True);d.batch(1);d.take(3);d.take(-1);d.skip(2);d.skip(-1);d.take(0);d.repeat(2);d.repeat(0);d.repeat().take(7);d.cache();d.prefetch(2);d.shuffle(1)
tf.data.Dataset.zip((d, d.skip(1))).map(lambda a, b: a);tf.data.Dataset.zip(d, d).map(lambda a, b: a + b)
"""
STEPS = [text for line in STEPS.strip().splitlines() for text in line.split(";")]


def length(data):
    """The length of a dataset; None if it is endless."""
    try:
        return len(data)
    except TypeError:
        return None


@settings(max_examples=60)
@given(st.integers(0, 9), st.lists(st.sampled_from(STEPS), max_size=5))
def test_pipelines_give_tensorflows_elements(real, n, steps):
    """Any steps after one another: elements, dtypes and cardinality, twice over."""
    ends = []
    for tf in (real, ours):
        d = tf.data.Dataset.range(n)
        try:
            for step in steps:
                d = eval(step, {"tf": tf, "d": d})
            elements = [np.asarray(x) for x in d.take(50).as_numpy_iterator()]
            assert len(list(d.take(50))) == len(elements)
            ends.append((length(d), [(x.dtype, x.tolist()) for x in elements]))
        except (real.errors.InvalidArgumentError, ValueError, TypeError, RuntimeError) as error:
            ends.append(type(error).__name__)
    if isinstance(ends[0], str):
        assert isinstance(ends[1], str)
    else:
        assert ends[1] == ends[0]


# ---------------------------------------------------------------- what is told, kept and let go

MISTAKES = {
    "tf.constant([1, 2]) * 2.5": (TypeError, "don't mix; write tf.cast"),
    "tf.ones(2) + tf.ones(2, tf.float64)": (TypeError, "float32 and float64 don't mix"),
    "tf.exp(tf.constant(1))": (TypeError, r"tf.exp: expected floating numbers, got int32; write tf.cast"),
    "tf.reduce_mean(tf.constant([1, 2]) == 1)": (TypeError, "tf.reduce_mean: expected numbers, got bool"),
    "tf.reduce_sum(tf.ones(2), dim=0)": (TypeError, r"'dim'; it is called as tf.reduce_sum\(input_tensor, axis=None"),
    "tf.log(1.0)": (AttributeError, "tf.log is not covered; did you mean tf.math.log"),
    "tf.nn.rellu(1.0)": (AttributeError, r"tf.nn.rellu is not covered; did you mean tf.nn.relu\?"),
    "tf.linalg.inv(tf.eye(2))": (AttributeError, "tf.linalg.inv is not covered"),
    "tf.matmul([1.0], [2.0])": (ValueError, "for vectors, tf.linalg.matvec"),
    "tf.constant([1.5], dtype=tf.int32)": (TypeError, r"\[1.5\] would be rounded to int32"),
    "tf.constant(None)": (ValueError, "None is no tensor"),
    "tf.gather([1, 2, 3], [0, 3])": (IndexError, "must lie in 0..2, got 3"),
    "tf.nn.sparse_softmax_cross_entropy_with_logits([5], tf.ones((1, 3)))": (IndexError, r"0\.\.2, got 5\.\.5"),
    "tf.nn.sparse_softmax_cross_entropy_with_logits([-100], tf.ones((1, 3)))": (IndexError, "0 or more"),
    "tf.ones(2).__setitem__(0, 1.0)": (TypeError, "can't be changed in place"),
    "tf.Variable(1.0).__iadd__(1.0)": (RuntimeError, "assign_add"),
    "tf.Variable(1).assign(2.5)": (TypeError, "rounded"),
    "tf.data.Dataset.from_tensor_slices(([1, 2], [3]))": (
        ValueError,
        r"equally many rows, got shapes \[\(2,\), \(1,\)\]",
    ),
    "len(tf.data.Dataset.range(3).repeat())": (TypeError, "infinite"),
    "tf.GradientTape().gradient(tf.constant(1.0), tf.constant(1.0))": (RuntimeError, "persistent=True"),
    "tf.GradientTape().watch(3.0)": (ValueError, "tf.constant"),
    "tf.function(lambda x: x, input_signature=[tf.TensorSpec([1], tf.int32)])([1.5])": (TypeError, "rounded"),
    "tf.random.uniform([2], dtype=tf.int32)": (ValueError, "maxval"),
}


@pytest.mark.parametrize("program", MISTAKES)
def test_a_mistake_is_told_in_words(program):
    """What was given, what was expected, what to write instead."""
    error, words = MISTAKES[program]
    with pytest.raises(error, match=words):
        eval(program, {"tf": ours})


def test_integers_that_should_have_gradients_are_warned_of():
    """tf.Variable(3) is an integer; its gradient is None."""
    v = ours.Variable(3)
    with ours.GradientTape() as tape:
        y = v * 2
    with pytest.warns(UserWarning, match=r"write tf.Variable\(3.0\)"):
        assert tape.gradient(y, v) is None


def test_a_variable_assigned_before_its_gradient_is_asked_for_is_refused():
    """TensorFlow remembers the old value; here it would be a wrong number, so it is an error."""
    v = ours.Variable(2.0)
    with ours.GradientTape() as tape:
        y = v * v
    v.assign(5.0)
    with pytest.raises(RuntimeError, match="changed in place"):
        tape.gradient(y, v)


def test_a_tape_lets_go_of_what_it_recorded():
    """Losses kept in a list don't keep the computations that they came from; two tapes over one keep it for the second."""
    tf, v, losses = ours, ours.Variable([1.0, 2.0]), []
    for _ in range(3):
        with tf.GradientTape() as tape:
            between = tf.exp(v)
            losses.append(tf.reduce_sum(between))
        tape.gradient(losses[-1], v)
        gone = weakref.ref(between)
        del between
        assert gone() is None
    with tf.GradientTape() as first, tf.GradientTape() as second:
        y = tf.exp(v)
    assert mg.allclose(first.gradient(y, v), second.gradient(y, v))
    assert not y.inputs


def test_an_interrupted_block_leaves_nothing_recording():
    """After an exception inside it the next tape works as ever."""
    tf, v = ours, ours.Variable(2.0)
    with contextlib.suppress(KeyError), tf.GradientTape():
        raise KeyError
    assert not ours._tapes.running
    with mg.no_grad(), tf.GradientTape() as tape:  # a tape records all the same
        y = v * v
    assert float(tape.gradient(y, v)) == 4.0


def test_a_module_of_the_engine_is_differentiated_by_a_tape():
    """Both levels together: a network in PyTorch's spelling, its gradients in TensorFlow's."""
    tf, network = ours, nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    x = mg.randn(5, 3)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(network(x)))
    found = tape.gradient(loss, list(network.parameters()))
    (network(x) ** 2).mean().backward()
    for g, p in zip(found, network.parameters(), strict=True):
        np.testing.assert_allclose(g.numpy(), p.grad.numpy(), rtol=1e-5)


def test_print_shows_numbers(capsys):
    """tf.print writes as TensorFlow's does, which writes past Python, so that its words stand here."""
    tf = ours
    tf.print("loss:", tf.constant(0.25), 3, [tf.constant(1.0)], tf.constant([True, False]))
    tf.print(tf.range(10), tf.ones((2, 2)), tf.constant([0.1, 1e10, 1 / 3]), output_stream=sys.stdout, end=";", sep="|")
    shown = capsys.readouterr()
    assert shown.err == "loss: 0.25 3 [1] [1 0]\n"
    assert shown.out == "[0 1 2 ... 7 8 9]|[[1 1]\n [1 1]]|[0.1 1e+10 0.333333343];"
