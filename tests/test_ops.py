"""Every row of the table and every function composed of rows: values, gradients, second gradients, dtypes, shapes.

`CASES` holds what each is called with, as expressions that run in PyTorch too: `T` is minigrad or torch, `F` its
`nn.functional`, and the letters are the tensors of `INPUTS`. A row without a case fails `test_every_name_has_a_case`.
"""

# ruff: noqa: E501 (a program is a line)

import itertools
import math
import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad import functions, ops
from minigrad.autograd import gradcheck, gradgradcheck
from minigrad.tensor import methods

_random = np.random.default_rng(0)


def signed(*shape):
    """Numbers between 0.3 and 2 in size, of either sign, no two alike: away from every kink."""
    size = _random.permutation(np.linspace(0.3, 2, math.prod(shape)) + 0.01 * _random.random()).reshape(shape)
    return size * _random.choice([-1, 1], shape)


INPUTS = {
    "x": signed(3, 4),
    "y": signed(3, 4),
    "p": np.abs(signed(3, 4)),  # positive
    "q": np.abs(signed(3, 4)),
    "u": signed(3, 4) / 2.5,  # between -1 and 1
    "v": signed(4),
    "w": signed(4),
    "s": signed(),
    "m": signed(4, 2),
    "z": np.array([[0.0, 1.5, 2.0], [0.0, -3.0, 0.0]]),  # with zeros
    "a": signed(2, 3, 4),
    "b": signed(2, 4, 2),
    "c": signed(2, 1, 4, 3),
    "n": signed(3, 3),
    "o": signed(2, 1, 3),
    "i": np.array([[0, 3, 1], [2, 2, 0]]),
    "j": np.array([2, 0]),
    "k": np.array([[3, 0], [1, -2]]),
    "t": np.array([[True, False, True, True], [False] * 4, [True] * 4]),
    "e": np.zeros((0, 3)),  # empty
}

KEYS = "1 -1 1:2 ::2 None ... ...,0 :,1:3 1,2 (1,None) ([2,0],) [2,0,2] [0,1],[1,3] :,[3,3] j j,1 :,j x>0 :,v>0 0,None,1: t".split()
EQUATIONS = {
    "x": "ij->ji ij->i ij->j ij-> ij ji ij->ij ...j->... ...->... i...->...i",
    "n": "ii ii->i ii-> ij->ji",
    "x,m": "ij,jk->ik ij,jk->ki ij,jk ij,jk-> ij,jk->ijk ij,jk->j ij,jk->ik ij,kl->ikjl",
    "x,y": "ij,ij->ij ij,ij-> ij,ij->i ij,ij ij,kj->ik ij,ik->jk",
    "v,w": "i,i i,i-> i,j->ij i,j i,i->i",
    "a,b": "bij,bjk->bik ...ij,...jk->...ik bij,bjk->ik bij,bjk->b",
    "a,m": "...ij,jk->...ik bij,jk",
    "x,m,v": "ij,jk,j->ik ij,jl,j-> ij,jk,j->i",
    "x,s": "ij,->ij ij,->",
    "n,n": "ij,jk->ik ii,jj-> ij,ij->",
    "n,x": "ii,ij->j ij,jk->k",
}

