"""What both labs draw: how a network learned."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

from minigrad.course.figures import INK, PAPER, TRAINING, VALIDATION, Picture, drawing, heading, picture


def curves(history: Mapping[str, Sequence[float]]) -> Picture:
    """Draw loss and accuracy, training and validation, and mark the epoch with the lowest validation loss."""
    epochs = np.arange(1, len(history["loss"]) + 1)
    lowest = int(np.argmin(history["val_loss"]))
    with drawing("AB", 9, 3.6) as (figure, panels):
        for axes, name in zip(panels, ("loss", "accuracy"), strict=True):
            axes.axvline(epochs[lowest], color=INK, linewidth=1.2, linestyle=":")
            axes.plot(epochs, history[name], color=TRAINING, label="training")
            axes.plot(epochs, history[f"val_{name}"], color=VALIDATION, linestyle="--", label="validation")
            axes.set(xlim=(0, len(epochs) + 1), xlabel="epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        panels[0].set_ylim(0, 1.08 * max(*history["loss"], *history["val_loss"]))
        panels[1].set_ylim(0, 1.03)
        panels[1].legend(loc="lower right", frameon=True, framealpha=1, edgecolor=PAPER)
        low, last = history["val_loss"][lowest], history["val_loss"][-1]
        heading(panels[0], ("loss", INK), (f"lowest {low:.2f}", VALIDATION), (f"last {last:.2f}", VALIDATION))
        before, after = history["val_accuracy"][lowest], history["val_accuracy"][-1]
        heading(panels[1], ("accuracy", INK), (f"there {before:.3f}", VALIDATION), (f"last {after:.3f}", VALIDATION))
        left = lowest < len(epochs) / 2  # on the side with more room
        panels[0].annotate(
            f"epoch {epochs[lowest]}", (epochs[lowest], 0.94), (5 if left else -5, 0), textcoords="offset points",
            xycoords=("data", "axes fraction"), ha="left" if left else "right",
        )  # fmt: skip
        alt = (
            f"The training loss falls to {history['loss'][-1]:.3f}. The validation loss falls to {low:.2f} in epoch "
            f"{epochs[lowest]} and ends at {last:.2f}. The accuracy there is {before:.3f}, at last {after:.3f}."
        )
        return picture(figure, alt)
