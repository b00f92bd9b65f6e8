"""What may be in no log, metric or error of any program: credentials, and what people say.

The harness notes both as it sends them (`sent`), and secrets as programs are given them (`given`).
Every program's log is searched when the program ends, its metrics just before, and every error that
comes back; what is found fails the test.
"""

import json
import pathlib
import re
import subprocess
import tempfile
import urllib.parse

# Fields that hold what people say or write.
SPOKEN = {"message", "content", "biography", "systemPrompt", "system_prompt", "greeting", "note", "bio",
          "input", "instructions", "text", "description", "goal"}
SECRET_SETTING = re.compile(r"(_KEY|_TOKEN|_SECRET|_PASSWORD)$")
API_KEY = re.compile(rb"dramatis_[a-z]+_[0-9A-Za-z]{36}")
# Of a text only what looks the same in JSON, and is long enough to be nobody else's words.
PLAIN = re.compile(r"[A-Za-z0-9 ,.'!?-]{20,80}")
MOST = 20_000

_credentials = {}
_contents = {}


class Leaked(AssertionError):
    pass


def credential(text):
    """A token, key or password; of a JWT what only its issuer can have made."""
    for scheme in ("Bearer ", "bearer "):
        text = text.removeprefix(scheme)
    if text.startswith("local:"):  # a name, and no secret
        return
    text = text.strip().rpartition(".")[2] if text.count(".") == 2 else text.strip()
    if len(text) >= 16 and text.isascii() and text.isprintable():
        _credentials[text.encode()] = None


def _content(text):
    found = PLAIN.findall(text)
    if found:
        best = max(found, key=len).strip()
        # Words, and not one sign again and again.
        if len(best) >= 20 and " " in best and len(set(best)) >= 6 and len(_contents) < MOST:
            _contents[best.encode()] = None


def _walk(value, name=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "error":  # what the provider double shall say is no user's word
                _walk(inner, key)
    elif isinstance(value, list):
        for inner in value:
            _walk(inner, name)
    elif isinstance(value, str) and name in SPOKEN:
        _content(value)


def sent(headers, payload):
    """A request's headers (a dict) and its body (JSON as bytes, or None)."""
    for name, value in headers.items():
        if name.lower() in ("authorization", "x-api-key") and value:
            credential(value)
    if payload and len(payload) < 100_000:
        try:
            _walk(json.loads(payload))
        except (ValueError, RecursionError):
            pass  # what is no JSON on purpose, or nested too deeply


def answered(status, body):
    """What came back: keys that were made are noted, errors searched."""
    if status < 400:
        for key in API_KEY.findall(body):
            _credentials[key] = None
    else:
        error(f"an answer with status {status}", body)


def error(where, body):
    for secret in [*_credentials, *_contents]:
        if secret in body:
            raise Leaked(f"{where} holds {_shown(secret)}: {body[:500]!r}")


def given(settings):
    """Secrets among a program's settings, and in the files that they name."""
    for name, value in settings.items():
        if SECRET_SETTING.search(name):
            credential(value)
        elif name == "DATABASE_URL":
            credential(urllib.parse.urlsplit(value).password or "")
        elif name in ("DRAMATIS_IDENTITY_KEY_FILE", "DRAMATIS_GRPC_TLS_KEY_FILE", "DRAMATIS_TLS_KEY_FILE",
                      "DATABASE_URL_FILE"):
            _of_file(pathlib.Path(value))


def _of_file(file):
    try:
        text = file.read_text()
    except OSError:
        return  # what is not there on purpose
    if text.startswith("{"):
        credential(json.loads(text).get("d", ""))
    elif "PRIVATE KEY" in text:
        credential(text.splitlines()[2] if len(text.splitlines()) > 3 else text.splitlines()[1])
    else:
        credential(urllib.parse.urlsplit(text.strip()).password or "")


def _shown(secret):
    kind = "what somebody said" if secret in _contents else "a credential"
    return f"{kind} ({secret[:6].decode()}..., {len(secret)} characters)"


def search(where, data):
    """Raises Leaked where any of it is in the bytes."""
    if not data or not (_credentials or _contents):
        return
    with tempfile.NamedTemporaryFile() as patterns:
        patterns.write(b"\n".join([*_credentials, *_contents]))
        patterns.flush()
        found = subprocess.run(["grep", "-a", "-F", "-m", "3", "-f", patterns.name], input=data,
                               capture_output=True)
    if found.returncode == 0:
        line = found.stdout.splitlines()[0]
        secret = next(one for one in [*_credentials, *_contents] if one in line)
        raise Leaked(f"{where} holds {_shown(secret)}: {line[:600]!r}")
    assert found.returncode == 1, found.stderr
