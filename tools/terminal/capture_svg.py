#!/usr/bin/env python3
"""Turns what `tmux capture-pane -ep` prints into a picture.

    tmux capture-pane -ep -t session | tools/terminal/capture_svg.py --columns 90 --title "cllm train" > terminal.svg

Knows bold, faint and the sixteen colours; everything else of SGR is left out. East Asian wide characters take two
columns, combining ones none.
"""
import argparse
import html
import re
import sys
import unicodedata

COLUMN, ROW, SIZE, MARGIN, BAR = 8.4, 19, 14, 16, 34
COLOURS = ["#484f58", "#ff7b72", "#7ee787", "#f2cc60", "#79c0ff", "#d2a8ff", "#76e3ea", "#c9d1d9",
           "#6e7681", "#ffa198", "#a5f3b0", "#f9e2a0", "#a5d6ff", "#e2c5ff", "#b3f0ff", "#f0f6fc"]


def columns_of(text):
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) != 0 for c in text)


def runs(line, style):
    """The line's pieces with their styles; style goes on into the next line."""
    for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
        if not piece.startswith("\x1b["):
            if piece:
                yield piece, dict(style)
            continue
        for code in map(int, (piece[2:-1] or "0").split(";")):
            if code == 0:
                style.clear()
            elif code == 1:
                style["bold"] = True
            elif code == 2:
                style["faint"] = True
            elif code == 22:
                style.pop("bold", None), style.pop("faint", None)
            elif 30 <= code <= 37:
                style["colour"] = COLOURS[code - 30]
            elif 90 <= code <= 97:
                style["colour"] = COLOURS[code - 82]
            elif code == 39:
                style.pop("colour", None)


def picture(lines, columns, title):
    width = columns * COLUMN + 2 * MARGIN
    height = len(lines) * ROW + BAR + MARGIN
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
           f'height="{height:.0f}" role="img" aria-label="{html.escape(title)}">',
           '<rect width="100%" height="100%" rx="8" fill="#0d1117"/>',
           f'<text x="{width / 2:.0f}" y="21" fill="#8b949e" font-family="sans-serif" font-size="13" '
           f'text-anchor="middle">{html.escape(title)}</text>']
    out += [f'<circle cx="{MARGIN + 18 * i}" cy="17" r="5.5" fill="{c}"/>'
            for i, c in enumerate(("#ff5f57", "#febc2e", "#28c840"))]
    out.append(f'<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="{SIZE}" fill="#c9d1d9" '
               'xml:space="preserve">')
    style = {}
    for row, line in enumerate(lines):
        column = 0
        for text, look in runs(line, style):
            taken = columns_of(text)
            if text.strip():
                more = f' fill="{look["colour"]}"' if "colour" in look else ""
                more += ' font-weight="bold"' if look.get("bold") else ""
                more += ' opacity="0.6"' if look.get("faint") else ""
                out.append(f'<text x="{MARGIN + column * COLUMN:.1f}" y="{BAR + (row + 0.8) * ROW:.1f}" '
                           f'textLength="{taken * COLUMN:.1f}" lengthAdjust="spacingAndGlyphs"{more}>'
                           # Blanks that no viewer makes one of, as some do whatever xml:space says.
                           f'{html.escape(text).replace(" ", chr(0xA0))}</text>')
            column += taken
    return "\n".join(out + ["</g>", "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--columns", type=int, default=80, help="of the terminal that was captured")
    parser.add_argument("--title", default="terminal")
    options = parser.parse_args()
    lines = sys.stdin.read().rstrip("\n").split("\n")
    sys.stdout.write(picture(lines, options.columns, options.title))


if __name__ == "__main__":
    main()
