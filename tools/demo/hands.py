# SPDX-License-Identifier: Apache-2.0
"""Pictures of 19 hand gestures: emoji of an OFL font where it has the gesture, hands drawn here where it has not.

In: class name and a seeded random generator. Out: an RGB picture with random background, rotation, scale, lighting and noise.
Used by train.py; needs Pillow, numpy and the font "Noto Color Emoji" (Debian: fonts-noto-color-emoji).
"""
import functools
import math
import subprocess

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

CLASSES = ["call", "dislike", "fist", "four", "like", "mute", "no_gesture", "ok", "one", "palm", "peace", "peace_inverted", "rock", "stop",
           "stop_inverted", "three", "three2", "two_up", "two_up_inverted"]
# One or more emoji a class, and how far the glyph is turned before anything else.
GLYPHS = {
    "call": (["\U0001F919"], 0), "dislike": (["\U0001F44E"], 0), "fist": (["\u270A", "\U0001F44A"], 0), "like": (["\U0001F44D"], 0),
    "mute": (["\U0001F92B"], 0), "ok": (["\U0001F44C"], 0), "one": (["\u261D"], 0), "palm": (["\U0001F590"], 0), "peace": (["\u270C"], 0),
    "peace_inverted": (["\u270C"], 180), "rock": (["\U0001F918"], 0), "stop": (["\u270B"], 0), "stop_inverted": (["\u270B"], 180),
    "no_gesture": (["\U0001F642", "\U0001F610", "\U0001F600", "\u2600", "\U0001F333", "\U0001F697", "\U0001F3E0", "\u2615"], 0),
}
# Drawn hands: for thumb, index, middle, ring, little: (angle in degrees from upright, length as a share of the palm), 0: folded.
FINGERS = {
    "four": [None, (-14, 1.25), (-4, 1.4), (6, 1.3), (18, 1.05)],
    "three": [None, (-16, 1.25), (0, 1.4), (16, 1.25), None],
    "three2": [(-62, 1.0), (-14, 1.25), (4, 1.4), None, None],
    "two_up": [None, (-3, 1.3), (3, 1.38), None, None],
    "two_up_inverted": [None, (-3, 1.3), (3, 1.38), None, None],
}
SKIN = [(255, 213, 170), (241, 194, 125), (224, 172, 105), (198, 134, 66), (141, 85, 36), (255, 204, 77)]
GLYPH_PIXELS = 109  # the font's one bitmap size


@functools.cache
def font():
    path = subprocess.run(["fc-match", "-f", "%{file}", "Noto Color Emoji"], capture_output=True, text=True, check=True).stdout
    return ImageFont.truetype(path, GLYPH_PIXELS)


@functools.cache
def glyph(text):
    image = Image.new("RGBA", (160, 160), (0, 0, 0, 0))
    ImageDraw.Draw(image).text((80, 80), text, font=font(), embedded_color=True, anchor="mm")
    box = image.getbbox()
    assert box, f"the font has no glyph for {text!r}"
    return image.crop(box)


def tint(image, rng):
    """Gives the emoji's yellow another skin tone now and then."""
    if rng.random() < 0.35:
        return image
    rgba = np.asarray(image).astype(np.float32)
    tone = np.array(SKIN[rng.integers(len(SKIN))], np.float32) / np.array([255.0, 204.0, 77.0], np.float32)
    rgba[..., :3] = np.clip(rgba[..., :3] * np.minimum(tone, 1.6), 0, 255)
    return Image.fromarray(rgba.astype(np.uint8), "RGBA")