CASES = {
    # arithmetic
    "add": "T.add(x, v);x + 2;2 + x;x + s;1.5 + s",
    "sub": "T.sub(x, v);x - 2;2 - x;s - x",
    "mul": "T.mul(x, v);x * 3;3 * x;x * s;x * x",
    "neg": "-x;x.neg()",
    "div": "T.div(x, p);x / 2;2 / x;x / s;x / x",
    "pow": "T.pow(p, v);x ** 2;x ** 3;x ** -1;x ** 1;x ** 0;p ** 0.5;p ** -1.5;2 ** x;p ** x;p ** p;2.5 ** s;x.pow(2)",
    "remainder": "T.remainder(x, q);x % 0.7;p % q",
    "floor_divide": "T.floor_divide(x, q);x // 0.7;i // 2",
    # elementwise
    "exp": "T.exp(x)",
    "log": "T.log(p)",
    "log1p": "T.log1p(u)",
    "expm1": "T.expm1(x)",
    "sqrt": "T.sqrt(p)",
    "rsqrt": "T.rsqrt(p)",
    "square": "T.square(x)",
    "reciprocal": "T.reciprocal(x)",
    "sin": "T.sin(x)",
    "cos": "T.cos(x)",
    "tan": "T.tan(u)",
    "tanh": "T.tanh(x)",
    "erf": "T.erf(x)",
    "abs": "T.abs(x);abs(x)",
    "relu": "T.relu(x);F.relu(x)",
    "leaky_relu": "F.leaky_relu(x);F.leaky_relu(x, 0.2);F.leaky_relu(x, negative_slope=0.3)",
    "gelu": "F.gelu(x);F.gelu(x, approximate='tanh')",
    "sigmoid": "T.sigmoid(x)",
    "softplus": "F.softplus(x)",
    "maximum": "T.maximum(x, v);T.maximum(x, s)",
    "minimum": "T.minimum(x, v);T.minimum(x, s)",
    "where": "T.where(x > 0, x, y);T.where(t, x, 0.0);T.where(t, s, v);x.where(t, y);T.where(t, 1.0, x)",
    "clamp": "T.clamp(x, -1, 1);T.clamp(x, min=0.5);x.clamp(max=0.5);T.clamp(x, -v.abs(), v.abs());T.clamp(x, min=v)",
    "clip": "T.clip(x, -1, 1);x.clip(min=0.5);x.clip(max=v)",
    "absolute": "T.absolute(x)",
    "subtract": "T.subtract(x, v)",
    "multiply": "T.multiply(x, v)",
    "divide": "T.divide(x, p)",
    "masked_fill": "x.masked_fill(t, 7.0);x.masked_fill(x > 0, 0.5);T.masked_fill(x, t[0], s)",
    # steps and comparisons
    **{name: f"T.{name}(x)" for name in ("sign", "trunc", "floor", "ceil", "round", "isnan", "isinf", "isfinite")},
    **{name: f"T.{name}(x, v);x.{name}(s)" for name in ("eq", "ne", "lt", "le", "gt", "ge")},
    "logical_not": "T.logical_not(t)",
    "logical_and": "T.logical_and(t, x > 0)",
    "logical_or": "T.logical_or(t, x > 0)",
    "bitwise_and": "t & (x > 0);i & 1",
    "bitwise_or": "t | (x > 0);i | 1",
    "bitwise_xor": "t ^ (x > 0);i ^ 1",
    "bitwise_not": "~t;~i",
    # reductions
    "sum": "x.sum();T.sum(x, 1);T.sum(x, dim=(0, 1));a.sum(dim=-1, keepdim=True);a.sum((0, 2));s.sum(0);i.sum();t.sum(0)",
    "mean": "x.mean();T.mean(x, 1);T.mean(x, dim=(0, 1), keepdim=True);a.mean((0, -1));s.mean()",
    "prod": "x.prod();T.prod(x, 1);z.prod();T.prod(z, 1);z.prod(0, keepdim=True);o.prod(1);s.prod();i.prod(1)",
    "amax": "T.amax(x, 1);T.amax(a, dim=(0, 2));x.amax(dim=-1, keepdim=True);x.amax();i.amax(0)",
    "amin": "T.amin(x, 1);T.amin(a, dim=(0, 2));x.amin(dim=-1, keepdim=True);x.amin();i.amin(0)",
    "max": "x.max();T.max(x, 1);T.max(x, v);a.max(dim=-1, keepdim=True);x.max(1).values;x.max(dim=0)[1];i.max(1)[0]",
    "min": "x.min();T.min(x, 1);T.min(x, v);a.min(dim=-1, keepdim=True);x.min(1).indices;s.min();i.min()",
    "argmax": "x.argmax();T.argmax(x, 1);x.argmax(dim=-1, keepdim=True);i.argmax(1)",
    "argmin": "x.argmin();T.argmin(x, 1);x.argmin(dim=-1, keepdim=True)",
    "all": "t.all();T.all(t, 1);t.all(dim=0, keepdim=True);t.all(-1)",
    "any": "t.any();T.any(t, 1);t.any(dim=0, keepdim=True);t.any(-1)",
    "var": "x.var();T.var(x, 1);x.var(dim=(0, 1));x.var(0, unbiased=False);x.var(0, correction=2, keepdim=True);a.var(-1)",
    "std": "x.std();T.std(x, 1);x.std(unbiased=False);x.std(0, keepdim=True);x.std(dim=(0, 1), correction=0)",
    "norm": "x.norm();T.norm(x, dim=1);x.norm(2, 1);x.norm(p=1);x.norm(p=3, dim=0, keepdim=True);x.norm(float('inf'));s.norm()",
    "logsumexp": "T.logsumexp(x, 1);T.logsumexp(a, (0, 2), keepdim=True);v.logsumexp(0)",
    "softmax": "T.softmax(x, 1);x.softmax(dim=0);a.softmax(-1)",
    "log_softmax": "T.log_softmax(x, 1);x.log_softmax(dim=0);a.log_softmax(-1)",
    "cumsum": "T.cumsum(x, 1);x.cumsum(dim=0);a.cumsum(-2);i.cumsum(1);t.cumsum(0)",
    # matrix product
    "matmul": "x @ m;T.matmul(v, w);x @ v;v @ m;a @ b;a @ m;a @ v;v @ b;n @ a;c @ a;n @ c.mT;x @ x.T",
    "mm": "T.mm(x, m);x.mm(m)",
    "bmm": "T.bmm(a, b);a.bmm(b)",
    "dot": "T.dot(v, w);v.dot(v)",
    "outer": "T.outer(v, w);v.outer(v)",
    "einsum": ";".join(f"T.einsum('{e}', {names})" for names, many in EQUATIONS.items() for e in many.split()),
    # shape and place
    "clone": "x.clone()",
    "reshape": "x.reshape(2, 6);T.reshape(x, (-1,));x.view(4, -1);s.view(1, 1);x.T.reshape(2, 6);x.view_as(y.reshape(2, 6))",
    "permute": "a.permute(2, 0, 1);T.permute(a, (1, 0, 2));a.permute(-1, 0, 1);x.permute([1, 0])",
    "transpose": "T.transpose(a, 0, 1);a.transpose(-1, -2);x.T;a.mT;x.t();v.t();a.transpose(1, 1)",
    "expand": "v.expand(3, 4);o.expand(2, 5, 3);o.expand(-1, 4, -1);s.expand(2, 2);v.expand_as(x)",
    "flip": "T.flip(x, [0]);T.flip(x, dims=(0, 1));x.flip(0, 1);x.flip(-1)",
    "flatten": "T.flatten(a);T.flatten(a, 1);a.flatten(0, 1);s.flatten();a.flatten(start_dim=-2)",
    "squeeze": "o.squeeze();T.squeeze(o, 1);o.squeeze(0);o.squeeze(dim=-2);o.squeeze((0, 1));x.squeeze()",
    "unflatten": "a.unflatten(-1, (2, 2));x.unflatten(dim=1, sizes=(2, -1));a.unflatten(0, [1, 2]);x.unflatten(0, (-1,))",
    "unsqueeze": "x.unsqueeze(0);T.unsqueeze(x, 1);x.unsqueeze(-1);s.unsqueeze(0)",
    "cat": "T.cat([x, y]);T.cat((x, v[None], y), dim=0);T.cat([x, m.T], 0);T.cat([x, x, n], -1)",
    "stack": "T.stack([x, y]);T.stack((v, w, v), dim=1);T.stack([v, w], -1);T.stack([s, s])",
    "split": "T.split(x, 2);x.split(3, dim=1);x.split([1, 3], -1);x.split(2)[1] * x.split(1)[0]",
    "chunk": "T.chunk(x, 2);x.chunk(3, dim=1);x.chunk(9, -1);v.chunk(1)",
    "pad": "F.pad(x, (1, 2));F.pad(x, (0, 0, 1, 0), value=7.0);F.pad(a, (1, 1, 0, 2), 'constant', 0.5);F.pad(i, (1, 0))",
    "gather": "T.gather(x, 1, i);x.gather(dim=-1, index=i);v.gather(0, j);a.gather(2, i[:, None]);n.gather(0, i[:1] % 3)",
    "getitem": ";".join(f"x[{key}]" for key in KEYS) + ";a[0][..., [1, 0]];a[:, [0, 1], [2, 3]];v[k];a[..., None, 1]",
    "setitem": ";".join(f"changed(x, lambda x: x.__setitem__({key}, {value}))" for key, value in (
        ("0", "v"), ("(..., 1)", "9.0"), ("x > 0", "s"), ("[2, 0]", "v"), ("(slice(1, None), None)", "y[1:, None]"), ("t", "0.0"),
    )),
    "view": "x.view(2, 6);x.view(-1);a.view(6, 4);s.view(1)",
    "ravel": "T.ravel(a);x.T.ravel()",
    "unbind": "T.unbind(x);x.unbind(1);a.unbind(dim=-1)",
    "repeat": "x.repeat(2, 1);v.repeat(3);v.repeat(2, 2);x.repeat(1, 1);x.repeat((1, 2, 3))",
    "tril": "T.tril(x);T.tril(n, 1);a.tril(diagonal=-1);T.tril(T.ones(3, 3))",
    "triu": "T.triu(x);T.triu(n, 1);a.triu(diagonal=-1);T.triu(i)",
    "argsort": "T.argsort(x);T.argsort(x, 0);x.argsort(dim=1, descending=True)",
    "sort": "T.sort(x)[0];T.sort(x, 0);x.sort(dim=1, descending=True).values;v.sort()",
    "topk": "T.topk(x, 2);x.topk(3, 0, largest=False);a.topk(2, dim=1)",
    "nonzero": "T.nonzero(x > 0);i.nonzero();v.nonzero();z.nonzero()",
    # truths about whole tensors
    "allclose": "T.allclose(x, x + 1e-9);T.allclose(x, y);T.allclose(x, x + 1, atol=2)",
    "equal": "T.equal(x, x.clone());T.equal(x, y);T.equal(x, v)",
    # rows that PyTorch spells otherwise
    "cast": "x.float();x.double();i.float();t.float()",
    "convert": "x.long();x.int();x.bool();i.bool();t.long()",
    "move": "x.to('cpu');x.cpu()",
    "concatenate": "T.cat([x, y], 0)",
    "euclidean": "x.norm();a.norm(dim=(0, 1))",
    "scatter": "x[[0, 0, 2]];x[1:]",
}  # fmt: skip
ALONE = {"flow": lambda x, y: ops.flow(x, y)}  # what PyTorch has nothing to compare with
EXPRESSIONS = [(name, text.strip()) for name, texts in CASES.items() for text in texts.split(";")]
each_expression = pytest.mark.parametrize("text", [text for _, text in EXPRESSIONS], ids=lambda text: text)

