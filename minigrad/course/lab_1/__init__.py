"""Lab 1: which iris is it? One hundred and fifty flowers, four measures of each, three species."""
