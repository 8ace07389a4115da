"""What the lessons need and the engine never imports: their data, figures and widgets.

Each lesson's numbers come from a module of pure functions (`five_points`), which `figures` draws and
`widgets` puts under a learner's hand. matplotlib and ipywidgets are loaded only by those last two.
"""
