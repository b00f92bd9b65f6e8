"""A table of `llvm-cov export --summary-only`: lines and branches by folder of our own sources.

    coverage_table.py build/coverage/summary.json
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("shared", "services", "gateway")
# Of tests themselves.
NOT_COUNTED = ("_test.cc", "_fuzz.cc")


def folder_of(path):
    """The row that a source file belongs to; None for what is not ours or is a test's."""
    parts = path.parts
    if parts[0] not in FOLDERS or path.name.endswith(NOT_COUNTED) or "testing" in parts:
        return None
    return "/".join(parts[:1] if parts[0] == "gateway" else parts[:2])


def rows(files, root=ROOT):
    """By folder: [lines, lines that ran, branches, branches that ran]."""
    found = {}
    for file in files:
        path = pathlib.Path(file["filename"])
        if not path.is_relative_to(root):
            continue
        folder = folder_of(path.relative_to(root))
        if folder is None:
            continue
        row = found.setdefault(folder, [0, 0, 0, 0])
        summary = file["summary"]
        for index, kind in ((0, "lines"), (2, "branches")):
            row[index] += summary[kind]["count"]
            row[index + 1] += summary[kind]["covered"]
    return dict(sorted(found.items()))


def share(covered, count):
    return f"{100 * covered / count:.1f} %" if count else "-"


def table(found):
    lines = ["| Folder | Lines | run | Branches | run |", "|---|---|---|---|---|"]
    total = [sum(row[index] for row in found.values()) for index in range(4)]
    for folder, row in [*found.items(), ("all", total)]:
        lines.append(f"| {folder} | {row[0]} | {share(row[1], row[0])} | {row[2]} | "
                     f"{share(row[3], row[2])} |")
    return "\n".join(lines)


if __name__ == "__main__":
    report = json.loads(pathlib.Path(sys.argv[1]).read_text())
    print(table(rows(report["data"][0]["files"])))
