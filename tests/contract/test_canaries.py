"""The harness finds what may be in no log, metric or error."""

import pytest

from tests.harness import canaries

TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLW9mLWFkYXMtdG9rZW4"
KEY = "dramatis_production_0123456789abcdefghijABCDEFGHIJ012345"


@pytest.fixture(autouse=True)
def own(monkeypatch):
    monkeypatch.setattr(canaries, "_credentials", {})
    monkeypatch.setattr(canaries, "_contents", {})


def leaks(data):
    try:
        canaries.search("a log", data)
    except canaries.Leaked:
        return True
    return False


def test_a_token_a_key_and_what_was_said_are_found():
    canaries.sent({"Authorization": f"Bearer {TOKEN}"}, b'{"message": "Nobody is to hear \\"of it\\", ever."}')
    canaries.sent({"x-api-key": KEY}, None)
    assert leaks(b'{"level":"info"}\n{"token":"' + TOKEN.encode() + b'"}\n')
    assert leaks(b"signature " + TOKEN.rpartition(".")[2].encode())
    assert leaks(b'x-api-key: ' + KEY.encode())
    assert not leaks(b'{"level":"info","message":"request","user_id":"ada"}')
    assert not leaks(b"")


def test_what_people_write_is_found_wherever_it_is_in_a_request():
    canaries.sent({}, b'{"messages": [{"role": "user", "content": "The key is under the third stone."}]}')
    assert leaks(b'{"message":"turn","text":"The key is under the third stone."}')
    assert not leaks(b'{"message":"turn","text":"The key is under"}')


def test_keys_that_are_made_and_secrets_of_settings_are_noted(tmp_path):
    canaries.answered(201, b'{"secret": "' + KEY.encode() + b'"}')
    (tmp_path / "key.json").write_text('{"kty": "OKP", "d": "a-private-key-of-a-program"}')
    (tmp_path / "url").write_text("postgresql://dramatis:a-long-password-of-it@db/dramatis")
    canaries.given({"OPENAI_API_KEY": "sk-of-a-provider-1234", "DATABASE_URL_FILE": str(tmp_path / "url"),
                    "DRAMATIS_IDENTITY_KEY_FILE": str(tmp_path / "key.json"), "DRAMATIS_LOG_LEVEL": "debug"})
    for secret in (KEY, "sk-of-a-provider-1234", "a-private-key-of-a-program", "a-long-password-of-it"):
        assert leaks(secret.encode()), secret
    assert not leaks(b"debug")
    with pytest.raises(canaries.Leaked):
        canaries.answered(500, b"sk-of-a-provider-1234 was refused")
