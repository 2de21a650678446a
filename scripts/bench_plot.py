"""Draws a table of speeds as an SVG: a group of bars for each kernel, on a logarithmic scale.

write(path, names, rows): names of the emulators; rows of (kernel, [MIPS or None, one an emulator])."""
import math

COLOURS = ["#1b6ca8", "#c8553d", "#7a9e5f", "#8d6a9f", "#a89b3c"]
LEFT, WIDTH, TOP, BAR, GAP = 90, 640, 46, 9, 7


def write(path, names, rows):
    speeds = [v for _, values in rows for v in values if v]
    if not speeds:
        return
    low = math.floor(math.log10(min(speeds)))
    high = max(math.ceil(math.log10(max(speeds))), low + 1)
    group = BAR * len(names) + GAP
    bottom = TOP + group * len(rows)

    def x_of(speed):
        return LEFT + WIDTH * (math.log10(speed) - low) / (high - low)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 60}" height="{bottom + 30}" '
           'font-family="sans-serif" font-size="11">',
           f'<rect width="100%" height="100%" fill="white"/>',
           f'<text x="{LEFT}" y="14">guest MIPS per CPU second (logarithmic)</text>']
    for i, name in enumerate(names):
        x = LEFT + 130 * i
        out.append(f'<rect x="{x}" y="22" width="10" height="10" fill="{COLOURS[i % len(COLOURS)]}"/>'
                   f'<text x="{x + 14}" y="31">{name}</text>')
    for power in range(low, high + 1):
        x = x_of(10 ** power)
        out.append(f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{bottom}" stroke="#ccc"/>'
                   f'<text x="{x:.1f}" y="{bottom + 14}" text-anchor="middle">{10.0 ** power:g}</text>')
    for r, (kernel, values) in enumerate(rows):
        y = TOP + r * group
        out.append(f'<text x="{LEFT - 6}" y="{y + group / 2 + 2:.1f}" text-anchor="end">{kernel}</text>')
        for i, speed in enumerate(values):
            if not speed:
                continue
            end = x_of(speed)
            out.append(f'<rect x="{LEFT}" y="{y + i * BAR}" width="{max(end - LEFT, 1):.1f}" height="{BAR - 1}" '
                       f'fill="{COLOURS[i % len(COLOURS)]}"/>'
                       f'<text x="{end + 3:.1f}" y="{y + i * BAR + 8}" font-size="9">{speed:.3g}</text>')
    out.append("</svg>")
    with open(path, "w") as file:
        file.write("\n".join(out) + "\n")
