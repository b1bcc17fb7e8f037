"""What scores are worth against the true classes. Scores are [n, classes]: probabilities, or shares of votes."""

import torch


def confusion(scores, labels):
    """[classes, classes], float64: rows are true classes, columns the classes of the greatest score."""
    classes = scores.shape[1]
    places = labels * classes + scores.argmax(1)
    return torch.bincount(places, minlength=classes**2).reshape(classes, classes).double()


def quadratic_kappa(table):
    """Cohen's kappa with squared distances as weights: 1 - sum(w o) / sum(w e)."""
    steps = torch.arange(len(table), dtype=torch.float64)
    weights = (steps[:, None] - steps[None]) ** 2
    expected = table.sum(1)[:, None] * table.sum(0)[None] / table.sum()
    return 1 - ((weights * table).sum() / (weights * expected).sum()).item()


def roc_auc(scores, labels):
    """The share of pairs of a positive and a negative in which the positive has the greater score; ties count half."""
    positive, negative = scores[labels == 1], scores[labels == 0]
    above = (positive[:, None] > negative[None]).double() + 0.5 * (positive[:, None] == negative[None]).double()
    return above.mean().item()


def metrics(scores, labels):
    """By name. `true_share` is the mean score of the images' own classes: it moves with every score."""
    table = confusion(scores, labels)
    there = table.sum(1) > 0
    values = {
        "accuracy": (table.diagonal().sum() / table.sum()).item(),
        "macro_recall": (table.diagonal()[there] / table.sum(1)[there]).mean().item(),
        "quadratic_kappa": quadratic_kappa(table),
        "true_share": scores.gather(1, labels[:, None]).double().mean().item(),
    }
    if scores.shape[1] == 2:
        values["roc_auc"] = roc_auc(scores[:, 1], labels)
    return values
