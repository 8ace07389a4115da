"""Checkpoints: what training needs to go on is written to a file, read, and given back to all parts or to none."""

from pathlib import Path

from ..io import load, save, storable, take_over
from .seeds import random_states
from .words import warn

# Where training stands: what of this epoch is done, what is to be done next, and the random states when it began.
PROGRESS = "current_epoch global_step is_last_batch _done _next _order".split()


def read(path, map_location=None):
    """A checkpoint, as a dictionary."""
    saved = load(path, map_location)
    if not isinstance(saved, dict) or "state_dict" not in saved:
        raise ValueError(f"{path} is no checkpoint of a trainer; write model.load_state_dict(mg.load(path))")
    return saved


def write(trainer, path, weights_only=False):
    """Write all that training needs to go on, or only the weights."""
    model = trainer.lightning_module
    if model is None:
        raise RuntimeError("save_checkpoint: the trainer has no model yet; fit one first")
    loops = {name: getattr(trainer, name) for name in PROGRESS} | {"metrics": trainer.callback_metrics}
    saved = {"epoch": trainer.current_epoch, "global_step": trainer.global_step, "loops": loops}
    saved |= {"pytorch-lightning_version": "2.6.6", "state_dict": model.state_dict()}
    if model.hparams:
        saved["hyper_parameters"] = {name: x for name, x in model.hparams.items() if storable(x)}
        saved["hparams_name"] = model._hparams_name
    if not weights_only:
        saved["callbacks"] = {x.state_key: state for x in trainer.callbacks if (state := x.state_dict())}
        saved["optimizer_states"] = [x.state_dict() for x in trainer.optimizers]
        saved["lr_schedulers"] = [config.scheduler.state_dict() for config in trainer.lr_scheduler_configs]
        saved["random"] = random_states(trainer._generators)
    trainer._call("on_save_checkpoint", saved, to=[model] if weights_only else None)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    save(saved, path)


def meant(trainer, fn, path, best):
    """The path that `ckpt_path` means; None for no checkpoint."""
    saver = trainer.checkpoint_callback
    if path is None and best:
        warn(f"{fn} without a model takes the best checkpoint; say so: ckpt_path='best'")
        path = "best"
    if path == "last" and saver:
        path = max(saver.folder(trainer).glob("last*.ckpt"), key=lambda x: x.stat().st_mtime, default=None)
        if path is None:
            warn(f"{fn}: there is no last checkpoint; ModelCheckpoint(save_last=True) saves one")
    elif path in ("best", "last"):
        path = saver and saver.best_model_path
        if not path:
            raise ValueError(f"{fn}: there is no best checkpoint; fit with a ModelCheckpoint first, or give a path")
    return path


def restore(trainer, saved):
    """Give all parts their states; if one doesn't fit, none is changed."""
    path, kept = trainer.ckpt_path, saved.get("callbacks", {})
    parts = {"the model": trainer.lightning_module} | {x.state_key: x for x in trainer.callbacks if x.state_key in kept}
    states = {"the model": saved["state_dict"]} | kept
    if lost := states.keys() - parts.keys():
        warn(f"{path} holds the state of {', '.join(sorted(lost))}; the trainer has no such callback")
    if trainer.state.fn == "fit":
        if "optimizer_states" not in saved:
            raise ValueError(f"{path} holds weights only; to begin with them, use load_from_checkpoint")
        if -1 < trainer.max_epochs < saved["epoch"]:
            raise ValueError(f"{path} is of epoch {saved['epoch']}, and training ends with {trainer.max_epochs}")
        schedulers = [config.scheduler for config in trainer.lr_scheduler_configs]
        for what, own in (("optimizer_states", trainer.optimizers), ("lr_schedulers", schedulers)):
            if len(own) != len(saved[what]):
                raise ValueError(f"{path} holds {len(saved[what])} {what}, configure_optimizers gave {len(own)}")
            parts |= {f"{what}[{i}]": x for i, x in enumerate(own)}
            states |= {f"{what}[{i}]": x for i, x in enumerate(saved[what])}
    take_over(parts, states, path)
