"""What the lessons need and the engine never imports.

A notebook begins with `check, hint, solution, predict, quiz = lesson("01")`. What one lesson alone
needs lies in its folder, `lesson_01/`: exercises, quizzes, figures, widgets. What all share lies here:
how an answer is judged (`exercises`, `comparing`, `limits`), how the course speaks (`card`) and draws
(`figures`, `widgets`), what it remembers (`progress`, `road`), and the numbers that return in every lesson
(`five_points`). A lab's notebook begins with `lab(1)`: its tasks (`tasks`) give points, in `lab_1/`, and
`grading` hands a lab out and grades a class. matplotlib and ipywidgets are loaded only by `figures` and `widgets`.
"""

from minigrad.course import progress
from minigrad.course.lessons import lesson
from minigrad.course.road import road_map
from minigrad.course.tasks import lab
