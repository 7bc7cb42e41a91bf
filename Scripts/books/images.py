"""Images of synthetic books: a pool of rendered fundus images, decoys, composites."""

import csv
import pathlib

from PIL import Image, ImageDraw, ImageFilter, ImageFont

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"


class Pool:
    """Images that `keepfit data synthesize` rendered, by modality; none is given twice."""

    def __init__(self, folder, random):
        self.random = random
        self.files = {"CFP": [], "FFA": [], "OCT": []}
        for name, modality in (("expert", "CFP"), ("expert_ffa", "FFA"), ("expert_oct", "OCT"), ("public", "CFP")):
            manifest = pathlib.Path(folder, "manifests", name + ".csv")
            if manifest.exists():
                with open(manifest, encoding="utf-8") as file:
                    self.files[modality] += [pathlib.Path(folder, row["image"]) for row in csv.DictReader(file)]
        for modality, files in self.files.items():
            if not files:
                raise SystemExit(f"{folder}: no {modality} images; make them with: keepfit data synthesize --out "
                                 f"{folder} --size 320 --expert-count 400 --angiogram-count 300 --tomogram-count 200")
            random.shuffle(files)
        self.next = dict.fromkeys(self.files, 0)

    def image(self, modality):
        """The next image of a modality, cropped to a shape that books use."""
        if modality == "other":
            return decoy(self.random)
        files = self.files[modality]
        index = self.next[modality]
        self.next[modality] += 1
        image = Image.open(files[index % len(files)]).convert("RGB")
        if index >= len(files):  # used before: another view of it
            image = image.rotate(90 * (index // len(files) % 4)) if modality != "OCT" else image.transpose(
                Image.Transpose.FLIP_LEFT_RIGHT)
        width, height = image.size
        random = self.random
        if modality == "OCT":
            part = random.uniform(0.45, 0.62)
            image = image.crop((0, int(height * (0.97 - part)), width, int(height * 0.97)))
            style = random.random()
            if style < 0.15:
                image = Image.eval(image, lambda v: 255 - v)
            elif style < 0.35:
                image = false_color(image)
        elif random.random() < 0.6:
            part = random.uniform(0.66, 0.95)
            cut = int(height * (1 - part) / 2)
            image = image.crop((0, cut, width, height - cut))
        if modality == "CFP":
            return image
        return image if image.getextrema()[0] != image.getextrema()[2] else image.convert("L").convert("RGB")


def false_color(image):
    """A gray image in the rainbow colors of tomographs: black, blue, green, yellow, red, white."""
    stops = [(0, (0, 0, 10)), (60, (0, 0, 190)), (110, (0, 190, 90)), (165, (250, 240, 0)), (225, (240, 20, 0)),
             (255, (255, 255, 255))]
    table = [[], [], []]
    for value in range(256):
        for (low, first), (high, second) in zip(stops, stops[1:]):
            if low <= value <= high:
                part = (value - low) / (high - low)
                for channel in range(3):
                    table[channel].append(int(first[channel] + part * (second[channel] - first[channel])))
                break
    gray = image.convert("L")
    return Image.merge("RGB", [gray.point(channel) for channel in table])


def decoy(random, kind=None):
    """An image that is no retinal image: a graph, ultrasound, a visual field, a histologic section."""
    kind = kind or random.choice(["graph", "bars", "ultrasound", "field", "histology"])
    width, height = random.randint(300, 420), random.randint(240, 320)
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    if kind in ("graph", "bars"):
        draw.line([(40, 15), (40, height - 30), (width - 15, height - 30)], fill="black", width=2)
        for series in range(random.randint(1, 3)):
            color = random.choice(["black", "#0072B2", "#D55E00", "#009E73"])
            values = [random.uniform(0.1, 0.9) for _ in range(8)]
            points = [(50 + i * (width - 80) // 8, height - 30 - v * (height - 60)) for i, v in enumerate(values)]
            if kind == "graph":
                draw.line(points, fill=color, width=2)
            else:
                for x, y in points:
                    draw.rectangle([x + 6 * series, y, x + 6 * series + 5, height - 31], fill=color)
        for i in range(5):
            draw.text((12, 20 + i * (height - 70) // 4), str(100 - 25 * i), fill="black")
    elif kind == "ultrasound":
        image = Image.new("RGB", (width, height), "black")
        noise = Image.effect_noise((width, height), 90).filter(ImageFilter.GaussianBlur(1.2))
        fan = Image.new("L", (width, height), 0)
        pen = ImageDraw.Draw(fan)
        pen.pieslice([-width * 0.1, -height * 0.8, width * 1.1, height * 0.97], 40, 140, fill=120)
        pen.ellipse([width * 0.25, height * 0.2, width * 0.75, height * 0.75], fill=12)
        pen.ellipse([width * 0.4, height * 0.62, width * 0.62, height * 0.85], fill=random.randint(120, 220))
        image = Image.composite(noise.convert("RGB"), image, fan.filter(ImageFilter.GaussianBlur(2)))
    elif kind == "field":
        center = (width / 2, height / 2)
        for _ in range(2600):
            x, y = random.uniform(0, width), random.uniform(0, height)
            radius = ((x - center[0]) ** 2 + (y - center[1]) ** 2) ** 0.5 / (height / 2)
            if radius < 0.95 and random.random() < (0.9 if radius < 0.25 else 0.25 + 0.5 * radius):
                draw.rectangle([x, y, x + 2, y + 2], fill="black")
        draw.line([(0, center[1]), (width, center[1])], fill="black")
        draw.line([(center[0], 0), (center[0], height)], fill="black")
    else:
        image = Image.new("RGB", (width, height), (246, 214, 232))
        draw = ImageDraw.Draw(image)
        for _ in range(40):
            y = random.randint(0, height)
            draw.line([(0, y), (width, y + random.randint(-40, 40))], fill=(235, 150 + random.randint(0, 40), 195), width=6)
        for _ in range(400):
            x, y, r = random.randint(0, width), random.randint(0, height), random.randint(2, 5)
            draw.ellipse([x - r, y - r, x + r, y + r * 0.7], fill=(95 + random.randint(0, 40), 50, 130))
        image = image.filter(ImageFilter.GaussianBlur(0.8))
    return image


def logo(random):
    image = Image.new("RGB", (64, 64), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse([4, 14, 60, 50], outline="#114477", width=5)
    draw.ellipse([22, 22, 42, 42], fill="#114477")
    return image


def ornament(random):
    image = Image.new("RGB", (240, 14), "white")
    draw = ImageDraw.Draw(image)
    for i in range(24):
        draw.polygon([(10 * i, 7), (10 * i + 5, 2), (10 * i + 10, 7), (10 * i + 5, 12)], fill="#886633")
    return image


def code(random):
    modules = 25
    image = Image.new("L", (modules, modules), 255)
    for x in range(modules):
        for y in range(modules):
            corner = any(abs(x - cx) <= 3 and abs(y - cy) <= 3 for cx, cy in ((3, 3), (21, 3), (3, 21)))
            near = [max(abs(x - cx), abs(y - cy)) for cx, cy in ((3, 3), (21, 3), (3, 21))]
            dark = (min(near) in (0, 1, 3)) if corner else random.random() < 0.5
            image.putpixel((x, y), 0 if dark else 255)
    return image.resize((150, 150), Image.Resampling.NEAREST).convert("RGB")


def background(random):
    image = Image.new("RGB", (300, 424))
    draw = ImageDraw.Draw(image)
    for y in range(424):
        draw.line([(0, y), (300, y)], fill=(235 + y // 40, 240, 250 - y // 40))
    return image


def lettered(image, letter, random):
    """The image with its letter drawn into a corner."""
    image = image.copy()
    size = max(14, image.height // 9)
    box = (6, 4) if random.random() < 0.6 else (6, image.height - size - 10)
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(FONT, size)
    fill = "white" if sum(image.getpixel((8, box[1] + 6))) < 380 else "black"
    draw.text(box, letter, fill=fill, font=font)
    return image


def fit(image, width, height):
    return image.resize((max(8, round(width)), max(8, round(height))), Image.Resampling.LANCZOS)


def composite(rows, width, gutter, color):
    """Panels in rows of one width, and the panels as they came out."""
    placed, y = [], 0
    for row in rows:
        ratio = sum(image.width / image.height for image in row)
        height = (width - gutter * (len(row) - 1)) / ratio
        x = 0.0
        for index, image in enumerate(row):
            right = width if index == len(row) - 1 else round(x + height * image.width / image.height)
            placed.append((fit(image, right - round(x), height), (round(x), y)))
            x = right + gutter
        y += round(height) + gutter
    whole = Image.new("RGB", (width, y - gutter), color)
    for image, place in placed:
        whole.paste(image, place)
    return whole, [image for image, _ in placed]


def composite_tall(images, width, gutter, color):
    """The first panel on the left, as high as two beside it."""
    right = width * 2 // 5
    stacked = [fit(image, right, right * 0.75) for image in images[1:3]]
    height = stacked[0].height + gutter + stacked[1].height
    tall = fit(cropped(images[0], (width - right - gutter) / height), width - right - gutter, height)
    whole = Image.new("RGB", (width, height), color)
    whole.paste(tall, (0, 0))
    whole.paste(stacked[0], (width - right, 0))
    whole.paste(stacked[1], (width - right, stacked[0].height + gutter))
    return whole, [tall] + stacked


def cropped(image, ratio):
    """The middle of an image in another shape."""
    width, height = image.size
    if width / height > ratio:
        wanted = round(height * ratio)
        left = (width - wanted) // 2
        return image.crop((left, 0, left + wanted, height))
    wanted = round(width / ratio)
    top = (height - wanted) // 2
    return image.crop((0, top, width, top + wanted))
