"""An issuer whose tokens say what a test wants, which a real one would never sign: expired, for
somebody else, without a user.

    with OwnIssuer() as issuer:
        settings = issuer.settings()
        issuer.token("alice", roles=["admin"])
        issuer.token("alice", exp=0)
"""

import http.server
import json
import pathlib
import subprocess
import tempfile
import threading
import time

from tests.harness.oidc import encode


class OwnIssuer:
    url = "https://id.example.org"
    audience = "dramatis"

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="issuer.")
        self._key = pathlib.Path(self._folder.name) / "key.pem"
        self._openssl("genpkey", "-algorithm", "ed25519", "-out", self._key)
        public = self._openssl("pkey", "-in", self._key, "-pubout", "-outform", "DER")
        jwks = json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "1",
                                     "x": encode(public[-32:])}]}).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(jwks)))
                self.end_headers()
                self.wfile.write(jwks)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._folder.cleanup()

    @staticmethod
    def _openssl(*arguments, data=None):
        return subprocess.run(["openssl", *arguments], input=data, check=True,
                              capture_output=True).stdout

    def settings(self):
        return {
            "DRAMATIS_OIDC_ISSUER": self.url,
            "DRAMATIS_OIDC_AUDIENCE": self.audience,
            "DRAMATIS_OIDC_JWKS_URL":
                f"http://127.0.0.1:{self._server.server_address[1]}/jwks",
        }

    def token(self, user, **claims):
        header = encode({"alg": "EdDSA", "kid": "1", "typ": "at+jwt"})
        payload = encode({"iss": self.url, "aud": self.audience, "sub": user,
                          "exp": int(time.time()) + 3600, **claims})
        text = pathlib.Path(self._folder.name) / "signed"
        text.write_text(f"{header}.{payload}")
        signature = self._openssl("pkeyutl", "-sign", "-inkey", self._key, "-rawin", "-in", text)
        return f"{header}.{payload}.{encode(signature)}"
