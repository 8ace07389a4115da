"""A lesson made only to test the machinery that all lessons share."""
