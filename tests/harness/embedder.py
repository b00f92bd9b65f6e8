"""What makes vectors in tests: each word has a meaning, and texts that share one are alike.

    table_file(path)                            # a table of DRAMATIS_EMBEDDER=table:FILE
    with EmbeddingServer() as server:           # /v1/embeddings of OpenAI's API
        settings = server.settings()
        server.texts, server.failing = [], True
"""

import json
import math
import re
import struct

from tests.harness.stub_server import StubServer

# Words of one line mean the same.
MEANINGS = [
    ["cat", "pet", "kitten"],
    ["nurse", "hospital", "job"],
    ["lisbon", "portugal"],
    ["cello", "instrument"],
]


def meaning_of(word):
    return next((axis for axis, words in enumerate(MEANINGS) if word in words), None)


def vector_of(text):
    vector = [0.0] * len(MEANINGS)
    for word in re.findall(r"\w+", text.lower()):
        axis = meaning_of(word)
        if axis is not None:
            vector[axis] += 1
    length = math.sqrt(sum(component ** 2 for component in vector))
    return [component / length for component in vector] if length else vector


def table_file(path, first=0):
    """`first`: a table of another name whose meanings stand in another order."""
    words = [word for line in MEANINGS for word in line]
    rows = []
    for word in words:
        row = [0.0] * len(MEANINGS)
        row[(meaning_of(word) + first) % len(MEANINGS)] = 1.0
        rows.append(struct.pack(f"<{len(row)}e", *row))
    vocabulary = "".join(word + "\n" for word in words).encode()
    path.write_bytes(b"DRTABLE1" + struct.pack("<III", len(rows), len(MEANINGS), len(vocabulary)) +
                     vocabulary + b"".join(rows))
    return path


class EmbeddingServer:
    MODEL = "embed-small"

    def __enter__(self):
        self.texts = []
        self.keys = set()
        self.failing = False
        self._server = StubServer(self._answer)
        return self

    def __exit__(self, *_):
        self._server.stop()

    def _answer(self, request):
        self.keys.add(request.headers["Authorization"])
        if self.failing or request.path != "/v1/embeddings":
            return 500, {"error": {"message": "broken"}}
        body = json.loads(request.body)
        self.texts += body["input"]
        data = [{"index": index, "embedding": vector_of(text)}
                for index, text in enumerate(body["input"])]
        tokens = sum(len(text.split()) for text in body["input"])
        return 200, {"data": data, "model": body["model"],
                     "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}

    def settings(self):
        """A million micros for a token of a text."""
        return {
            "OPENAI_BASE_URL": f"{self._server.url}/v1",
            "OPENAI_API_KEY": "sk-embed-0123456789",
            "DRAMATIS_OPENAI_MODELS": f"{self.MODEL}@8000@1000000/0",
            "DRAMATIS_EMBEDDER": f"openai/{self.MODEL}",
            "DRAMATIS_MODEL": "local",
            "DRAMATIS_MEMORY_MODEL": "local",
        }
