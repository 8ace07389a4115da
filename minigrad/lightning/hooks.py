"""The hooks: moments at which a module, a data module or a callback may do something, by Lightning's names.

Each is a method that does nothing until you write it; `Trainer` and its loops call them.
"""

LOOPS = {"train": "train", "val": "validation", "test": "test", "predict": "predict"}  # as options and as hooks say it
HOOKS = "setup teardown on_fit_start on_fit_end on_sanity_check_start on_sanity_check_end on_exception".split()
HOOKS += "on_save_checkpoint on_load_checkpoint on_before_zero_grad on_before_backward on_after_backward".split()
HOOKS += ["on_before_optimizer_step"]
for _when in ("start", "end", "epoch_start", "epoch_end", "batch_start", "batch_end"):
    HOOKS += [f"on_{_loop}_{_when}" for _loop in LOOPS.values()]

# What isn't covered, or was Lightning 1's, and what to use instead.
REFUSED = {f"on_{_when}_batch_transfer": "the dataset" for _when in ("before", "after")}
REFUSED |= {f"on_{_loop}_model_{mode}": f"on_{_loop}_start" for _loop in LOOPS.values() for mode in ("eval", "train")}
REFUSED |= {"configure_callbacks": "Trainer(callbacks=...)", "configure_model": "__init__"}
REFUSED |= {"transfer_batch_to_device": "Trainer(accelerator=...)", "on_validation_model_zero_grad": "zero_grad"}
for _step, _loop in (("training", "train"), ("validation", "validation"), ("test", "test")):
    REFUSED |= {f"{_step}_epoch_end": f"on_{_loop}_epoch_end", f"{_step}_step_end": f"on_{_loop}_batch_end"}


def nothing(self, *args, **options):
    """A hook: nothing, until you write it."""


def written(owner, hook):
    """Whether your class has written this hook."""
    return getattr(getattr(owner, hook), "__func__", None) is not nothing