def drawn_hand(fingers, rng):
    """A palm and fingers as thick rounded lines, four times too large, then reduced."""
    size, palm = 640, 120
    image = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    skin = SKIN[rng.integers(len(SKIN))]
    edge = tuple(int(v * 0.72) for v in skin)
    centre = (size / 2, size * 0.66)

    def limb(start, end, width):
        for colour, extra in ((edge, 8), (skin, 0)):
            w = width + extra
            draw.line([start, end], fill=colour, width=int(w))
            for x, y in (start, end):
                draw.ellipse([x - w / 2, y - w / 2, x + w / 2, y + w / 2], fill=colour)

    limb((centre[0], centre[1] + palm), (centre[0], centre[1] + palm * 1.35), palm * 1.15)
    for i, finger in enumerate(fingers):
        if not finger:
            continue
        angle, length = math.radians(finger[0] + rng.normal() * 2), finger[1] * palm * 1.1 * (1 + 0.05 * rng.normal())
        base = (centre[0] - palm * 0.85, centre[1] + palm * 0.1) if i == 0 else (centre[0] + (i - 2.5) * palm * 0.47, centre[1] - palm * 0.75)
        limb(base, (base[0] + math.sin(angle) * length, base[1] - math.cos(angle) * length), palm * (0.44 if i else 0.48))
    draw.rounded_rectangle([centre[0] - palm - 8, centre[1] - palm - 8, centre[0] + palm + 8, centre[1] + palm + 8], 60, fill=edge)
    draw.rounded_rectangle([centre[0] - palm, centre[1] - palm, centre[0] + palm, centre[1] + palm], 56, fill=skin)
    for i, finger in enumerate(fingers):  # folded fingers lie on the palm
        if finger:
            continue
        x = centre[0] + (i - 2.5) * palm * 0.47
        if i == 0:
            limb((centre[0] - palm * 0.7, centre[1] + palm * 0.35), (centre[0] + palm * 0.15, centre[1] + palm * 0.1), palm * 0.36)
        else:
            limb((x, centre[1] - palm * 0.78), (x, centre[1] - palm * 0.3), palm * 0.4)
    return image.resize((160, 160), Image.LANCZOS).crop(image.resize((160, 160)).getbbox())


def background(size, rng):
    """A gradient, blurred blocks or coarse noise."""
    kind = rng.integers(3)
    a, b = rng.integers(0, 256, (2, 3))
    if kind == 0:
        t = np.linspace(0, 1, size)[:, None, None] if rng.random() < 0.5 else np.linspace(0, 1, size)[None, :, None]
        rgb = np.broadcast_to(a * (1 - t) + b * t, (size, size, 3))
        return Image.fromarray(rgb.astype(np.uint8))
    if kind == 1:
        image = Image.new("RGB", (size, size), tuple(int(v) for v in a))
        draw = ImageDraw.Draw(image)
        for _ in range(int(rng.integers(3, 9))):
            x0, y0 = rng.integers(-size // 4, size, 2)
            w, h = rng.integers(size // 8, size, 2)
            draw.rectangle([int(x0), int(y0), int(x0 + w), int(y0 + h)], fill=tuple(int(v) for v in rng.integers(0, 256, 3)))
        return image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 4))))
    coarse = rng.integers(0, 256, (6, 6, 3)).astype(np.uint8)
    return Image.fromarray(coarse).resize((size, size), Image.BICUBIC)


def picture(name, size, rng):
    """One picture of class `name`, size x size, RGB."""
    if name in GLYPHS:
        texts, turn = GLYPHS[name]
        hand = tint(glyph(texts[rng.integers(len(texts))]), rng)
    else:
        hand, turn = drawn_hand(FINGERS[name], rng), 180 if name.endswith("inverted") else 0
    image = background(size, rng).convert("RGB")
    if not (name == "no_gesture" and rng.random() < 0.4):
        if rng.random() < 0.5 and name != "three2":
            hand = hand.transpose(Image.FLIP_LEFT_RIGHT)
        scale = size * rng.uniform(0.55, 0.9) / max(hand.size)
        hand = hand.resize((max(1, int(hand.width * scale)), max(1, int(hand.height * scale))), Image.LANCZOS)
        hand = hand.rotate(turn + float(rng.uniform(-20, 20)), Image.BICUBIC, expand=True)
        room = [max(1, size - v) for v in hand.size]
        image.paste(hand, (int(rng.integers(room[0])), int(rng.integers(room[1]))), hand)
    rgb = np.asarray(image).astype(np.float32)
    rgb = (rgb - 128) * rng.uniform(0.6, 1.15) + 128 + rng.uniform(-35, 35)  # contrast and exposure
    rgb *= 1 + 0.12 * rng.normal(size=3)  # white balance
    rgb += rng.normal(size=rgb.shape) * rng.uniform(0, 12)
    image = Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8))
    return image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 1.0))))