ELEMENTWISE = {name: op for name, op in ops.elementwise.items() if op.differentiable and name not in ("flow", "where")}
UNARY = {name: op for name, op in ELEMENTWISE.items() if len(op.vjps) == 1 or name == "clamp"}
BINARY = {name: op for name, op in ELEMENTWISE.items() if len(op.vjps) == 2}
SHAPES = [(), (3,), (1, 3), (4, 1), (4, 3)]


def changed(x, change):
    """A copy of x, changed in place."""
    x = x.clone()
    change(x)
    return x


def run(T, text, dtype="float64", device="cpu"):
    """The results of an expression as a list, and the floating inputs it used, as tensors of T."""
    code = compile(text, text, "eval")
    tensors = {name: T.tensor(INPUTS[name]).to(device) for name in sorted(_names(code) & set(INPUTS))}
    for name, x in tensors.items():
        if x.is_floating_point():
            tensors[name] = x.to(getattr(T, dtype)).requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # PyTorch's word on the future of some spellings
        result = eval(code, {"T": T, "F": T.nn.functional, "changed": changed, **tensors})
    results = list(result) if isinstance(result, tuple) else [result]
    return results, [x for x in tensors.values() if x.requires_grad]


def _names(code):
    nested = [_names(c) for c in code.co_consts if hasattr(c, "co_names")]
    return {*code.co_names, *itertools.chain(*nested)}


