"""Criteria of the shared tasks that learners don't see. What they ask for is said in the tasks.

A lab's `hidden.py` mixes them into its own tasks by `mixed`.
"""

from types import ModuleType

import numpy as np

from minigrad.course import shared_tasks
from minigrad.course.comparing import NotYet
from minigrad.course.shared_tasks import groups, probabilities, recorded, six
from minigrad.course.tasks import criterion


class Seeded(shared_tasks.Split):
    @criterion(1, "the seed decides")
    def seeded(self, split):
        x, y = self.marked()
        one, same, other = (six(self.call(split, x, y, seed)) for seed in (5, 5, 6))
        if not all(np.array_equal(a, b) for a, b in zip(one, same, strict=True)):
            raise NotYet("two splits of the same seed differ.")
        if all(np.array_equal(np.sort(a[:, 0]), np.sort(b[:, 0])) for a, b in zip(one[::2], other[::2], strict=True)):
            raise NotYet("the splits of the seeds 5 and 6 are the same: `seed` is not used.")


class AnySize(shared_tasks.Accuracy):
    @criterion(1, "for any number of samples")
    def sizes_of_data(self, build, accuracy):
        for rows, seed, share in ((1, 4, 1.0), (1, 5, 0.0), (201, 6, 0.8)):
            self.judged(build, accuracy, rows, seed, share)


class Apart(shared_tasks.Train):
    @criterion(1, "nothing is learnt from the validation set")
    def apart(self, build, train, predict):
        (x, y), (x_val, y_val) = (groups(self.rng, rows, self.sizes[0], self.sizes[-1]) for rows in (24, 72))
        wrong = (y_val + 1) % self.sizes[-1]
        model = self.call(build, self.sizes, "relu", 3)
        history = recorded(self.call(train, model, x, y, x_val, wrong, 40))
        answers = probabilities(self.call(predict, model, x_val), len(x_val), self.sizes[-1]).argmax(axis=1)
        if (answers == wrong).mean() > 0.6:
            raise NotYet(
                "where all labels of the validation set are wrong, the network gives these wrong answers: "
                "it was trained with them."
            )
        known = probabilities(self.call(predict, model, x), len(x), self.sizes[-1]).argmax(axis=1)
        shares = {"accuracy": ((known == y).mean(), 0.15), "val_accuracy": ((answers == wrong).mean(), 0.01)}
        for key, (right, room) in shares.items():  # the first may have been measured during the epoch
            if abs(history[key][-1] - right) > room:
                raise NotYet(
                    f'the last history["{key}"] is {history[key][-1]:.2f}; of the answers of `predict`, {right:.2f} '
                    "are right."
                )


class Smaller(shared_tasks.Choose):
    @criterion(1, "of equals the smaller")
    def smaller(self, choose):
        table = self.table(
            ("A", 515, 1.0, 0.95, 0.97),
            ("B", 67, 0.96, 0.95, 0.93),
            ("C", 131, 0.97, 0.95, 0.99),
            ("D", 15, 0.9, 0.94, 0.9),
        )
        for rows in (table, table[::-1]):
            found = self.call(choose, rows)
            if found != "B":
                raise NotYet(
                    f"of three networks with equal validation accuracy it chooses {str(found)[:20]}, not the smallest."
                )


def mixed(exercises: ModuleType) -> tuple[type, ...]:
    """Return a lab's Split, Accuracy, Train and Choose, with these criteria added."""
    pairs = {"Split": Seeded, "Accuracy": AnySize, "Train": Apart, "Choose": Smaller}
    return tuple(type(name, (criteria, getattr(exercises, name)), {}) for name, criteria in pairs.items())
