"""Writes optimizers.json, schedules.json and losses.json beside this file: what torch's own optimizers, schedulers and
losses, and scikit-learn's metrics, make of fixed inputs.

Needs torch, numpy and scikit-learn:  python make-training-fixtures.py
"""

import json
import pathlib

import numpy
import torch

HERE = pathlib.Path(__file__).parent
STEPS = 20
# A matrix whose size is no multiple of eight, and a bias, which does not decay.
SHAPES = {"weight": (7, 5), "bias": (13,)}


def formula(name, count):
    """Numbers in [-1, 1): SplitMix64 of the FNV-1a hash of the name plus the index."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) % 2**64
    with numpy.errstate(over="ignore"):
        z = numpy.arange(count, dtype=numpy.uint64) + numpy.uint64(seed)
        z = z * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        z = z ^ (z >> numpy.uint64(31))
    return (z >> numpy.uint64(40)).astype(numpy.float64) / 2.0**23 - 1


def tensor(name, shape):
    values = formula(name, int(numpy.prod(shape))).astype(numpy.float32).astype(numpy.float64)
    return torch.from_numpy(values.reshape(shape))


class LARS(torch.optim.Optimizer):
    """Algorithm 1 of You, Gitman & Ginsburg (2017), in the plainest form; what does not decay has the rate itself."""

    def __init__(self, groups, lr, momentum, trust):
        super().__init__(groups, {"lr": lr, "momentum": momentum, "trust": trust})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for w in group["params"]:
                local = 1.0
                if group["weight_decay"] > 0:
                    local = group["trust"] * w.norm() / (w.grad.norm() + group["weight_decay"] * w.norm())
                state = self.state[w]
                velocity = state.get("velocity", torch.zeros_like(w))
                velocity = group["momentum"] * velocity + group["lr"] * local * (w.grad + group["weight_decay"] * w)
                state["velocity"] = velocity
                w -= velocity


OPTIMIZERS = {
    "sgd": lambda groups, lr: torch.optim.SGD(groups, lr=lr),
    "sgd momentum": lambda groups, lr: torch.optim.SGD(groups, lr=lr, momentum=0.9),
    "sgd nesterov": lambda groups, lr: torch.optim.SGD(groups, lr=lr, momentum=0.8, nesterov=True),
    "adam": lambda groups, lr: torch.optim.Adam(groups, lr=lr, betas=(0.8, 0.99), eps=1e-6),
    "adamw": lambda groups, lr: torch.optim.AdamW(groups, lr=lr),
    "lars": lambda groups, lr: LARS(groups, lr=lr, momentum=0.9, trust=0.01),
}
RATES = {"sgd": 0.1, "sgd momentum": 0.1, "sgd nesterov": 0.1, "adam": 1e-2, "adamw": 1e-2, "lars": 0.5}


def optimizers():
    """The parameters after 20 steps, in float64; the rate falls by a tenth from step to step, gradients are clipped to 2."""
    result = {}
    for name, make in OPTIMIZERS.items():
        parameters = {key: tensor(f"parameter {key}", shape).requires_grad_() for key, shape in SHAPES.items()}
        groups = [
            {"params": [parameters["weight"]], "weight_decay": 0.05},
            {"params": [parameters["bias"]], "weight_decay": 0.0},
        ]
        optimizer = make(groups, RATES[name])
        rate = RATES[name]
        for step in range(STEPS):
            for key, parameter in parameters.items():
                parameter.grad = tensor(f"gradient {step} {key}", SHAPES[key])
            torch.nn.utils.clip_grad_norm_(parameters.values(), 2.0)
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
            rate *= 0.9
        result[name] = {key: parameter.detach().flatten().tolist() for key, parameter in parameters.items()}
    return result


def optimizer_of_rate_one():
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)


def rates(scheduler, optimizer, steps):
    values = []
    for _ in range(steps):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return values


def schedules():
    """The rate of every step; `multistep` is moved every four steps, an epoch."""
    result = {}
    optimizer = optimizer_of_rate_one()
    result["linear_warmup"] = rates(
        torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=1e-8 / 0.5, total_iters=7), optimizer, 20)
    optimizer = optimizer_of_rate_one()
    result["cosine"] = rates(
        torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20, eta_min=0.01), optimizer, 20)
    optimizer = optimizer_of_rate_one()
    result["linear_warmup, cosine"] = rates(
        torch.optim.lr_scheduler.SequentialLR(
            optimizer,
            [
                torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=1e-8 / 0.5, total_iters=7),
                torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=13, eta_min=0.01),
            ], milestones=[7]), optimizer, 20)
    optimizer = optimizer_of_rate_one()
    epochs = rates(
        torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[2, 3], gamma=0.1), optimizer, 5)
    result["multistep"] = [rate for rate in epochs for _ in range(4)]
    optimizer = optimizer_of_rate_one()
    result["one_cycle"] = rates_of_cycle(optimizer)
    optimizer = optimizer_of_rate_one()
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, mode="max", factor=0.5, patience=1, min_lr=0.02)
    result["plateau"] = []
    for metric in METRICS:
        plateau.step(metric)
        result["plateau"].append(optimizer.param_groups[0]["lr"])
    return {"rates": result, "metrics": METRICS}


def rates_of_cycle(optimizer):
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.5, total_steps=20, pct_start=0.3, div_factor=25, final_div_factor=1e4, cycle_momentum=False)
    values = []
    for step in range(20):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step < 19:
            scheduler.step()
    return values


METRICS = [0.5, 0.6, 0.55, 0.58, 0.6, 0.60003, 0.7, 0.1, 0.2, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.8, 0.1]


def losses():
    from sklearn.metrics import roc_auc_score

    logits = tensor("logits", (6, 4)) * 3
    labels = torch.tensor([0, 1, 2, 3, 2, 2])
    weights = torch.tensor([0.5, 2.0, 1.0, 0.25], dtype=torch.float64)
    targets = (tensor("targets", (6, 4)) > 0).double()
    result = {}
    for name, loss in {
        "cross_entropy": lambda x: torch.nn.functional.cross_entropy(x, labels, weight=weights),
        "binary_cross_entropy": lambda x: torch.nn.functional.binary_cross_entropy_with_logits(x, targets),
    }.items():
        x = logits.clone().requires_grad_()
        value = loss(x)
        value.backward()
        result[name] = {"value": value.item(), "gradient": x.grad.flatten().tolist()}
    # The third class is shown by none and cannot be judged.
    scores = numpy.round(formula("scores", 40).reshape(10, 4), 1)
    shown = (formula("shown", 40).reshape(10, 4) > 0.2).astype(int)
    shown[:, 2] = 0
    judged = [0, 1, 3]
    result["multi_label"] = {
        "scores": scores.flatten().tolist(), "targets": shown.flatten().tolist(),
        "auc": roc_auc_score(shown[:, judged], scores[:, judged], average="macro"),
    }
    result["targets"] = targets.flatten().tolist()
    return result


for name, content in {"optimizers": optimizers(), "schedules": schedules(), "losses": losses()}.items():
    content = {"torch": torch.__version__, **content}
    (HERE / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")
