"""Quizzes: questions from a JSON file in the lesson's folder, with a reason for every answer.

A quiz is shown with radio buttons where there are widgets, and as text elsewhere; there it is
answered by letters, `quiz.before("a", "c")`. What was answered stays in the learner's progress file.
"""

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from minigrad.course import progress
from minigrad.course.card import Card, markup, unmarked

LETTERS = "abcdefgh"


@dataclass(frozen=True)
class Answer:
    """One answer: its text, why it is right or wrong."""

    text: str
    reason: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """A question, its answers, and what to read again."""

    question: str
    answers: tuple[Answer, ...]
    read: str

    def feedback(self, chosen: int) -> Card:
        """Say whether an answer is right, and why."""
        answer = self.answers[chosen]
        if answer.right:
            return Card("right", "Right.", (answer.reason,))
        return Card("wrong", "Not so.", (answer.reason, f"Read again: {self.read.rstrip('.')}."))


@dataclass(frozen=True)
class Quiz:
    """The questions of one file; as a notebook's output it shows itself."""

    lesson: str
    name: str
    title: str
    questions: tuple[Question, ...]

    def __call__(self, *letters: str) -> "Quiz | Results":
        """Return the quiz to be shown, or the results of these answers, one letter for each question."""
        return Results(self, letters) if letters else self

    def record(self, question: int, chosen: int) -> None:
        """Keep what was answered."""
        progress.record(self.lesson, f"quiz {self.name}", str(question + 1), LETTERS[chosen])

    def __repr__(self):
        lines = [self.title]
        for number, question in enumerate(self.questions, 1):
            lines += ["", f"{number}. {unmarked(question.question)}"]
            lines += [f"   {letter}) {unmarked(a.text)}" for letter, a in zip(LETTERS, question.answers, strict=False)]
        example = ", ".join(f'"{"abc"[i % 3]}"' for i in range(len(self.questions)))
        return "\n".join([*lines, "", f"Answer with one letter for each question: quiz.{self.name}({example})"])

    def _repr_html_(self):
        """The questions as a page without widgets shows them: reasons are folded away below each."""
        parts = [f"<p><strong>{markup(self.title)}</strong></p>"]
        for number, question in enumerate(self.questions, 1):
            lettered = list(zip(LETTERS, question.answers, strict=False))
            answers = "".join(f"<br>{letter}) {markup(answer.text)}" for letter, answer in lettered)
            reasons = "<br>".join(f"{letter}) {'✓' if a.right else '✗'} {markup(a.reason)}" for letter, a in lettered)
            parts.append(f"<p><strong>{number}.</strong> {markup(question.question)}{answers}</p>")
            parts.append(f"<details><summary>reasons</summary><p>{reasons}</p></details>")
        return "".join(parts)

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle: dict[str, Any] = {"text/plain": repr(self), "text/html": self._repr_html_()}
        if find_spec("ipywidgets"):
            from minigrad.course.widgets import QuizView

            shown = QuizView(self)._repr_mimebundle_()
            bundle |= {kind: data for kind, data in shown.items() if kind.startswith("application/")}
        return bundle


class Results:
    """What answers given as letters came to."""

    def __init__(self, quiz: Quiz, letters: tuple[str, ...]):
        self.cards: list[Card] = []
        right = 0
        for number, question in enumerate(quiz.questions):
            letter = str(letters[number]).strip().lower() if number < len(letters) else ""
            chosen = LETTERS.find(letter) if letter else -1
            if not 0 <= chosen < len(question.answers):
                known = f"a letter from a to {LETTERS[len(question.answers) - 1]} was expected."
                self.cards.append(Card("blank", f"{number + 1}. Not answered:", (known,)))
                continue
            quiz.record(number, chosen)
            card = question.feedback(chosen)
            right += card.kind == "right"
            self.cards.append(Card(card.kind, f"{number + 1}. {card.head}", card.lines))
        self.cards.append(score(right, len(quiz.questions)))

    def __repr__(self):
        return "\n".join(map(repr, self.cards))

    def _repr_html_(self):
        return "".join(f'<div style="margin: 4px 0">{card._repr_html_()}</div>' for card in self.cards)


def score(right: int, of: int) -> Card:
    """Say how many answers are right."""
    return Card("right" if right == of else "note", f"{right} of {of} right.", ("", *progress.notes()))


def load(lesson: str, file: Path) -> Quiz:
    """Read a quiz, and object to one that lacks anything."""
    data = json.loads(file.read_text(encoding="utf-8"))
    questions = tuple(
        Question(entry["question"], tuple(Answer(**answer) for answer in entry["answers"]), entry["read"])
        for entry in data["questions"]
    )
    for number, question in enumerate(questions, 1):
        if fault := missing(question):
            raise ValueError(f"{file.parent.name}/{file.name}, question {number}: {fault}")
    return Quiz(lesson, file.stem, data["title"], questions)


def missing(question: Question) -> str:
    """Say what a question lacks, or return ''."""
    answers = question.answers
    if not 2 <= len(answers) <= len(LETTERS):
        return f"it has {len(answers)} answers, and should have 2 to {len(LETTERS)}"
    if len({answer.right for answer in answers}) < 2:
        return "it needs at least one right and one wrong answer"
    if len({answer.text for answer in answers}) < len(answers):
        return "two of its answers are the same"
    texts = [question.question, question.read, *(text for a in answers for text in (a.text, a.reason))]
    if not all(text.strip() for text in texts):
        return "a text is empty: the question, an answer, a reason, or what to read again"
    return ""
