"""Lab 2: reading handwritten digits, with one layer and with several."""
