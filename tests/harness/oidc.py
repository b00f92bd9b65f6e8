"""An identity provider that is not ours, and tokens that are forged.

    with Issuer() as issuer:
        token = issuer.token("alice")
        issuer.rotate()

    Forger().token({"sub": "alice"})        # signed by a key of nobody's
"""

import base64
import json
import pathlib
import subprocess
import threading
import urllib.parse
import urllib.request

from tests.harness.program import _die_with_parent

# tests/issuer, as `./dev test` installs it.
FOLDER = pathlib.Path(__file__).resolve().parents[2] / "build" / "tools" / "issuer"


class Issuer:
    """oidc-provider, an OpenID-certified one, on loopback; with a place to sign out at, or without."""

    def __init__(self, end_session=True):
        self._arguments = [] if end_session else ["no-end-session"]

    def __enter__(self):
        self._process = subprocess.Popen(
            ["node", FOLDER / "oidc_provider.mjs", *self._arguments], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, preexec_fn=_die_with_parent)
        self._lock = threading.Lock()
        self.url = json.loads(self._process.stdout.readline())["issuer"]
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def _ask(self, command):
        with self._lock:
            self._process.stdin.write(command + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def rotate(self):
        """From now on another key signs. Its id."""
        return self._ask("rotate")["rotated"]

    def fetches(self):
        """How often its keys have been asked for."""
        return self._ask("asked")["asked"]

    def exchanges(self):
        """How often tokens have been asked for."""
        return self._ask("forms")["forms"]

    def sign_outs(self):
        """How often somebody has signed out."""
        return self._ask("ended")["ended"]

    def lifetime(self, seconds):
        """Access tokens are good for so long from now on."""
        self._ask(f"lifetime {seconds}")

    def token(self, user, scope="chat personas_read personas_write memory admin"):
        """An access token: `alice`, `bob`, or `root`, who has the role admin."""
        secret = base64.b64encode(f"{user}:{user}-secret".encode()).decode()
        request = urllib.request.Request(
            f"{self.url}/token",
            urllib.parse.urlencode({"grant_type": "client_credentials", "scope": scope}).encode(),
            {"Authorization": f"Basic {secret}",
             "Content-Type": "application/x-www-form-urlencoded"})
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.load(response)["access_token"]


def encode(data):
    """base64url, of bytes or of what is made JSON."""
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def forged(token, header=None, claims=None, signature=None):
    """The token with other parts, and the signature of the one it was."""
    head, payload, signed = token.split(".")
    return ".".join([
        head if header is None else encode({**decode(head), **header}),
        payload if claims is None else encode({**decode(payload), **claims}),
        signed if signature is None else signature])
