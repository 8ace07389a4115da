"""The criteria of lab 1 that learners don't see."""

import hidden_shared

from minigrad.course.lab_1 import exercises


class Split(hidden_shared.Seeded, exercises.Split):
    pass


class Accuracy(hidden_shared.AnySize, exercises.Accuracy):
    pass


class Train(hidden_shared.Apart, exercises.Train):
    pass


class Choose(hidden_shared.Smaller, exercises.Choose):
    pass
