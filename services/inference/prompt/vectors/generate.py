#!/usr/bin/env python3
"""Writes how many tokens tiktoken, OpenAI's own library, counts in texts (`pip install tiktoken`), the
judge of prompt/bpe.h and of catalogue/token_scales.h: `generate.py o200k_base.tiktoken
cl100k_base.tiktoken`, with the published tables of ranks.

bpe.json: texts of chance, and those of kinds.json, over the first 2,000 ranks of o200k_base, which are
bpe.tiktoken. kinds.json: texts as people write them, by kind, over the whole of both tables; its texts are
written by hand and stay."""

import base64
import json
import pathlib
import random
import sys

import tiktoken

CL100K = (r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"""
          r""" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""")
WORD = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
O200K = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+" + WORD,
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*" + WORD,
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])
TEXTS = [
    "", "Hello, world!", "I build telescopes in Turin, and I love clear nights.",
    "It's 12:34 on 2026-11-26; that'll do.  Two  spaces,\ttabs\t\tand\n\n\nlines\r\n\r\n  x ",
    "DON'T SHOUT, we'Re here", "camelCaseAndHTTPServer2 snake_case -- a/b//c/ \n/",
    "Grüße aus Köln, à bientôt, señor!", "Привет, как дела?", "你好，世界。今天天气很好。", "こんにちは世界、ありがとう",
    "مرحبا بالعالم", "नमस्ते दुनिया", "😀😀 family: 👨‍👩‍👧", "a\u00a0b\u2003c\u3000d\u0085e", "１２３４ ½ ⅷ ٣٤٥",
    "e\u0301 combining n\u0303", "ǅ ʰ titlecase and modifier", "x" * 300, "   ", "\n", " \n ", "a  \n  b",
]


PATTERNS = {"cl100k": CL100K, "o200k": O200K}


def ranks_of(lines):
    return {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines)}


def encoding_of(name, ranks):
    return tiktoken.Encoding(name, pat_str=PATTERNS[name], mergeable_ranks=ranks, special_tokens={})


def count_kinds(file, ranks):
    document = json.loads(file.read_text())
    for name in PATTERNS:
        encoding = encoding_of(name, ranks[name])
        for kind in document["kinds"]:
            kind[name] = [len(encoding.encode(text)) for text in kind["texts"]]
    document["source"] = f"tiktoken {tiktoken.__version__}"
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return document["kinds"]


def main():
    folder = pathlib.Path(__file__).parent
    o200k, cl100k = (pathlib.Path(name).read_bytes().splitlines() for name in sys.argv[1:])
    kinds = count_kinds(folder / "kinds.json", {"cl100k": ranks_of(cl100k), "o200k": ranks_of(o200k)})
    lines = o200k[:2000]
    (folder / "bpe.tiktoken").write_bytes(b"\n".join(lines) + b"\n")
    ranks = ranks_of(lines)
    random.seed(4)
    alphabet = "abc xyzABC '012.,/\n\r\té你😀\u00a0"
    texts = TEXTS + ["".join(random.choice(alphabet) for _ in range(random.randint(1, 60)))
                     for _ in range(200)]
    texts += [text for kind in kinds for text in kind["texts"]]
    counts = {}
    for name in PATTERNS:
        encoding = encoding_of(name, ranks)
        counts[name] = [len(encoding.encode(text)) for text in texts]
    document = {"source": f"tiktoken {tiktoken.__version__}", "texts": texts, **counts}
    (folder / "bpe.json").write_text(json.dumps(document, indent=0) + "\n")


if __name__ == "__main__":
    main()
