"""A table of vectors as DRAMATIS_EMBEDDER takes it: services/inference/embedding/table.h."""

import struct

WORDS = {"storm": (1, 0, 0), "gale": (.9, .4, 0), "tea": (0, 0, 1), "green": (0, .1, 1)}


def write_table(path):
    """Writes one of a few words with three components; answers the setting that takes it."""
    vocabulary = "\n".join(WORDS).encode() + b"\n"
    rows = b"".join(struct.pack("<3e", *vector) for vector in WORDS.values())
    path.write_bytes(b"DRTABLE1" + struct.pack("<3I", len(WORDS), 3, len(vocabulary)) +
                     vocabulary + rows)
    return {"DRAMATIS_EMBEDDER": f"table:{path}"}
