"""Lesson 03's own functions: the stepper's frames, sweeps, prices, random programs, and the lamp on Scalars."""

import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

import minigrad as mg
from minigrad import Scalar
from minigrad.course.lesson_03 import exercises, figures, lamp, stepping, sweeps, trials
from minigrad.course.lesson_03.widgets import PROGRAMS, GraphStepper

OWN = ["exp(x) / (x + y)", "y = 2; sin(x * y) ** 2", "a = x * y; b = a + x; a * b - b", "x - 0.5", "relu(-x) + y;"]


def texts(svg):
    """Every line of text in a picture."""
    root = ElementTree.fromstring(svg)
    return ["".join(t.itertext()) for t in root.iter("{http://www.w3.org/2000/svg}text")]


# The stepper


def test_the_lesson_goes_forward_to_42_and_back_to_24_and_10():
    film = stepping.film(stepping.LESSON)
    words = [film.frame(step).words for step in range(film.last + 1)]
    assert words[0] == "Step 0 of 9. Given: x = 3, y = 4."
    assert words[4] == "Step 4 of 9. Forward: f = c + 2 = 42."
    assert "y gets 1 × 9 = 9, together 1 + 9 = 10." in words[8]
    assert "x gets 4 × 3 = 12, together 12 + 12 = 24. Every gradient is complete." in words[9]
    assert film.frame(99) == film.frame(9)
    assert film.frame(-1) == film.frame(0)


@pytest.mark.parametrize("program", [*PROGRAMS, *OWN])
def test_values_appear_forward_and_gradients_backward(program):
    film = stepping.film(program)
    values = [len([t for t in texts(film.frame(step).svg) if " = " in t]) for step in range(film.last + 1)]
    slopes = [len([t for t in texts(film.frame(step).svg) if t.startswith("grad")]) for step in range(film.last + 1)]
    operations = len(film.steps)
    assert values == sorted(values)
    assert values[operations] == values[-1] == len(film.variables)
    assert slopes == sorted(slopes)
    assert slopes[operations] == 0
    assert slopes[-1] == len(film.variables)
    assert len({film.frame(step).svg for step in range(film.last + 1)}) == film.last + 1


@pytest.mark.parametrize("program", [*PROGRAMS, *OWN])
def test_the_last_frame_shows_what_backward_finds(program):
    film = stepping.film(program)
    result, names = stepping.run(program)
    result.backward()
    shown = texts(film.frame(film.last).svg)
    for variable in film.variables:
        name = film.name[variable]
        assert any(text.startswith(f"{name} = ") for text in shown)
        if name in names:
            assert f"grad {stepping.number(names[name].grad)}" in shown


@pytest.mark.parametrize("program", [*PROGRAMS, *OWN])
def test_all_frames_of_a_program_have_one_size_and_no_box_or_label_leaves_it(program):
    film = stepping.film(program)
    frames = [film.frame(step) for step in range(film.last + 1)]
    assert len({re.search(r'viewBox="[^"]*"', frame.svg)[0] for frame in frames}) == 1
    left, _, width, _ = map(float, re.search(r'viewBox="([^"]*)"', frames[-1].svg)[1].split())
    labels = re.findall(r'<rect x="([-\d.]+)" y="[-\d.]+" width="([\d.]+)" height="18"', frames[-1].svg)
    assert len(labels) == sum(len(stepping.slopes(y)) for y in film.steps)
    boxes = [(node.x, node.width) for node in film.node.values()]
    for x, w in [*((float(x), float(w)) for x, w in labels), *boxes]:
        assert left <= x
        assert x + w <= left + width


