"""Writes Tests/MMRetinalDataTests/Goldens/images.json: small image files of every kind and the pixels
that Pillow makes of them.

Needs pillow, numpy and tifffile. Run from the root of the package.
"""

import base64
import io
import json
import struct
import sys
import zlib

import numpy as np
import tifffile
from PIL import Image, ImageOps

WIDTH, HEIGHT = 21, 14
generator = np.random.default_rng(7)


def image(channels=3, width=WIDTH, height=HEIGHT, top=256, dtype=np.uint8):
    """A smooth ground with some texture, so that every codec has something to do."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [
        0.5 + 0.35 * np.sin(x / (3 + c) + c) * np.cos(y / (4 - 0.5 * c)) + 0.1 * generator.normal(size=x.shape)
        for c in range(channels)
    ]
    values = np.clip(np.stack(planes, -1), 0, 1) * (top - 1)
    return values.round().astype(dtype)


def png(width, height, color, depth, samples, interlaced=False, palette=None, transparency=None):
    """A PNG by hand: Pillow writes neither interlaced files nor every depth."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    def rows(part):
        out = b""
        for row in part:
            flat = row.reshape(-1)
            if depth == 16:
                packed = flat.astype(">u2").tobytes()
            elif depth == 8:
                packed = flat.astype(np.uint8).tobytes()
            else:
                bits = "".join(format(int(v), f"0{depth}b") for v in flat)
                bits += "0" * (-len(bits) % 8)
                packed = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
            out += b"\0" + packed
        return out

    if interlaced:
        body = b""
        for x0, y0, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
            part = samples[y0::dy, x0::dx]
            if part.shape[0] and part.shape[1]:
                body += rows(part)
    else:
        body = rows(samples)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced)))
    # A gamma that readers which correct for it would show.
    data += chunk(b"gAMA", struct.pack(">I", 100000))
    if palette is not None:
        data += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    if transparency is not None:
        data += chunk(b"tRNS", transparency)
    return data + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


cases = []


def text(data):
    return base64.b64encode(data).decode()


def add(name, data, rgb=None, orient=False):
    image = Image.open(io.BytesIO(data))
    if rgb is None:
        rgb = np.asarray(image.convert("RGB"))
    case = {"name": name, "file": text(data), "width": rgb.shape[1], "height": rgb.shape[0], "rgb": text(np.ascontiguousarray(rgb).tobytes())}
    if orient:
        upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
        case["upright"] = {"width": upright.shape[1], "height": upright.shape[0], "rgb": text(upright.tobytes())}
    cases.append(case)


