"""Lesson 00: does everything work, and how the lessons talk to a reader."""
