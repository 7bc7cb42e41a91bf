"""The inputs of all engines, created once and kept."""

import numpy as np


def photographs(folder, count):
    """JPEGs of 3000 x 2000 with the smooth and the fine structure of photographs."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(7)
    for index in range(count):
        file = folder / f"{index:04}.jpg"
        if file.exists():
            continue
        coarse = Image.fromarray(generator.integers(0, 256, (20, 30, 3), dtype=np.uint8))
        noise = generator.normal(0, 4, (2000, 3000, 1))
        pixels = np.asarray(coarse.resize((3000, 2000), Image.BICUBIC)) + noise
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file, quality=92)
    return folder


def embeddings(file, count, width=512):
    """Rows of unit length around a hundred centers, as embeddings of images lie."""
    from safetensors.numpy import save_file

    if not file.exists():
        generator = np.random.default_rng(0)
        centers = generator.standard_normal((100, width), dtype=np.float32)
        rows = generator.standard_normal((count, width), dtype=np.float32)
        rows += centers[np.arange(count) % 100]
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        save_file({"image_embeddings": rows}, file)
    return file


def probe_features(rows, columns, classes):
    """Features and labels; the features are not negative and skewed, as pooled activations are."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, classes, rows)
    centers = generator.random((classes, columns)) * 0.15
    features = generator.gamma(0.7, 0.5, (rows, columns)) + centers[labels]
    return features.astype(np.float32), labels