def saved(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def jpegs():
    color = Image.fromarray(image())
    for subsampling in ["4:4:4", "4:2:2", "4:2:0"]:
        for quality in [30, 75, 95]:
            add(f"jpeg {subsampling} q{quality}", saved(color, "JPEG", subsampling=subsampling, quality=quality))
    add("jpeg progressive", saved(color, "JPEG", progressive=True, quality=80))
    add("jpeg optimized", saved(color, "JPEG", optimize=True))
    add("jpeg restarts", saved(color, "JPEG", restart_marker_blocks=1))
    add("jpeg kept as rgb", saved(color, "JPEG", keep_rgb=True))
    add("jpeg gray", saved(Image.fromarray(image(1)[..., 0]), "JPEG"))
    add("jpeg cmyk", saved(Image.fromarray(image(4), "CMYK"), "JPEG"))
    add("jpeg one pixel", saved(Image.fromarray(image(3, 1, 1)), "JPEG"))
    for width, height in [(8, 8), (16, 16), (17, 33), (40, 3)]:
        add(f"jpeg {width}x{height}", saved(Image.fromarray(image(3, width, height)), "JPEG"))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[274] = orientation
        add(f"jpeg orientation {orientation}", saved(color, "JPEG", exif=exif), orient=True)
    # An ink file whose marker says that its ink was turned into luma and chroma first.
    plain = bytearray(saved(Image.fromarray(image(4), "CMYK"), "JPEG"))
    at = plain.find(b"Adobe")
    plain[at + 11] = 2
    add("jpeg ycck", bytes(plain))


def pngs():
    for interlaced in [False, True]:
        tag = " interlaced" if interlaced else ""
        for depth in [1, 2, 4, 8, 16]:
            gray = image(1, top=2**depth, dtype=np.uint16)
            add(f"png gray {depth}{tag}", png(WIDTH, HEIGHT, 0, depth, gray, interlaced))
        for depth in [1, 2, 4, 8]:
            entries = generator.integers(0, 256, (2**depth, 3))
            add(f"png palette {depth}{tag}", png(WIDTH, HEIGHT, 3, depth, image(1, top=2**depth), interlaced, entries))
        for depth in [8, 16]:
            for color, channels, name in [(2, 3, "rgb"), (4, 2, "gray alpha"), (6, 4, "rgb alpha")]:
                if channels == 2 and depth == 16:
                    expected = image(2, top=2**16, dtype=np.uint16)
                    data = png(WIDTH, HEIGHT, color, depth, expected, interlaced)
                else:
                    data = png(WIDTH, HEIGHT, color, depth, image(channels, top=2**depth, dtype=np.uint16), interlaced)
                add(f"png {name} {depth}{tag}", data)
    short = generator.integers(0, 256, (3, 3))
    add("png short palette", png(WIDTH, HEIGHT, 3, 8, image(1), palette=short))
    add("png palette with transparency", png(WIDTH, HEIGHT, 3, 8, image(1, top=4), palette=generator.integers(0, 256, (4, 3)), transparency=b"\0\x80"))
    add("png gray with transparency", png(WIDTH, HEIGHT, 0, 8, image(1), transparency=b"\0\x40"))
    add("png rgb with transparency", png(WIDTH, HEIGHT, 2, 8, image(3), transparency=b"\0\x40\0\x40\0\x40"))
    exif = Image.Exif()
    exif[274] = 6
    add("png orientation 6", saved(Image.fromarray(image()), "PNG", exif=exif), orient=True)


def tiffs():
    color = image()
    for compression in ["raw", "tiff_lzw", "tiff_deflate", "packbits", "jpeg"]:
        add(f"tiff {compression}", saved(Image.fromarray(color), "TIFF", compression=compression))
    add("tiff gray", saved(Image.fromarray(color[..., 0]), "TIFF"))
    add("tiff gray alpha", saved(Image.fromarray(image(2), "LA"), "TIFF"))
    add("tiff rgb alpha", saved(Image.fromarray(image(4), "RGBA"), "TIFF"))
    add("tiff cmyk", saved(Image.fromarray(image(4), "CMYK"), "TIFF"))
    add("tiff palette", saved(Image.fromarray(color).quantize(16), "TIFF"))
    add("tiff bilevel", saved(Image.fromarray(color).convert("1"), "TIFF"))
    add("tiff group 4", saved(Image.fromarray(color).convert("1"), "TIFF", compression="group4"))
    add("tiff gray 16", saved(Image.fromarray(image(1, top=2**16, dtype=np.uint16)[..., 0]), "TIFF"))

    def by_tifffile(array, **options):
        stream = io.BytesIO()
        tifffile.imwrite(stream, array, metadata=None, **options)
        return stream.getvalue()

    wide = image(3, top=2**16, dtype=np.uint16)
    add("tiff rgb 16", by_tifffile(wide, photometric="rgb"))
    add("tiff rgb 16 big-endian", by_tifffile(wide, photometric="rgb", byteorder=">"))
    add("tiff big", by_tifffile(color, photometric="rgb", bigtiff=True))
    add("tiff tiles", by_tifffile(color, photometric="rgb", tile=(16, 16)))
    add("tiff planes", by_tifffile(np.ascontiguousarray(color.transpose(2, 0, 1)), photometric="rgb", planarconfig="separate"), rgb=color)
    add("tiff white is zero", by_tifffile(color[..., 0], photometric="miniswhite"))
    add("tiff strips", by_tifffile(color, photometric="rgb", rowsperstrip=5))
    add("tiff associated alpha", by_tifffile(image(4), photometric="rgb", extrasamples=["assocalpha"]))


def netpbms():
    color, gray = image(), image(1)[..., 0]
    bits = image(1, top=2)[..., 0]
    header = f"# a comment\n{WIDTH} {HEIGHT}\n"

    def words(array):
        return "\n".join(" ".join(map(str, row.reshape(-1))) for row in array).encode() + b"\n"

    add("pbm text", f"P1\n{header}".encode() + words(bits))
    add("pgm text", f"P2\n{header}255\n".encode() + words(gray))
    add("ppm text", f"P3\n{header}255\n".encode() + words(color))
    add("pbm", f"P4\n{header}".encode() + np.packbits(bits, axis=1).tobytes())
    add("pgm", f"P5\n{header}255\n".encode() + gray.tobytes())
    add("ppm", f"P6\n{header}255\n".encode() + color.tobytes())
    add("ppm 100", f"P6\n{header}100\n".encode() + image(top=101).tobytes())
    add("pgm 100", f"P5\n{header}100\n".encode() + image(1, top=101).tobytes())
    add("ppm 1000", f"P6\n{header}1000\n".encode() + image(top=1001, dtype=np.uint16).astype(">u2").tobytes())
    add("ppm 65535", f"P6\n{header}65535\n".encode() + image(top=65536, dtype=np.uint16).astype(">u2").tobytes())
    add("pgm 65535", f"P5\n{header}65535\n".encode() + (image(1, top=400, dtype=np.uint16)).astype(">u2").tobytes())


def encoded():
    """What Pillow's own default JPEG makes of pixels: quality 75, 4:2:0."""
    pixels = image(3, 37, 29)
    after = np.asarray(Image.open(io.BytesIO(saved(Image.fromarray(pixels), "JPEG"))))
    return {"width": 37, "height": 29, "pixels": text(pixels.tobytes()), "decoded": text(after.tobytes())}


def bmp(width, height, bits, rows, compression=0, palette=b"", masks=b"", core=False):
    """A BMP by hand: rows are bytes from the bottom up, or from the top down for a negative height."""
    if core:
        header = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        size = 40 + len(masks) if len(masks) == 16 else 40
        header = struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, compression, len(rows), 0, 0, 0, 0)
    start = 14 + len(header) + len(masks) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + header + masks + palette + rows


