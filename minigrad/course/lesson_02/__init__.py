"""Lesson 02: backpropagation by hand, from one chain of numbers to a network that learns XOR."""
