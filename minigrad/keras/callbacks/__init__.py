"""What happens around training: callbacks, told by `fit`, `evaluate` and `predict` of every begin and end."""

from ..names import closed
from .base import Callback, CSVLogger, LambdaCallback, LearningRateScheduler, TerminateOnNaN
from .history import History
from .progress import ProgressBar
from .tensorboard import TensorBoard
from .told import CallbackList
from .watching import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau

__getattr__ = closed(__name__, [name for name, kind in list(globals().items()) if isinstance(kind, type)])
