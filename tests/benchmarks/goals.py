"""The cases, who takes part in them, and the goals: what a contender may take of another's time, or memory."""

from nodes import LENGTHS

SMALL, MEDIUM, LARGE = (64, 32, 10, 32), (784, 128, 10, 64), (784, 512, 10, 256)
NODES = " ".join(f"nodes_{n}" for n in LENGTHS)

# case -> contenders, sizes, rounds. A contender is a function in the case's file; its name here enters it.
CASES = {
    "step": (
        "by_hand minigrad minigrad_compile torch torch_compile jax hips_autograd mygrad tinygrad",
        [SMALL, MEDIUM, LARGE], 11,
    ),
    "conv": ("minigrad torch torch_compile jax", [(8, 32), (28, 32)], 9),
    "fit": ("minigrad keras", [(20_000, 784)], 5),
    "moons": ("minigrad minigrad_single micrograd", [(100,)], 7),
    "expression": ("minigrad minigrad_compile", [(1000,)], 7),
    "nodes": (f"{NODES} alone_{LENGTHS[0]} alone_{LENGTHS[-1]}", [("scalars",), ("tensors",), ("torch",)], 2),
    "node_memory": (NODES, [("scalars",), ("tensors",)], 1),
    "importing": ("minigrad numpy torch jax tensorflow", [()], 9),
    "memory": ("by_hand minigrad", [SMALL, MEDIUM, LARGE], 3),
}  # fmt: skip

# case, size, contender, the other: the most that the first may take of what the other takes.
GOALS = [
    ("step", MEDIUM, "minigrad", "by_hand", 0.45),
    ("step", MEDIUM, "minigrad", "torch", 0.7),
    ("step", MEDIUM, "minigrad", "jax", 1.0),
    ("step", SMALL, "minigrad", "by_hand", 1.15),
    ("step", SMALL, "minigrad", "torch", 0.25),
    ("step", SMALL, "minigrad", "jax", 0.7),
    ("step", LARGE, "minigrad", "by_hand", 0.6),
    ("step", LARGE, "minigrad", "torch", 0.9),
    ("step", LARGE, "minigrad", "jax", 1.0),
    ("step", SMALL, "minigrad_compile", "by_hand", 0.9),
    ("step", SMALL, "minigrad_compile", "jax", 0.5),
    ("step", MEDIUM, "minigrad_compile", "jax", 1.0),
    ("step", LARGE, "minigrad_compile", "jax", 1.0),
    ("conv", (8, 32), "minigrad", "torch", 1.5),
    ("conv", (28, 32), "minigrad", "torch", 1.5),
    ("fit", (20_000, 784), "minigrad", "keras", 0.7),
    ("moons", (100,), "minigrad", "micrograd", 1 / 20),
    ("moons", (100,), "minigrad_single", "micrograd", 1 / 1.5),
    ("expression", (1000,), "minigrad_compile", "minigrad", 1 / 10),
    ("nodes", ("scalars",), "nodes_1000000", "nodes_100", 1.25),  # flat, but for the processor's caches
    ("nodes", ("tensors",), "nodes_1000000", "nodes_100", 1.25),
    ("importing", (), "minigrad", "numpy", 1.3),
    ("memory", SMALL, "minigrad", "by_hand", 1.2),
    ("memory", MEDIUM, "minigrad", "by_hand", 1.2),
    ("memory", LARGE, "minigrad", "by_hand", 1.2),
]
