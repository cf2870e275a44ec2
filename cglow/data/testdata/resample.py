"""Writes resample.json: what Pillow's Image.resize makes of a small pattern.

Run: python3 resample.py > resample.json
Pillow 11.3.0 wrote the committed file. Pillow 13 sometimes filters rows before
columns, which moves single values by 1.
"""
import json
from PIL import Image

W, H = 13, 9
pattern = [(37 * x + 71 * y + (x * x * y) % 53 * 4) % 256 for y in range(H) for x in range(W)]
image = Image.new("L", (W, H))
image.putdata(pattern)
cases = []
for name, method in (("bilinear", Image.Resampling.BILINEAR), ("bicubic", Image.Resampling.BICUBIC)):
    for w, h in ((5, 4), (13, 3), (4, 9), (26, 18), (17, 5)):
        cases.append({"filter": name, "w": w, "h": h, "pix": list(image.resize((w, h), method).tobytes())})
print(json.dumps({"w": W, "h": H, "pix": pattern, "cases": cases}))
