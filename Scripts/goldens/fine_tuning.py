"""Writes Tests/KeepFITTests/Goldens/fine-tuning.json: what PyTorch makes of fine-tuning the tiny model.

    python Scripts/goldens/fine_tuning.py

Starts from Tests/KeepFITTests/Goldens/tiny-model.safetensors. Images follow from a formula that the
test repeats, batches come from PyTorch's own loader.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from torch import nn

from resnet import CONFIGURATIONS, ResNet

GOLDENS = pathlib.Path(__file__).resolve().parents[2] / "Tests/KeepFITTests/Goldens"
SIDE, TRAINING, VALIDATION, TEST = 40, 14, 6, 4
torch.set_num_threads(1)


def pixels(index, label):
    y, x, c = np.meshgrid(np.arange(SIDE), np.arange(SIDE), np.arange(3), indexing="ij")
    value = index * 17 + y * (3 + label) + x * (5 + 2 * label) + c * 11 + x * y * (index + 1) % 7
    return torch.tensor(value % 32 / 32, dtype=torch.float32).permute(2, 0, 1)


def images(first, count, classes):
    labels = [(first + i) % classes for i in range(count)]
    return torch.stack([pixels(first + i, label) for i, label in enumerate(labels)]), labels


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        blocks, bottleneck = CONFIGURATIONS["resnet18"]
        self.model = ResNet(blocks, bottleneck, 4)
        self.head = nn.Linear(32, 12, bias=False)
        state = {k: v.float() for k, v in load_file(GOLDENS / "tiny-model.safetensors").items()}
        prefix = "vision_model."
        self.model.load_state_dict({
            k[len(prefix + "model."):]: v for k, v in state.items() if k.startswith(prefix + "model.")},
            strict=False)
        self.head.weight.data = state[prefix + "projection_head_vision.projection.weight"]

    def forward(self, x, projects):
        x = self.model(x)["features"]
        if not projects:
            return x
        x = self.head(x / x.norm(dim=-1, keepdim=True))
        return x / x.norm(dim=-1, keepdim=True)


def trains(freeze, name, encoder):
    if freeze == "none":
        return True
    if freeze == "all-but-last-stage":
        return "layer4." in name
    modules = dict(encoder.named_modules())
    return freeze == "bn-only" and isinstance(modules[name.rpartition(".")[0]], nn.BatchNorm2d)


def case(name, freeze="none", classes=3, projects=False, epochs=3, rate=1e-4, batch=4,
         updates=True, probe=False, patience=None):
    encoder = Encoder().eval()
    width = 12 if projects else 32
    x, y = images(0, TRAINING, classes)
    xv, yv = images(TRAINING, VALIDATION, classes)
    xt, _ = images(TRAINING + VALIDATION, TEST, classes)
    before = {k: v.clone() for k, v in encoder.state_dict().items()}
    torch.manual_seed(42)
    if probe:
        classifier = nn.Linear(width, classes)
        with torch.no_grad():
            features = encoder(x, projects).double().numpy()
        fitted = LogisticRegression(C=0.316, class_weight="balanced", tol=1e-12, max_iter=1000,
                                    solver="newton-cg").fit(features, y)
        weight, bias = torch.tensor(fitted.coef_), torch.tensor(fitted.intercept_)
        if classes == 2:
            weight, bias = torch.cat([-weight / 2, weight / 2]), torch.cat([-bias / 2, bias / 2])
        classifier.weight.data, classifier.bias.data = weight.float(), bias.float()
        torch.manual_seed(42)
    else:
        classifier = nn.Linear(width, classes)
    for key, parameter in encoder.named_parameters():
        parameter.requires_grad_(trains(freeze, key, encoder))
    trained = [p for p in [*encoder.parameters(), *classifier.parameters()] if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=rate, eps=1e-4, weight_decay=0.01)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(x, torch.tensor(y)), batch_size=batch, shuffle=True)
    losses, scores, best = [], [], None
    for epoch in range(1, epochs + 1):
        encoder.train(updates and freeze != "encoder")
        # A frozen batch norm keeps its running statistics.
        for module in encoder.modules():
            if isinstance(module, nn.BatchNorm2d) and not module.weight.requires_grad:
                module.eval()
        for xs, ys in loader:
            loss = F.cross_entropy(classifier(encoder(xs, projects)), ys)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1)
            optimizer.step()
            losses.append(loss.item())
        encoder.eval()
        if patience is None:
            continue
        with torch.no_grad():
            called = classifier(encoder(xv, projects)).argmax(1).numpy()
        per_class = f1_score(yv, called, labels=sorted(set(yv)), average=None, zero_division=0)
        scores.append(float(np.mean(np.round(per_class * 1000) / 1000)))
        if best is None or scores[-1] > best[0]:
            best = (scores[-1], epoch, {k: v.clone() for k, v in encoder.state_dict().items()},
                    {k: v.clone() for k, v in classifier.state_dict().items()})
        if epoch - best[1] >= patience:
            break
    if best:
        encoder.load_state_dict(best[2])
        classifier.load_state_dict(best[3])
    with torch.no_grad():
        logits = classifier(encoder(xt, projects))
    changed = [k for k, v in encoder.state_dict().items()
               if not torch.equal(v, before[k]) and not k.endswith("num_batches_tracked")]
    print(f"{name}: losses {losses[0]:.4f} .. {losses[-1]:.4f}, {len(changed)} tensors changed"
          + (f", best epoch {best[1]} of {len(scores)}" if best else ""))
    return {"name": name, "freeze": freeze, "classes": classes, "projects": projects,
            "epochs": epochs, "rate": rate, "batch": batch, "updatesBatchNorm": updates,
            "probeFirst": probe, "patience": patience, "losses": [round(v, 7) for v in losses],
            "logits": [round(float(v), 6) for v in logits.ravel()],
            "changed": sorted("vision_model." + k.replace(
                "head.weight", "projection_head_vision.projection.weight") for k in changed),
            "bestEpoch": best[1] if best else None, "validation": scores or None}


cases = [
    case("everything"),
    case("everything, projected, batch norm kept", projects=True, updates=False),
    case("last stage", freeze="all-but-last-stage"),
    case("batch norm alone", freeze="bn-only", projects=True),
    case("classifier alone", freeze="encoder"),
    case("probe first, three classes", probe=True),
    case("probe first, two classes", classes=2, probe=True),
    case("early stopping", epochs=40, rate=1e-3, patience=5),
]
(GOLDENS / "fine-tuning.json").write_text(json.dumps(
    {"side": SIDE, "training": TRAINING, "validation": VALIDATION, "test": TEST, "cases": cases},
    separators=(",", ":")) + "\n")