def numbers(x):
    """A tensor's numbers, from either library and any device; other things as they are."""
    return x.detach().cpu().numpy() if hasattr(x, "detach") else x


def same(ours, theirs, dtype="float64"):
    """Assert that two tensors have equal dtypes, shapes and (nearly) equal numbers."""
    if not hasattr(theirs, "shape"):
        assert ours == theirs
        return
    assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch.")
    assert tuple(ours.shape) == tuple(theirs.shape)
    close = {"float32": 2e-5, "float64": 1e-10}[dtype]
    np.testing.assert_allclose(numbers(ours), numbers(theirs), rtol=close, atol=close)


def differentiate(T, results, inputs):
    """The gradients of a weighted sum of all floating results, None where an input wasn't used."""
    total = 0
    for y in results:
        if hasattr(y, "requires_grad") and y.requires_grad:
            weights = np.cos(np.arange(math.prod(y.shape))).reshape(tuple(y.shape))
            total = total + (y * T.tensor(weights).to(y.device, y.dtype)).sum()
    return T.autograd.grad(total, inputs, allow_unused=True) if hasattr(total, "sum") else [None] * len(inputs)


# ---------------------------------------------------------------- every row


def test_every_name_has_a_case():
    composed = {name for name, f in vars(functions).items() if getattr(f, "__module__", "") == functions.__name__}
    composed = {name for name in composed if not name.startswith("_")} - {"Extreme"}
    assert (set(ops.rows) | composed | set(methods)) - set(CASES) - set(ALONE) == set()


def test_every_name_is_a_function_and_a_method():
    for name, function in methods.items():
        assert getattr(mg, name) is function
        assert name == "where" or getattr(mg.Tensor, name) is function  # x.where(condition, other) has x in the middle
    assert all(op.__doc__ for op in ops.rows.values())


@each_expression
def test_derivatives_agree_with_finite_differences(text):
    results, inputs = run(mg, text)
    if not inputs or not any(isinstance(y, mg.Tensor) and y.requires_grad for y in results):
        assert not differentiable_name(text)
        return
    if "float()" in text:
        pytest.skip("finite differences need float64 throughout")
    names = sorted(_names(compile(text, text, "eval")) & set(INPUTS))
    known = {name: mg.tensor(INPUTS[name]) for name in names} | {"T": mg, "F": mg.nn.functional, "changed": changed}
    moved = [name for name in names if known[name].is_floating_point()]

    def f(*xs):
        return eval(text, {**known, **dict(zip(moved, xs, strict=True))})

    assert gradcheck(f, inputs)
    assert gradgradcheck(f, inputs)


def differentiable_name(text):
    """Whether an expression belongs to a differentiable row alone, so that it must have had a gradient."""
    owner = next(name for name, other in EXPRESSIONS if other == text)
    return owner in ops.rows and ops.rows[owner].differentiable and not any(f in text for f in ("i.", "t.", "(i,"))


@pytest.mark.parametrize("name", ALONE)
def test_derivatives_of_rows_that_pytorch_lacks(name):
    inputs = [mg.tensor(INPUTS[k], requires_grad=True) for k in "xy"]
    assert gradcheck(ALONE[name], inputs)
    assert gradgradcheck(ALONE[name], inputs)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@each_expression
