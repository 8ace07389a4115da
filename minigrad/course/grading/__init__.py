"""Grade a lab: `python -m minigrad.course.grading grade lab/lab1_iris submissions/ --to grades/`.

A submission runs in a process of its own (`worker`) behind walls that the kernel keeps (`walls`). The
criteria, hidden ones too, run here (`grader`); only numbers, strings, lists and arrays cross the pipe
between the two (`wire`). `submissions` finds the notebooks, `report` writes what came out, and `assign`
makes the learner's notebook and otter's autograder from the master.
"""
