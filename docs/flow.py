"""Draw docs/flow.svg, the picture of the stages in the README."""

from pathlib import Path

BOXES = [  # stage, what it makes, left, top, colour
    ("index", "videos, tracks, labels", 20, 90, "#e8e8e8"),
    ("track", "where the animal is", 190, 90, "#cfe3f3"),
    ("crop", "a square around it", 360, 90, "#cfe3f3"),
    ("extract", "frozen network, once", 530, 90, "#cfe3f3"),
    ("train", "a light head, minutes", 700, 90, "#fbe3c4"),
    ("evaluate", "scores, intervals", 870, 35, "#d7ecd2"),
    ("predict", "tags, bouts", 870, 145, "#d7ecd2"),
]
ARROWS = [  # corners of each line, as x, y pairs
    (160, 116, 188, 116),
    (330, 116, 358, 116),
    (500, 116, 528, 116),
    (670, 116, 698, 116),
    (840, 106, 868, 66),
    (840, 126, 868, 166),
    (90, 90, 90, 45, 770, 45, 770, 88),
]
WORDS = [  # text, x, y
    ("labels go to the heads only: a changed label moves no pixel", 430, 36),
    ("pixels: computed once, kept by content", 430, 196),
    ("sequences: again any time", 765, 196),
]
BRACKETS = [(190, 670), (700, 840)]


def main() -> None:
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1030 215" font-family="Helvetica, Arial, sans-serif" role="img">',
        "<title>Videos are cropped and embedded once; light heads are trained on the kept embeddings</title>",
        '<rect width="1030" height="215" fill="white"/>',
        '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="6" refY="3" orient="auto">',
        '<path d="M0,0 L6,3 L0,6 z" fill="#555"/></marker></defs>',
        *(box(*values) for values in BOXES),
        *(arrow(corners) for corners in ARROWS),
        *(f'<path d="M{left},165 v10 H{right} v-10" fill="none" stroke="#999"/>' for left, right in BRACKETS),
        *(f'<text x="{x}" y="{y}" font-size="13" fill="#444" text-anchor="middle">{text}</text>' for text, x, y in WORDS),
        "</svg>",
    ]
    Path(__file__).with_name("flow.svg").write_text("\n".join(parts) + "\n", encoding="utf-8")


def box(stage: str, what: str, left: int, top: int, colour: str) -> str:
    middle = left + 70
    return (
        f'<rect x="{left}" y="{top}" width="140" height="52" rx="8" fill="{colour}" stroke="#666"/>'
        f'<text x="{middle}" y="{top + 22}" font-size="16" font-weight="bold" text-anchor="middle">{stage}</text>'
        f'<text x="{middle}" y="{top + 41}" font-size="12" fill="#333" text-anchor="middle">{what}</text>'
    )


def arrow(corners: tuple[int, ...]) -> str:
    points = " ".join(f"{x},{y}" for x, y in zip(corners[::2], corners[1::2], strict=True))
    return f'<polyline points="{points}" fill="none" stroke="#555" stroke-width="1.5" marker-end="url(#tip)"/>'


if __name__ == "__main__":
    main()