def test_values_and_gradients_are_pytorchs(torch, text, dtype):
    ours, our_inputs = run(mg, text, dtype)
    theirs, their_inputs = run(torch, text, dtype)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        same(a, b, dtype)
    if not any(getattr(y, "requires_grad", False) for y in ours):
        return  # a step: PyTorch's gradient is 0, ours is none
    pairs = zip(differentiate(mg, ours, our_inputs), differentiate(torch, theirs, their_inputs), strict=True)
    for g, h in pairs:
        assert (g is None) == (h is None)
        if h is not None:
            same(g, h, dtype)


@each_expression
def test_a_result_looks_into_the_memory_of_its_input_where_pytorchs_does(torch, text):
    """Writing to a view changes what it looks into; writing to a copy doesn't. What can't be written to is refused."""
    if "ii" in text or "'ij->ij'" in text:
        pytest.skip("where PyTorch's einsum gives a view, ours may give a copy")
    shared = []
    for T in (mg, torch):
        results, inputs = run(T, text)
        y = results[0]
        if not isinstance(y, T.Tensor) or not y.is_floating_point() or not inputs or y is inputs[0]:
            return
        before = [x.detach().clone() for x in inputs]
        try:
            y.detach().mul_(2)
        except (RuntimeError, ValueError):
            return  # an expanded tensor: its numbers are one and the same in memory
        shared.append([not T.equal(x.detach(), old) for x, old in zip(inputs, before, strict=True)])
    assert shared[0] == shared[1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", BINARY)
def test_broadcasting_gives_each_input_its_own_shape_back(name, dtype):
    for first, second in itertools.product(SHAPES, SHAPES):
        a = mg.tensor(np.abs(signed(*first)), dtype=getattr(mg, dtype), requires_grad=True)
        b = mg.tensor(np.abs(signed(*second)), dtype=getattr(mg, dtype), requires_grad=True)
        y = BINARY[name](a, b)
        assert y.shape == np.broadcast_shapes(first, second)
        y.sum().backward()
        assert (a.grad.shape, b.grad.shape) == (first, second)
        assert a.grad.dtype == b.grad.dtype == y.dtype == getattr(mg, dtype)
        whole_a, whole_b = (x.detach().expand(y.shape).clone().requires_grad_() for x in (a, b))
        BINARY[name](whole_a, whole_b).sum().backward()
        assert mg.allclose(a.grad.sum(), whole_a.grad.sum(), rtol=1e-4)
        assert mg.allclose(b.grad.sum(), whole_b.grad.sum(), rtol=1e-4)


@pytest.mark.parametrize("number", [2, 0.5, True, np.float64(0.5), np.int64(2), mg.tensor([2, 1]), mg.tensor(2.0).double()],
                         ids=lambda x: type(x).__name__)  # fmt: skip
@pytest.mark.parametrize("name", BINARY)
def test_float32_stays_float32(name, number):
    for reflected in (False, True):
        x = mg.tensor([0.5, 1.5], requires_grad=True)
        y = BINARY[name](number, x) if reflected else BINARY[name](x, number)
        y.sum().backward()
        assert (y.dtype, x.grad.dtype) == (mg.float32, mg.float32)


@pytest.mark.parametrize("name", UNARY)
def test_float32_stays_float32_under_functions(name):
    x = mg.tensor([0.2, 0.7], requires_grad=True)
    y = UNARY[name](x)
    y.sum().backward()
    assert (y.dtype, x.grad.dtype) == (mg.float32, mg.float32)


@pytest.mark.parametrize("name", {**ELEMENTWISE, "where": 0, "sign": 0, "floor": 0, "gt": 0, "eq": 0})
def test_numbers_arrays_scalars_and_tensors_give_the_same(name):
    op, count = ops.elementwise[name], {"clamp": 1, "where": 3}.get(name) or max(1, len(ops.elementwise[name].vjps))
    count = 2 if name in ("gt", "eq") else count
    for point in ([0.3, 0.7, 0.2], [0.9, 0.4, 0.1]):
        point = [True, *point[1:]] if name == "where" else point
        point = point[:count]
        number = op(*point)
        scalar = op(*(x if isinstance(x, bool) else mg.Scalar(x) for x in point))
        array = op(*map(np.asarray, point))
        tensor = op(*(mg.tensor(x) if isinstance(x, bool) else mg.tensor(x, dtype=mg.float64) for x in point))
        assert isinstance(number, float | bool), type(number)
        assert float(scalar) == number
        assert float(array) == pytest.approx(float(number), rel=1e-14)
        assert tensor.item() == pytest.approx(number, rel=1e-14)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_gradient_of_scalars_is_that_of_tensors(name):
    point = [0.3, 0.7][: 1 if name in UNARY else 2]
    scalars, tensors = (
        [mg.Scalar(x) for x in point],
        [mg.tensor(x, dtype=mg.float64, requires_grad=True) for x in point],
    )
    ops.elementwise[name](*scalars).backward()
    ops.elementwise[name](*tensors).backward()
    assert [x.grad for x in scalars] == pytest.approx([x.grad.item() for x in tensors], rel=1e-12)


REDUCTIONS = "sum mean prod amax amin max min argmax argmin all any var std norm logsumexp".split()


@pytest.mark.parametrize("name", REDUCTIONS)
def test_numpys_names_for_dimensions(name):
    f, x = getattr(mg, name), mg.tensor(INPUTS["a"])
    for a, b in (
        (f(x, dim=1), f(x, axis=1)),
        (f(x, dim=-1, keepdim=True), x.__getattribute__(name)(axis=-1, keepdims=True)),
    ):
        a, b = (a[0], b[0]) if isinstance(a, tuple) else (a, b)
        assert a.shape == b.shape
        assert (a == b).all()


@pytest.mark.parametrize(
    "name", ["softmax", "log_softmax", "cumsum", "squeeze", "unsqueeze", "cat", "stack", "flip", "split"]
)
def test_axis_is_dim_elsewhere_too(name):
    f, x = getattr(mg, name), mg.tensor(INPUTS["o"])
    args = {"cat": ([x, x],), "stack": ([x, x],), "split": (x, 1), "flip": (x,)}.get(name, (x,))
    key = "dims" if name == "flip" else "dim"
    a, b = f(*args, **{key: 1}), f(*args, axis=1) if name != "flip" else f(*args, 1)
    pairs = zip(a, b, strict=True) if name == "split" else [(a, b)]
    assert all(mg.equal(p, q) for p, q in pairs)


# ---------------------------------------------------------------- where it is hard


HUGE = {
    "T.tanh(h)": [1000.0, -1000.0, 0.0],
    "T.sigmoid(h)": [-1000.0, 1000.0, 0.0],
    "F.softplus(h)": [-1000.0, 1000.0, 0.0],
    "F.gelu(h)": [-100.0, 100.0, 0.0],
    "F.gelu(h, approximate='tanh')": [-100.0, 100.0, 0.0],
    "T.erf(h)": [-100.0, 100.0, 0.0],
    "T.softmax(h, 0)": [1000.0, 0.0, -1000.0],
    "T.log_softmax(h, 0)": [1000.0, 0.0, -1000.0],
    "T.logsumexp(h, 0)": [1000.0, 0.0, 1000.0],
    "T.logsumexp(-h, 0)": [1000.0, 1000.0],
    "T.softmax(h, 0)[:1]": [1.0, -math.inf],
    "T.logsumexp(h[:2], 0)": [-math.inf, 1.0],
    "F.leaky_relu(h)": [-1e30, 1e30],
    "T.log1p(h)": [1e-20, 1e30],
    "T.expm1(h)": [1e-20, -1000.0],
    "h.clamp(-1, 1)": [-1e30, 1e30],
    "T.exp(h)": [-1000.0, 88.0],
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("text", HUGE)
def test_huge_inputs_give_finite_values_and_gradients(torch, text, dtype):
    results = []
    for T in (mg, torch):
        h = T.tensor(HUGE[text], dtype=getattr(T, dtype), requires_grad=True)
        y = eval(text, {"T": T, "F": T.nn.functional, "h": h})
        y.sum().backward()
        results.append((y, h.grad))
    (ours, our_grad), (theirs, their_grad) = results
    assert np.isfinite(numbers(our_grad)).all()
    assert np.isfinite(numbers(ours)).all()
    same(ours, theirs, dtype)
    same(our_grad, their_grad, dtype)


KINKS = {
    "T.relu(h)": [0.0, -0.0, 1.0, -1.0],
    "F.leaky_relu(h)": [0.0, -0.0],
    "T.abs(h)": [0.0, -0.0, 2.0],
    "h.max()": [1.0, 3.0, 3.0],
    "h.min()": [1.0, 1.0, 3.0],
    "h.amax(0)": [3.0, 1.0, 3.0],
    "h.amin(0)": [1.0, 1.0, 1.0],
    "h.max(0).values": [1.0, 3.0, 3.0],
    "h.min(0).values": [3.0, 1.0, 1.0],
    "T.clamp(h, -1, 1)": [-1.0, 1.0, 0.0, 2.0],
    "T.clamp(h, min=0)": [0.0, -1.0],
    "T.maximum(h, T.zeros(3))": [0.0, 1.0, -1.0],
    "T.minimum(h, T.zeros(3))": [0.0, 1.0, -1.0],
    "T.maximum(h, h)": [1.0, 2.0],
    "h ** 2": [0.0, -0.0, -3.0],
    "h ** 1": [0.0],
    "h ** 0": [0.0, 2.0],
    "h ** 0.5": [0.0, 4.0],
    "h ** 3": [-2.0, 0.0],
    "h ** -1": [0.0, 2.0],
    "0.0 ** h": [0.0, 2.0],
    "T.tensor([0.0, 0.0]) ** h": [0.0, 2.0],
    "h ** T.tensor([0.0, 2.0, 3.0])": [0.0, 0.0, -2.0],
    "T.sqrt(h)": [0.0, 4.0],
    "h.norm()": [0.0, 0.0],
    "h.norm(p=1)": [0.0, 1.0],
    "h.norm(p=3)": [0.0, 0.0],
    "h.norm(p=float('inf'))": [2.0, -2.0],
    "h.std()": [5.0, 5.0, 5.0],
    "h.var()": [5.0, 5.0, 5.0],
    "h.prod()": [0.0, 2.0, 3.0],
    "(h * T.log(h + 1e-30))": [0.0, 1.0],
    "1 / h": [0.0, 2.0],
    "T.log(h)": [0.0, -1.0],
    "h % 1": [2.0, -0.5],
}


@pytest.mark.parametrize("text", KINKS)
def test_the_gradient_at_a_kink_is_pytorchs(torch, text):
    results = []
    for T in (mg, torch):
        h = T.tensor(KINKS[text], requires_grad=True)
        y = eval(text, {"T": T, "F": T.nn.functional, "h": h})
        y.sum().backward()
        results.append((y, h.grad))
    (ours, our_grad), (theirs, their_grad) = results
    same(ours, theirs, "float32")
    same(our_grad, their_grad, "float32")


LEAKS = {  # PyTorch's gradient is nan in all of these: 0 * inf; ours is the slope of the branch that was taken
    "mg.where(h > 0, mg.log(h), 0.0)": ([0.0, 2.0], [0.0, 0.5]),
    "mg.where(h > 0, mg.sqrt(h), h)": ([0.0, 4.0], [1.0, 0.25]),
    "mg.where(h == 0, 1.0, mg.sin(h) / h)": ([0.0, math.pi], [0.0, -1 / math.pi]),
    "mg.where(h > 0, h ** -0.5, 0.0)": ([0.0, 1.0], [0.0, -0.5]),
    "mg.where(h < 9, h, mg.exp(h))": ([1000.0, 1.0], [math.inf, 1.0]),
    "mg.where(h < 9, mg.exp(h), h)": ([1000.0, 0.0], [1.0, 1.0]),
    "mg.where(h > 0, 1 / h, 0.0)": ([0.0, 1.0], [0.0, -1.0]),
    "mg.logsumexp(h, 0)": ([-math.inf, -math.inf], [0.0, 0.0]),
}


@pytest.mark.parametrize("text", LEAKS)
def test_the_branch_not_taken_leaks_nothing(text):
    at, slope = LEAKS[text]
    h = mg.tensor(at, requires_grad=True)
    eval(text, {"mg": mg, "h": h}).sum().backward()
    np.testing.assert_allclose(h.grad.numpy(), slope, rtol=1e-5)


@pytest.mark.parametrize(
    "text",
    ["T.relu(h)", "T.maximum(h, T.zeros(2))", "h.max()", "h.clamp(0, 1)", "h.argmax()", "h.sum()", "T.minimum(h, h)"],
)
def test_nan_is_not_swallowed(torch, text):
    ours, theirs = (eval(text, {"T": T, "h": T.tensor([1.0, math.nan])}) for T in (mg, torch))
    same(ours, theirs, "float32")


def test_second_derivatives_stay_finite_at_kinks():
    for f in (lambda x: mg.where(x > 0, mg.sqrt(x), x * x), lambda x: x**2, mg.softplus, lambda x: x.norm() * 0):
        x = mg.zeros(2, requires_grad=True)
        (g,) = mg.grad(f(x).sum(), x, create_graph=True)
        (h,) = mg.grad(g.sum(), x, allow_unused=True)
        assert np.isfinite(g.detach().numpy()).all()
        assert h is None or np.isfinite(h.numpy()).all()


EMPTY = ["e.sum()", "e.sum(0)", "e.prod()", "e.prod(0)", "e.sum(1)", "e.max(1).values", "e + 1", "e @ n[:, :2]", "T.cat([e, n])", "e.T",
         "e.reshape(3, 0)", "e.softmax(1)", "e.logsumexp(1)", "e.logsumexp(0)", "e.softmax(0)", "e.norm()", "e.cumsum(0)", "e.mean(1)", "e.all()", "e.flip(0)",
         "e[:, 0]", "e[e > 0]", "x[[]]", "x[x > 9]", "x[:0]", "e.split(2)", "T.stack([e, e])", "e.var(1)", "e.unsqueeze(0)"]  # fmt: skip


@pytest.mark.parametrize("text", EMPTY)
def test_tensors_without_numbers(torch, text):
    ours, our_inputs = run(mg, text)
    theirs, their_inputs = run(torch, text)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        same(a, b)
    for g, h in zip(differentiate(mg, ours, our_inputs), differentiate(torch, theirs, their_inputs), strict=True):
        same(g, h)


NO_DIMENSIONS = ["s.sum(0)", "s.sum(-1)", "s.mean(0)", "s.max(0)", "s.amax(-1)", "s.argmax(0)", "s.softmax(0)", "s.log_softmax(-1)",
                 "s.cumsum(0)", "s.prod(0)", "s.squeeze(0)", "s.flip(0)", "s.logsumexp(0)", "s.squeeze()", "s.T", "s[None]", "s[...]",
                 "x.sum(dim=())", "x.mean(())", "x.amax(dim=())", "x.sum(dim=[0, 1])"]  # fmt: skip


@pytest.mark.parametrize("text", NO_DIMENSIONS)
def test_a_single_number_has_dimension_0_and_no_dimensions_mean_all(torch, text):
    test_tensors_without_numbers(torch, text)


WRONG = {
    "x @ n": (ValueError, "matmul.*3, 4.*3, 3"),
    "x @ 2": (ValueError, "matmul"),
    "a[0, :, [1, 0]]": (IndexError, "two steps"),
    "a.__setitem__((0, ..., [1, 0]), 1)": (IndexError, "two steps"),
    "s @ x": (ValueError, "matmul"),
    "x + n": (ValueError, "add.*3, 4.*3, 3"),
    "x.sum(2)": (IndexError, "sum.*3, 4"),
    "x.softmax(5)": (IndexError, "softmax.*3, 4"),
    "x.max(3)": (IndexError, "max.*3, 4"),
    "x.std(2)": (IndexError, "3, 4"),
    "x.norm(dim=2)": (IndexError, "3, 4"),
    "x.prod(2)": (IndexError, "3, 4"),
    "x.squeeze(2)": (IndexError, "squeeze|out of"),
    "x.unsqueeze(4)": (IndexError, "unsqueeze"),
    "x.cumsum(2)": (IndexError, "cumsum"),
    "x.reshape(5)": (ValueError, "reshape.*3, 4"),
    "x.view(-1, -1)": (ValueError, "view.*3, 4"),
    "x.expand(5, 4)": (ValueError, "expand"),
    "x.permute(0)": (ValueError, "permute"),
    "x.permute(0, 0)": (ValueError, "permute"),
    "x.transpose(0, 2)": (IndexError, "transpose"),
    "x.flip(2)": (IndexError, "flip"),
    "x[3]": (IndexError, "getitem.*3, 4.*3"),
    "x[0, 0, 0]": (IndexError, "getitem"),
    "x[t[:2]]": (IndexError, "getitem"),
    "x[0.5]": (IndexError, "getitem|index"),
    "mg.cat([x, v])": (ValueError, "3, 4.*4"),
    "mg.cat([])": (ValueError, "cat"),
    "mg.stack([])": (ValueError, "stack"),
    "mg.stack([x, v])": (ValueError, ""),
    "x.split([1, 1])": (ValueError, "split"),
    "x.split(0)": (ValueError, "split"),
    "x.chunk(0)": (ValueError, "chunk"),
    "x.gather(1, i * 9)": (IndexError, "gather"),
    "x.gather(1, j)": ((IndexError, ValueError), "gather"),
    "x.gather(1, x)": (ValueError, "gather.*integer"),
    "mg.dot(x, x)": (ValueError, "dot"),
    "mg.pad(x, (1,))": (ValueError, "pad"),
    "mg.pad(x, (1, 1), mode='reflect')": (NotImplementedError, "pad"),
    "mg.einsum('ij,jk->ik', x)": (ValueError, "einsum"),
    "mg.einsum('ij->iz', x)": (ValueError, "einsum"),
    "mg.einsum('ijk->i', x)": (ValueError, "einsum"),
    "mg.einsum('ij,jk->ik', x, n)": (ValueError, "einsum"),
    "x.flatten(1, 0)": (ValueError, "flatten"),
    "mg.exp('a')": (TypeError, "str"),
    "mg.exp(None)": (TypeError, "NoneType"),
    "mg.exp([1.0])": (TypeError, "list"),
    "x + None": (TypeError, "add"),
    "x + 'a'": (TypeError, "add"),
    "mg.exp(x, 3)": (TypeError, "exp"),
    "mg.exp(x, base=3)": (TypeError, "exp"),
    "x.sum(dims=0, dim=1)": (TypeError, "sum"),
    "x.exp(dims=0)": (TypeError, "exp"),
    "mg.tensor([True]) - mg.tensor([True])": (TypeError, "sub"),
    "mg.where(t, x, n)": (ValueError, "where"),
}


@pytest.mark.parametrize("text", WRONG)
def test_errors_name_the_operation_and_what_it_was_given(text):
    kind, words = WRONG[text]
    names = {name: mg.tensor(x) for name, x in INPUTS.items()}
    with pytest.raises(kind, match=f"(?s){words}") as error:
        eval(text, {"mg": mg, **names})
    assert "<lambda>" not in str(error.value)
