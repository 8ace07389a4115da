"""Checkpoints: what training needs to go on is written to a file, read, and given back to all parts or to none."""

from pathlib import Path

from ..io import load, save, storable, take_over
from .seeds import random_states
from .words import warn

# Where training stands: batches of this epoch and of all, how far the epoch is (start, batch, trained, validated,
# ended), and the random states from which its order was drawn.
PROGRESS = "current_epoch global_step is_last_batch _done_now _done_ever _phase _order".split()


def read(path, map_location=None):
    """A checkpoint, as a dictionary."""
    saved = load(path, map_location)
    if not isinstance(saved, dict) or "state_dict" not in saved:
        raise ValueError(f"{path} is no checkpoint of a trainer; write model.load_state_dict(mg.load(path))")
    return saved


def write(trainer, path, weights_only=False):
    """Write all that training needs to go on, or only the weights."""
    model, data = trainer.lightning_module, trainer.datamodule
    if model is None:
        raise RuntimeError("save_checkpoint: the trainer has no model yet; fit one first")
    loops = {name: getattr(trainer, name) for name in PROGRESS} | {"metrics": trainer.callback_metrics}
    saved = {"epoch": trainer.current_epoch, "global_step": trainer.global_step, "loops": loops}
    saved |= {"pytorch-lightning_version": "2.6.6", "state_dict": model.state_dict()}
    if not weights_only:
        saved["callbacks"] = {x.state_key: state for x in trainer.callbacks if (state := x.state_dict())}
        saved["optimizer_states"] = [x.state_dict() for x in trainer.optimizers]
        saved["lr_schedulers"] = [config.scheduler.state_dict() for config in trainer.lr_scheduler_configs]
        saved["random"] = random_states(trainer._generators)
    if model.hparams:
        saved["hyper_parameters"] = {name: x for name, x in model.hparams.items() if storable(x)}
        saved["hparams_name"] = getattr(model, "_hparams_name", "kwargs")
    if data is not None and (state := data.state_dict()):
        saved[type(data).__qualname__] = state
    if not weights_only:
        trainer._tell("on_save_checkpoint", saved)
    trainer._ask("on_save_checkpoint", saved)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    save(saved, path)


def meant(trainer, fn, path, best):
    """The path that `ckpt_path` means; None for no checkpoint."""
    saver = trainer.checkpoint_callback
    if path is None and best:
        warn(f"{fn} without a model takes the best checkpoint; say so: ckpt_path='best'")
    if path == "last" and saver:
        found = Path(saver.folder(trainer)).glob(f"{saver.CHECKPOINT_NAME_LAST}*{saver.FILE_EXTENSION}")
        path = max(found, key=lambda x: x.stat().st_mtime, default=None)
        if path is None:
            warn(f"{fn}: there is no last checkpoint; ModelCheckpoint(save_last=True) saves one")
    elif path in ("best", "last") or (path is None and best):
        path = saver and saver.best_model_path
        if not path:
            raise ValueError(f"{fn}: there is no best checkpoint; fit with a ModelCheckpoint first, or give a path")
    return path


def restore(trainer, saved):
    """Give all parts their states; if one doesn't fit, none is changed."""
    parts, states, path = {"the model": trainer.lightning_module}, {"the model": saved["state_dict"]}, trainer.ckpt_path
    name, kept = type(trainer.datamodule).__qualname__, saved.get("callbacks", {})
    if name in saved:
        parts[name], states[name] = trainer.datamodule, saved[name]
    if lost := kept.keys() - {x.state_key for x in trainer.callbacks}:
        warn(f"{path} holds the state of {', '.join(sorted(lost))}; the trainer has no such callback")
    parts |= {x.state_key: x for x in trainer.callbacks if x.state_key in kept}
    states |= kept
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
