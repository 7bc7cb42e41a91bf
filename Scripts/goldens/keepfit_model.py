"""The whole model in PyTorch and transformers: small goldens for the tests, a full-size comparison by hand.

  python keepfit_model.py goldens      writes Tests/KeepFITTests/Goldens/tiny-model.*
  python keepfit_model.py full DIR IMAGE...
      writes DIR/keepfit.pth, keepfit-legacy.pth, keepfit.safetensors, vocab.txt with random full-size
      weights, and DIR/expected.safetensors with what they make of the images and of some texts, for
      the test `FullSizeParityTests` (set KEEPFIT_PARITY=DIR)
"""
import argparse
import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from transformers import BertConfig, BertModel, BertTokenizerFast

from resnet import CONFIGURATIONS, ResNet, randomized

ROOT = pathlib.Path(__file__).resolve().parents[2]
LABELS = ["normal", "glaucoma", "severe diabetic retinopathy", "macular hole",
          "age related macular degeneration", "a retina with an épiretinal membrane"]
ENSEMBLES = {"glaucoma": ["optic nerve abnormalities", "large optic cup", "glaucoma"],
             "normal": ["healthy", "no findings", "normal"],
             "macular hole": ["macular hole"]}
PROMPT = "A fundus photograph of [CLS]"


class Head(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.projection = nn.Linear(inputs, outputs, bias=False)

    def forward(self, x):
        x = self.projection(x / x.norm(dim=-1, keepdim=True))
        return x / x.norm(dim=-1, keepdim=True)


class Encoder(nn.Module):
    def __init__(self, model, name, inputs, outputs):
        super().__init__()
        self.model = model
        setattr(self, "projection_head_" + name, Head(inputs, outputs))


class KeepFIT(nn.Module):
    def __init__(self, name, width, config, dimension, seed):
        super().__init__()
        blocks, bottleneck = CONFIGURATIONS[name]
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        features = width * 8 * (4 if bottleneck else 1)
        self.vision_model = Encoder(
            randomized(blocks, bottleneck, width, seed), "vision", features, dimension)
        torch.manual_seed(seed + 1)
        bert = BertModel(config)
        # The deviation 0.02 of a fresh BERT makes texts alike; a trained one tells them apart.
        for parameter in bert.parameters():
            parameter.data += 0.03 * torch.randn_like(parameter)
        self.text_model = Encoder(bert, "text", config.hidden_size, dimension)
        self.attention = nn.ModuleDict(
            {f"W_{x}": nn.Linear(dimension, dimension, bias=False) for x in "qkvo"})
        self.eval()

    @torch.no_grad()
    def images(self, pixels):
        return self.vision_model.projection_head_vision(self.vision_model.model(pixels)["features"])

    @torch.no_grad()
    def texts(self, tokens):
        states = self.text_model.model(**tokens, output_hidden_states=True).hidden_states
        mean = torch.stack([states[1], states[2], states[-1]]).mean(2).mean(0)
        return self.text_model.projection_head_text(mean)


def prepare(path, size, antialias):
    """Decodes, scales and pads an image as the transfer path does, in double precision."""
    array = np.asarray(Image.open(path).convert("RGB")).astype(np.float64) / 255
    image = torch.from_numpy(array).permute(2, 0, 1)[None]
    quotient = max(image.shape[2:]) / size
    height, width = int(image.shape[2] / quotient), int(image.shape[3] / quotient)
    image = F.interpolate(image, (height, width), mode="bilinear", antialias=antialias)
    return F.pad(image, (0, size - width, 0, size - height)).float()


def outputs(model, tokenizer, length):
    def tokens(texts):
        return tokenizer(texts, padding=True, truncation=True, max_length=length,
                         return_tensors="pt")

    out = {"text": model.texts(tokens([PROMPT.replace("[CLS]", x) for x in LABELS]))}
    out["ensembles"] = torch.cat([
        model.texts(tokens([PROMPT.replace("[CLS]", x) for x in texts])).mean(0, keepdim=True)
        for texts in ENSEMBLES.values()])
    return out


def goldens():
    out = ROOT / "Tests/KeepFITTests/Goldens"
    vocabulary = ROOT / "Sources/KeepFIT/Resources/vocabulary.txt"
    tokenizer = BertTokenizerFast(vocab=str(vocabulary), do_lower_case=True)
    config = BertConfig(
        vocab_size=len(vocabulary.read_text().splitlines()), hidden_size=16, num_hidden_layers=3,
        num_attention_heads=1, intermediate_size=32, max_position_embeddings=40)
    model = KeepFIT("resnet18", 4, config, 12, 3)
    # Kept in half precision, so that the file is small; the model computes in single.
    state = {k: v.half() if v.is_floating_point() else v for k, v in model.state_dict().items()}
    model.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
    save_file(state, out / "tiny-model.safetensors")
    generator = torch.Generator().manual_seed(4)
    pixels = (torch.rand(2, 3, 45, 52, generator=generator) * 32).round() / 32
    result = outputs(model, tokenizer, 40)
    result["pixels"] = pixels.permute(0, 2, 3, 1)
    result["image"] = model.images(pixels)
    result["logits"] = model.logit_scale.exp().detach() * result["image"] @ result["text"].T
    save_file({k: v.contiguous() for k, v in result.items()}, out / "tiny-outputs.safetensors")


def full(directory, images):
    directory.mkdir(parents=True, exist_ok=True)
    words = (ROOT / "Sources/KeepFIT/Resources/vocabulary.txt").read_text().splitlines()
    words += [f"[unused{index}]" for index in range(28996 - len(words))]
    (directory / "vocab.txt").write_text("\n".join(words) + "\n")
    tokenizer = BertTokenizerFast(vocab=str(directory / "vocab.txt"), do_lower_case=True)
    model = KeepFIT("resnet50", 64, BertConfig(vocab_size=28996), 512, 11)
    state = model.state_dict()
    torch.save(state, directory / "keepfit.pth")
    torch.save(state, directory / "keepfit-legacy.pth", _use_new_zipfile_serialization=False)
    save_file(state, directory / "keepfit.safetensors")
    result = outputs(model, tokenizer, 256)
    for name, antialias in (("transfer", True), ("published", False)):
        pixels = torch.cat([prepare(path, 512, antialias) for path in images])
        result["image-" + name] = model.images(pixels)
        result["logits-" + name] = (
            model.logit_scale.exp().detach() * result["image-" + name] @ result["text"].T)
    save_file({k: v.contiguous() for k, v in result.items()}, directory / "expected.safetensors")
    (directory / "images.json").write_text(json.dumps([str(x.resolve()) for x in images]))


parser = argparse.ArgumentParser()
parser.add_argument("what", choices=["goldens", "full"])
parser.add_argument("paths", nargs="*", type=pathlib.Path)
arguments = parser.parse_args()
if arguments.what == "goldens":
    goldens()
else:
    full(arguments.paths[0], arguments.paths[1:])
