"""A small HTTP server of a test's own: one function answers whatever it is asked.

    with StubServer(lambda request: (200, {"path": request.path})) as server:
        server.url                                  # http://127.0.0.1:40123

A request has `command`, `path`, `headers`, and `body`, which is bytes. An answer is a status and a
body, either a document of JSON or bytes and their media type: `200, b"...", "text/event-stream"`.
Requests are answered in threads of their own.
"""

import http.server
import json
import threading


class StubServer:
    def __init__(self, answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, body, *kind = answer(self)
                if not kind:
                    body, kind = json.dumps(body).encode(), ["application/json"]
                self.send_response(status)
                self.send_header("Content-Type", kind[0])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
