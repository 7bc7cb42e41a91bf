#!/usr/bin/env python3
"""Writes Tests/FundusModelsTests/Goldens/bert.safetensors: a tiny random BERT of `transformers` with
every hidden state, the pooled vectors and every gradient.

With `--full FILE` it writes the same for a model of full size, which is too large to be committed;
the test `BertParityTests` reads it by the name in KEEPFIT_BERT_PARITY.
"""
import argparse
import json
import pathlib

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel

TINY = dict(vocab_size=50, hidden_size=24, num_hidden_layers=3, num_attention_heads=3,
            intermediate_size=40, max_position_embeddings=20)


def pooled(states, last, mask=None):
    """The mean over positions of layers 1, 2 and the last, averaged."""
    layers = [states[1], states[2], states[last]]
    if mask is None:
        return torch.stack([s.mean(1) for s in layers]).mean(0)
    weights = mask[..., None].float()
    return torch.stack([(s * weights).sum(1) / weights.sum(1) for s in layers]).mean(0)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--full", type=pathlib.Path)
    options = arguments.parse_args()
    torch.manual_seed(11)
    sizes = {} if options.full else TINY
    config = BertConfig(**({"vocab_size": 28996} | sizes), hidden_dropout_prob=0.0,
                        attention_probs_dropout_prob=0.0, attn_implementation="eager")
    model = BertModel(config).train()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "LayerNorm.weight" in name:
                parameter.uniform_(0.7, 1.3)
            elif "bias" in name:
                parameter.uniform_(-0.2, 0.2)
            else:  # large enough that attention is not uniform
                parameter.mul_(2.0 if options.full else 8.0)
    lengths = [9, 40, 64, 5] if options.full else [7, 12, 3, 12]
    longest = max(lengths)
    mask = torch.tensor([[1] * n + [0] * (longest - n) for n in lengths])
    ids = torch.randint(1, config.vocab_size, mask.shape) * mask
    out = {f"weight.{n}": p.detach().clone() for n, p in model.named_parameters()}
    states = model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
    result = pooled(states, config.num_hidden_layers)
    cotangent = torch.randn_like(result)
    (result * cotangent).sum().backward()
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            out[f"gradient.{name}"] = parameter.grad
    for number, state in enumerate(states):
        out[f"state.{number}"] = state.detach()
    out["pooled"] = result.detach()
    out["pooled.tokens"] = pooled(states, config.num_hidden_layers, mask).detach()
    out["cotangent"] = cotangent
    out["ids"], out["lengths"] = ids, torch.tensor(lengths)
    kept = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
            "intermediate_size", "max_position_embeddings", "type_vocab_size", "layer_norm_eps",
            "hidden_act", "hidden_dropout_prob", "attention_probs_dropout_prob")
    target = options.full or (pathlib.Path(__file__).parent.parent.parent
                              / "Tests/FundusModelsTests/Goldens/bert.safetensors")
    save_file({n: t.contiguous() for n, t in out.items()}, target,
              {"config": json.dumps({k: getattr(config, k) for k in kept})})


if __name__ == "__main__":
    main()
