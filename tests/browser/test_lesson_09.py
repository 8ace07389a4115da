"""Lesson 09 as a learner meets it: opened in JupyterLab, run, and its slider moved from the keyboard."""

import pytest

pytestmark = pytest.mark.browser

CURRENT = ".widget-html td[aria-current='true']"


def shows(page, *errors):
    """Wait until the explorer's marked column holds these errors."""
    page.wait_for_function(
        "([cells, errors]) => [...document.querySelectorAll(cells)].map(e => e.innerText).join() === errors",
        arg=[CURRENT, ",".join(errors)],
    )


def test_the_lesson_runs_and_its_explorer_answers_the_keyboard(lab, keep):
    page = lab.open("notebooks/09_overfitting_five_points.ipynb", height=1100)
    lab.run_all(page)

    handle = page.locator(".widget-slider", has_text="parameters").locator(".noUi-handle")
    page.get_by_role("status").scroll_into_view_if_needed()
    shows(page, "5.30", "5.10")
    picture = page.locator(".widget-html img")
    assert picture.get_attribute("alt").startswith("2 parameters")
    keep(page, "lesson_09_line")

    handle.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    shows(page, "0.00", "19.92")
    assert picture.get_attribute("alt").startswith("7 parameters")
    keep(page, "lesson_09_curve")

    page.get_by_role("button", name="Next sample").click()
    page.wait_for_function("cell => document.querySelectorAll(cell)[1].innerText !== '19.92'", arg=CURRENT)
    page.get_by_role("button", name="Reset").focus()
    page.keyboard.press("Enter")
    shows(page, "5.30", "5.10")

    assert page.locator(".jp-Notebook img").evaluate_all("all => all.every(i => i.complete && i.naturalWidth > 0)")
    assert page.complaints == []
    page.close()
