"""Predictions: a learner commits to an answer before the cell that shows it, and compares afterwards.

`predict.p1(4)` notes a number or a choice; `predict.p1.compare(8)`, in the cell that found the answer,
puts both side by side and says why. Nothing is ever raised, and going on without a prediction is fine.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from minigrad.course import progress
from minigrad.course.card import Card
from minigrad.course.comparing import NotYet, numbers


@dataclass
class Prediction:
    """A question, its choices (without any, a number is asked for), and why the answer is what it is.

    `shown` formats numbers; within `near` times the answer a number counts as right.

    >>> p = Prediction("How many times larger is a sum of squares if all numbers double?", "2² is 4.")
    >>> p(2), p.compare(4)
    (• Noted: 2. Run on to see., • You said 2; it is 4. 2² is 4.)
    """

    question: str
    because: str
    choices: Mapping[str, str] = field(default_factory=dict)  # letter: words
    near: float = 0.05
    shown: str = "{:.4g}"
    name: str = "p1"
    lesson: str = ""

    def __post_init__(self):
        self.said: str | float | None = None

    @property
    def markdown(self) -> str:
        """The question as the notebook asks it."""
        choices = "".join(f"\n- **{letter}** {words}" for letter, words in self.choices.items())
        return f"**Predict.** {self.question}" + (f"\n{choices}" if choices else "")

    @property
    def wanted(self) -> str:
        """What may be said, in words."""
        letters = [f'`"{letter}"`' for letter in self.choices]
        return f"{', '.join(letters[:-1])} or {letters[-1]}" if letters else "a number"

    def __call__(self, said: Any = ...) -> Card:
        """Note what the learner says."""
        if said is ...:
            text = f"Put {self.wanted} in the place of `...`. A guess is welcome."
            return Card("blank", "No prediction yet.", (text,))
        value = self.read(said)
        if value is None:
            return Card("blank", "Not noted:", (f"{self.wanted} was expected, and this is `{repr(said)[:60]}`.",))
        self.said = value
        if self.lesson:
            progress.record(self.lesson, "predictions", self.name, value)
        return Card("note", f"Noted: {self.written(value)}.", ("Run on to see.", *progress.notes()))

    def read(self, said: Any) -> str | float | None:
        """Return a prediction as a letter or a number; None if it is neither."""
        if self.choices:
            word = str(said).strip().lower()
            known = {letter.lower(): letter for letter in self.choices}
            known |= {words.strip().lower(): letter for letter, words in self.choices.items()}
            return known.get(word)
        try:
            number = float(numbers("it", float(said) if isinstance(said, str) else said))
        except (NotYet, ValueError, TypeError):
            return None
        return number if math.isfinite(number) else None

    def written(self, value: Any) -> str:
        """Write a letter with its words, or a number as the lesson does."""
        return f"({value}) {self.choices[value]}" if self.choices else self.shown.format(value)

    def compare(self, answer: Any) -> Card:
        """Put the prediction beside the answer."""
        actual = self.read(answer)
        if actual is None:
            raise ValueError(f"{self.name}.compare takes {self.wanted}, not {answer!r}")
        it_is = self.written(actual)
        if self.said is None:
            return Card("note", f"The answer: {it_is}.", (self.because, *progress.notes()))
        said = self.written(self.said)
        if said == it_is:
            return Card("right", f"You said {said}, and so it is.", (self.because, *progress.notes()))
        if not self.choices and abs(float(self.said) - float(actual)) <= self.near * abs(float(actual)):
            return Card("right", f"You said {said}, it is {it_is}: close.", (self.because, *progress.notes()))
        return Card("note", f"You said {said}; it is {it_is}.", (self.because, *progress.notes()))