@pytest.mark.parametrize("program", [*PROGRAMS, *OWN])
def test_labels_meet_neither_each_other_nor_boxes(program):
    film = stepping.film(program)
    film.frame(film.last)
    boxes = [(n.x, n.x + n.width, n.y - n.height / 2, n.y + n.height / 2) for n in film.node.values()]
    for y in film.steps:
        node = film.node[y]
        for i, (_, slope) in enumerate(stepping.slopes(y)):
            right, middle = node.x - 12, node.y + node.port(i) * node.height
            label = (right - stepping.width_of(slope), right, middle - 9, middle + 9)
            for box in boxes:
                apart = label[1] <= box[0] or box[1] <= label[0] or label[3] <= box[2] or box[3] <= label[2]
                assert apart, (program, slope)
            boxes.append(label)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("", "no operation"),
        ("3 + 4", "no operation"),
        ("x", "no operation"),
        ("x +", "can't read"),
        ("x + z", "no number `z`, only x, y"),
        ("foo(x)", "no function `foo`"),
        ("x.__class__", "holds more than"),
        ("exp(x, y)", "can't be computed"),
        ("log(x - y)", "can't be computed"),
        ("exp(1000 * x)", "can't be computed"),
        ("x / (y - 4)", "can't be computed"),
        ("x if y else 2", "holds more than"),
        ("import os", "neither an expression nor"),
        ("x; y = x = 3", "neither an expression nor"),
        ("'a' * x", "holds more than"),
        ("x" + " + x" * 20, "20 operations"),
        ("x\0", "can't read"),
    ],
)
def test_what_cant_be_shown_is_said(program, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        stepping.film(program)


def test_the_stepper_walks():
    stepper = GraphStepper()
    for _ in range(10):
        stepper.next()
    assert stepper.state.step == 9
    assert "= 24" in stepper.words.value
    assert "alt=" in stepper.figure.value
    stepper.back()
    assert stepper.words.value.count("Step 8 of 9")
    stepper.controls["program"].value = PROGRAMS[1]
    assert stepper.controls["step"].max == 5
    assert "of 5" in stepper.words.value
    stepper.reset.click()
    assert stepper.state.step == 0
    assert stepper.controls["step"].max == 9


def test_the_stepper_takes_a_program_of_ones_own():
    stepper = GraphStepper()
    stepper.own.value = " exp(x)  / (x + y) "
    assert stepper.state.program == "exp(x) / (x + y)"
    assert "Step 0 of 7" in stepper.words.value
    stepper.own.value = "exp(z)"
    assert "no number <code>z</code>" in stepper.words.value
    assert stepper.state.program == "exp(x) / (x + y)"
    stepper.own.value = ""
    assert GraphStepper(program="x * y", step=3).words.value.count("Step 3 of 3")


def test_a_strip_says_what_it_shows():
    strip = stepping.strip(4, 7, 9)
    assert repr(strip).count("Step") == 3
    assert strip._repr_html_().count("<img alt=") == 3


# Sweeps and programs


def test_shares_are_what_backward_adds():
    x, y = Scalar(3.0), Scalar(4.0)
    f = x * x * y + y + 2
    gradients = {f: 1.0}
    for step in sweeps.latest_first(f):
        for source, share in sweeps.shares(step, gradients[step]):
            gradients[source] = gradients.get(source, 0.0) + share
    assert (gradients[x], gradients[y]) == (24.0, 10.0)


def test_random_programs_run_on_floats_too_and_use_results_again():
    reused = 0
    for seed in range(200):
        program = sweeps.program(np.random.default_rng(seed))
        result, gradients = trials.truth(program, 1.3, 0.7)
        assert np.isfinite([result, *gradients.values()]).all(), program
        assert gradients["y"] == pytest.approx(nudged(program, 1.3, 0.7), rel=1e-4, abs=1e-6), program
        reused += any(program.count(f" {name} ") > 1 for name in "abcde")
    assert reused > 100


def nudged(program, x, y, h=1e-6):
    above, below = (sweeps.play(program, Scalar(x), Scalar(y + step)).data for step in (h, -h))
    return (above - below) / (2 * h)


def test_nudging_needs_a_call_more_than_inputs_and_a_sweep_needs_one():
    found = sweeps.prices((1, 3, 10))
    assert [calls for calls, _ in found["nudging"]] == [2, 4, 11]
    assert [calls for calls, _ in found["sweeping"]] == [calls for calls, _ in found["calling"]] == [1, 1, 1]


def test_both_ways_find_the_same():
    inputs = list(np.linspace(-1, 1, 7))
    np.testing.assert_allclose(
        sweeps.by_nudging(sweeps.bumpy, inputs), sweeps.by_sweeping(sweeps.bumpy, inputs), atol=1e-5
    )


@pytest.mark.benchmark
def test_a_sweep_costs_a_few_calls_however_many_inputs():
    found = sweeps.prices((64, 256))
    for (_, sweep), (_, call) in zip(found["sweeping"], found["calling"], strict=True):
        assert sweep < 8 * call


# The lamp


def test_the_lamp_starts_where_lesson_02_does():
    from minigrad.course import handmade

    x, _ = handmade.xor()
    np.testing.assert_allclose(lamp.chance(lamp.start(), x), handmade.probability(handmade.two_layers(), x))
    batches = next(lamp.epochs(1))
    assert [len(batch) for batch in batches] == [8] * 5
    assert sorted(row for batch in batches for row in batch) == sorted(lamp.readings())


# Figures


def strange(x):
    y = x
    for k in (1, 2, 3):
        y = y + mg.sin(k * y)
        if y > 3:
            y = 6 - y
    return y


def test_the_opening_shows_true_slopes():
    picture = figures.tangents(strange)
    assert "1.61 at 0.5" in picture.alt
    assert picture.alt.count(" at ") == 9
    for place in figures.PLACES:
        value, rise = figures.slope(strange, place)
        assert value == strange(place)
        assert rise == pytest.approx((strange(place + 1e-6) - strange(place - 1e-6)) / 2e-6, rel=1e-4)


def test_figures_are_pngs_whose_words_hold_no_time():
    found = {"nudging": [(2, 0.1), (3, 0.2)], "sweeping": [(1, 0.1), (1, 0.2)], "calling": [(1, 0.05), (1, 0.1)]}
    prices = figures.prices(found, (1, 2))
    assert "nudging needs 2, 3 calls" in prices.alt
    assert "0.1" not in prices.alt
    twins = figures.twins(lamp.start(), [1.33, 0.77], [1.33, 0.77])
    assert "from 1.33 to 0.77" in twins.alt
    assert "0.000000" in twins.alt
    for picture in (prices, twins, figures.tangents(strange)):
        assert Image.open(io.BytesIO(picture.png)).format == "PNG"
        assert len(picture.png) < 150_000


# The bug hunt says what its loop does


def test_the_bug_falls_for_three_steps_and_climbs():
    gradient = np.array([123.4, 20.4])
    errors = [exercises.line_error(*(0.005 * k * gradient)) for k in range(1, 8)]
    assert [round(e) for e in errors[:3]] == [72, 28, 7]
    assert errors[2:] == sorted(errors[2:])
