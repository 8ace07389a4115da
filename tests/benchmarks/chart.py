"""The chart: for each contest a bar for each contender, as long as it took, minigrad's bars filled."""

UNITS = {"node_memory": ("bytes per node", 1), "memory": ("MB", 1e-6), "nodes": ("microseconds per node", 1e6)}


def draw(kept, path):
    """Draw what `results.json` holds; returns a line that says where, or why not."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        return f"no chart: {error}"
    panels = [(case, entry) for case, results in kept.items() for entry in results["sizes"]]
    columns = 3
    figure = Figure(figsize=(5.2 * columns, 2.5 * -(-len(panels) // columns)), layout="constrained")
    for i, (case, entry) in enumerate(panels):
        axes = figure.add_subplot(-(-len(panels) // columns), columns, i + 1)
        names = sorted(entry["best"], key=entry["best"].get, reverse=True)
        ours = "node" in case and "torch" not in entry["size"]  # there the contenders are lengths
        mine = ["tab:blue" if ours or "minigrad" in name else "lightgray" for name in names]
        unit, scale = next((unit for word, unit in UNITS.items() if word in case), ("milliseconds", 1e3))
        bars = axes.barh(names, [entry["best"][name] * scale for name in names], color=mine)
        axes.bar_label(bars, fmt=lambda x: f" {x:,.0f}" if x >= 1000 else f" {x:.3g}")
        axes.margins(x=0.2)
        axes.set_title(f"{case} {' x '.join(map(str, entry['size']))}", fontsize="medium", loc="left")
        axes.set_xlabel(unit)
        axes.locator_params(axis="x", nbins=5)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=100)
    return f"drawn: {path.name}"
