"""Lesson 01: a line is fitted to five points by hand, by nudges, and by formulas."""
