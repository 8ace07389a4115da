"""Lab 9: a lab so small that a test can grade it many times."""
