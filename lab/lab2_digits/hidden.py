"""The criteria of lab 2 that learners don't see. What they ask for is said in the tasks."""

import hidden_shared

from minigrad.course.lab_2 import exercises
from minigrad.course.tasks import criterion

Split, Accuracy, Train, Choose = hidden_shared.mixed(exercises)


class WeightImages(exercises.WeightImages):
    @criterion(1, "several layers: an image for each neuron of the first")
    def deeper(self, build, weight_images):
        self.compare_images((64, 32, 10), build, weight_images)


class Collapse(exercises.Collapse):
    @criterion(1, "of a single layer, the layer itself")
    def single(self, build, train, collapse):
        (W, b), pairs = self.trial((6, 3), build, train, collapse)
        self.compare("`W` of a single layer", W, pairs[0][0], tolerance=1e-3)
        self.compare("`b` of a single layer", b, pairs[0][1], tolerance=1e-3)


class Stretch(exercises.Stretch):
    @criterion(1, "an honest accuracy on images of another size")
    def large(self, read_all):
        self.trial(read_all, 2)
