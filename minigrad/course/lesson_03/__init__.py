"""Lesson 03: computational graphs, and how a machine differentiates any expression."""
