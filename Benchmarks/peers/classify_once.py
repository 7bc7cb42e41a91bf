"""Classifies one photograph, as a Python program does from process start to output."""

import argparse
import json
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--labels", required=True)
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("image")
options = parser.parse_args()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from PIL import Image  # noqa: E402
from transformers import BertTokenizerFast  # noqa: E402

import model as keepfit  # noqa: E402

torch.set_num_threads(options.threads)
directory = Path(options.model)
lowercase = json.loads((directory / "config.json").read_text()).get("lowercase", True)
tokenizer = BertTokenizerFast(str(directory / "vocab.txt"), do_lower_case=lowercase)
with torch.inference_mode():
    network = keepfit.load(directory)
    pixels = np.array(Image.open(options.image).convert("RGB"))
    image = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
    height, width = image.shape[2:]
    scale = 512 / max(height, width)
    new = (int(height * scale), int(width * scale))
    image = torch.nn.functional.interpolate(image, new, mode="bilinear", antialias=True)
    image = torch.nn.functional.pad(image, (0, 512 - new[1], 0, 512 - new[0]))
    prompts = [f"A fundus photograph of {label}" for label in options.labels.split(";")]
    tokens = tokenizer(prompts, padding=True, truncation=True, max_length=256, return_tensors="pt")
    images = network.vision_model(image)
    texts = network.text_model(tokens["input_ids"], tokens["attention_mask"])
    logits = network.logit_scale.exp() * images @ texts.T
    print(torch.softmax(logits, -1).tolist())
