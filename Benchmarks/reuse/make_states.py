"""Two states of one DeiT-S:  make_states.py FOLDER IMAGES [--threads 2] [--mean 0.5 0.5 0.5] [--sd 0.25 0.25 0.25]

Writes initial.pth and trained.pth (torch.save of a state dict, timm's names) and the same tensors as
initial.safetensors and trained.safetensors. `initial` is timm's random initialisation from seed 0. `trained` is no
training's result: each tensor of `initial` plus noise in proportion to its own deviation, more of it in later blocks,
so that every layer has moved, each by another amount; and a head fitted to the training images of IMAGES by ridge
regression, so that what is predicted follows the classes. Both sides of a benchmark then measure the same weights.
"""

import argparse
import pathlib

import torch
from network import BACKBONE, BLOCKS, Images, Network, timm
from safetensors.torch import save_file

RIDGE = 1.0


def initial_state(classes):
    torch.manual_seed(0)
    return timm.create_model(BACKBONE, num_classes=classes).state_dict()


def moved(state, seed=1):
    """The state with noise on every tensor: 0.4 of its deviation in the first block to 1.2 in the last."""
    generator = torch.Generator().manual_seed(seed)
    result = {}
    for name, tensor in state.items():
        noise = torch.randn(tensor.shape, generator=generator)
        block = int(name.split(".")[1]) if name.startswith("blocks.") else 0
        strength = 0.4 + 0.8 * block / (BLOCKS - 1)
        # Biases and norms begin constant: theirs is what linear weights begin with.
        deviation = tensor.std().item() if tensor.dim() > 1 and tensor.std() > 0 else 0.02
        result[name] = tensor + strength * deviation * noise
    return result


def fitted_head(network, images, classes):
    """Weight [classes, 384] and bias [classes] that bring features of the training images near +1 for their class."""
    features, labels = [], []
    for batch, answers in images:
        features.append(network.final(batch)[0].double())
        labels.append(answers)
    features, labels = torch.cat(features), torch.cat(labels)
    middle = features.mean(0)
    centred = features - middle
    targets = 2 * torch.nn.functional.one_hot(labels, classes).double() - 1
    spread = centred.T @ centred
    penalty = RIDGE * spread.diagonal().mean() * torch.eye(len(middle), dtype=torch.float64)
    weight = torch.linalg.solve(spread + penalty, centred.T @ (targets - targets.mean(0))).T
    return weight.float(), (targets.mean(0) - weight @ middle).float()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("images", help="the archive of make_images.py")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--train", type=int, help="only the first training images, for trials")
    parser.add_argument("--mean", type=float, nargs=3, default=[0.5] * 3)
    parser.add_argument("--sd", type=float, nargs=3, default=[0.25] * 3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    images = Images(options.images, "train", options.train, 64, options.mean, options.sd)
    classes = int(images.labels.max()) + 1
    initial = initial_state(classes)
    trained = moved(initial)
    network = Network(classes)
    network.load(trained)
    trained["head.weight"], trained["head.bias"] = fitted_head(network, images, classes)
    folder = pathlib.Path(options.folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, state in [("initial", initial), ("trained", trained)]:
        state = {key: tensor.contiguous() for key, tensor in state.items()}
        torch.save(state, folder / f"{name}.pth")
        save_file(state, folder / f"{name}.safetensors")


if __name__ == "__main__":
    main()
