"""Images resized by Pillow, for the tests of `FundusImage.resized(width:height:)`.

  python pillow_resize.py    writes Tests/MMRetinalDataTests/Goldens/pillow-resize.json
"""

import json
import os

import numpy as np
from PIL import Image

CASES = [((13, 9), (8, 5)), ((5, 7), (12, 11)), ((31, 20), (7, 20)), ((20, 31), (20, 6)),
         ((97, 1), (3, 2)), ((64, 48), (9, 9)), ((6, 4), (6, 4)), ((2, 2), (1, 1)),
         ((10, 27), (22, 12))]


def main():
    random = np.random.default_rng(1)
    result = []
    for (width, height), (new_width, new_height) in CASES:
        pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
        pixels[random.random((height, width)) < 0.3] = 255
        # Two calls: Pillow 13 begins with the columns of an image whose height shrinks far more than its width.
        rows = Image.fromarray(pixels).resize((new_width, height), Image.BILINEAR)
        resized = rows.resize((new_width, new_height), Image.BILINEAR)
        result.append({
            "width": width, "height": height, "pixels": pixels.ravel().tolist(),
            "resized": {"width": new_width, "height": new_height,
                        "pixels": np.asarray(resized).ravel().tolist()}})
    here = os.path.dirname(os.path.abspath(__file__))
    target = os.path.join(here, "../../Tests/MMRetinalDataTests/Goldens/pillow-resize.json")
    with open(target, "w") as file:
        json.dump(result, file, separators=(",", ":"))


if __name__ == "__main__":
    main()
