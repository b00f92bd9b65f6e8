"""An issuer whose tokens say what a test wants, which a real one would never sign: expired, for
somebody else, without a user.

    with OwnIssuer() as issuer:
        settings = issuer.settings()
        issuer.token("alice", roles=["admin"])
        issuer.token("alice", exp=0)
"""

import json
import pathlib
import subprocess
import tempfile
import time

from tests.harness.oidc import encode
from tests.harness.stub_server import StubServer


class OwnIssuer:
    url = "https://id.example.org"
    audience = "dramatis"

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="issuer.")
        self._key = pathlib.Path(self._folder.name) / "key.pem"
        self._openssl("genpkey", "-algorithm", "ed25519", "-out", self._key)
        public = self._openssl("pkey", "-in", self._key, "-pubout", "-outform", "DER")
        jwks = {"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "1",
                          "x": encode(public[-32:])}]}
        self._server = StubServer(lambda request: (200, jwks))
        return self

    def __exit__(self, *_):
        self._server.stop()
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
                f"{self._server.url}/jwks",
        }

    def token(self, user, **claims):
        header = encode({"alg": "EdDSA", "kid": "1", "typ": "at+jwt"})
        payload = encode({"iss": self.url, "aud": self.audience, "sub": user,
                          "exp": int(time.time()) + 3600, **claims})
        text = pathlib.Path(self._folder.name) / "signed"
        text.write_text(f"{header}.{payload}")
        signature = self._openssl("pkeyutl", "-sign", "-inkey", self._key, "-rawin", "-in", text)
        return f"{header}.{payload}.{encode(signature)}"