def bmps():
    color, gray = image(), image(1)[..., 0]
    add("bmp rgb 24", saved(Image.fromarray(color), "BMP"))
    add("bmp gray 8", saved(Image.fromarray(gray), "BMP"))
    add("bmp bilevel", saved(Image.fromarray(gray).convert("1"), "BMP"))
    add("bmp palette 8", saved(Image.fromarray(color).quantize(200), "BMP"))
    add("bmp rgb alpha 32", saved(Image.fromarray(image(4), "RGBA"), "BMP"))

    def packed(values, size):
        return b"".join(row.astype(f"<u{size}").tobytes() + b"\0" * (-len(row) * size % 4) for row in values)

    wide = image(4).astype(np.uint32)
    blue, green, red = wide[..., 2], wide[..., 1], wide[..., 0]
    words = (red >> 3) << 10 | (green >> 3) << 5 | blue >> 3
    add("bmp 555", bmp(WIDTH, HEIGHT, 16, packed(words[::-1], 2)))
    words = (red >> 3) << 11 | (green >> 2) << 5 | blue >> 3
    masks = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    add("bmp 565", bmp(WIDTH, HEIGHT, 16, packed(words[::-1], 2), compression=3, masks=masks))
    longs = red << 16 | green << 8 | blue
    add("bmp rgb 32", bmp(WIDTH, HEIGHT, 32, packed(longs[::-1], 4)))
    add("bmp top down", bmp(WIDTH, -HEIGHT, 32, packed(longs, 4)))
    masks = struct.pack("<IIII", 0xFF000000, 0x00FF0000, 0x0000FF00, 0x000000FF)
    longs = red << 24 | green << 16 | blue << 8 | wide[..., 3]
    add("bmp masks with alpha", bmp(WIDTH, HEIGHT, 32, packed(longs[::-1], 4), compression=3, masks=masks))

    entries = generator.integers(0, 256, (16, 3), dtype=np.uint8)
    quads = b"".join(bytes(entry[::-1]) + b"\0" for entry in entries)
    triples = b"".join(bytes(entry[::-1]) for entry in entries)
    nibbles = np.pad(image(1, top=16)[..., 0], ((0, 0), (0, 3)))
    pairs = nibbles[:, ::2] << 4 | nibbles[:, 1::2]
    add("bmp palette 4", bmp(WIDTH, HEIGHT, 4, packed(pairs[::-1], 1), palette=quads))
    add("bmp os/2", bmp(WIDTH, HEIGHT, 4, packed(pairs[::-1], 1), palette=triples, core=True))

    # Runs, a literal run of an odd length, a move, and rows that end early.
    runs = b""
    indices = np.zeros((HEIGHT, WIDTH), np.uint8)
    for row in range(HEIGHT):
        start, length = row % 4, 5 + row % 7
        runs += bytes([length, row % 16]) + bytes([0, 3, 1, 2, 3, 0])
        indices[row, :length] = row % 16
        indices[row, length : length + 3] = [1, 2, 3]
        runs += bytes([0, 2, start, 0, 2, 5, 0, 0])
        indices[row, length + 3 + start : length + 5 + start] = 5
    flat = np.vstack([entries[:16], np.zeros((240, 3), np.uint8)])
    quads8 = b"".join(bytes(entry[::-1]) + b"\0" for entry in flat)
    add("bmp rle 8", bmp(WIDTH, HEIGHT, 8, runs + b"\0\1", compression=1, palette=quads8), rgb=flat[indices[::-1]])
    runs = b""
    indices = np.zeros((HEIGHT, WIDTH), np.uint8)
    for row in range(HEIGHT):
        runs += bytes([7, 0x3A]) + bytes([0, 5, 0x12, 0x34, 0x50, 0]) + bytes([0, 0])
        indices[row, :12] = [3, 10, 3, 10, 3, 10, 3, 1, 2, 3, 4, 5]
    add("bmp rle 4", bmp(WIDTH, HEIGHT, 4, runs + b"\0\1", compression=2, palette=quads), rgb=entries[indices[::-1]])


jpegs()
pngs()
tiffs()
netpbms()
after = encoded()
bmps()
path = sys.argv[1] if len(sys.argv) > 1 else "Tests/MMRetinalDataTests/Goldens/images.json"
with open(path, "w") as file:
    json.dump({"cases": cases, "encoded": after}, file, indent=0)
print(len(cases), "cases")
