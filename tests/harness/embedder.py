"""What makes vectors in tests: each word has a meaning, and texts that share one are alike.

    table_file(path)                            # a table of DRAMATIS_EMBEDDER=table:FILE
    with EmbeddingServer() as server:           # /v1/embeddings of OpenAI's API
        settings = server.settings()
        server.texts, server.failing = [], True
"""

import http.server
import json
import math
import re
import struct
import threading

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
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.keys.add(self.headers["Authorization"])
                if outer.failing or self.path != "/v1/embeddings":
                    return self.answer(500, {"error": {"message": "broken"}})
                outer.texts += body["input"]
                data = [{"index": index, "embedding": vector_of(text)}
                        for index, text in enumerate(body["input"])]
                tokens = sum(len(text.split()) for text in body["input"])
                return self.answer(200, {"data": data, "model": body["model"],
                                         "usage": {"prompt_tokens": tokens, "total_tokens": tokens}})

            def answer(self, status, document):
                payload = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def settings(self):
        """A million micros for a token of a text."""
        return {
            "OPENAI_BASE_URL": f"http://127.0.0.1:{self._server.server_address[1]}/v1",
            "OPENAI_API_KEY": "sk-embed-0123456789",
            "DRAMATIS_OPENAI_MODELS": f"{self.MODEL}@8000@1000000/0",
            "DRAMATIS_EMBEDDER": f"openai/{self.MODEL}",
            "DRAMATIS_MODEL": "local",
            "DRAMATIS_MEMORY_MODEL": "local",
        }
