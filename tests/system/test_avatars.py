"""Pictures of personas: in and out as they are, of three kinds, within limits."""

import hashlib
import struct
import uuid
import zlib

import pytest

from tests.harness.cards import SIGNATURE, chunk, png
from tests.harness.client import Client
from tests.harness.deployment import Embedded
from tests.harness.program import wait_for
from tests.system.test_exports import exported
from tests.system.test_imports import imported


@pytest.fixture
def user(dramatis):
    return Client(dramatis.http, user=f"avatars-{uuid.uuid4().hex[:12]}")


def make(user, **more):
    persona = user.post("/api/personas", {"name": f"P {uuid.uuid4().hex[:8]}", "type": "ai_agent",
                                          **more}).expect(201)["personaId"]
    return f"/api/personas/{persona}/avatar"


def png_of(width, height, size=0):
    return (SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(b"\0") + b"x" * size) + chunk(b"IEND", b""))


JPEG = bytes([0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0, 2, 0, 3, 1, 1, 0x11, 0, 0xFF, 0xD9])
WEBP = (b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" +
        struct.pack("<I", 6)[:3] + struct.pack("<I", 4)[:3])


def send(user, path, body, kind):
    return user.request("PUT", path, body, {"Content-Type": kind})


def test_pictures_come_back_as_they_were(user):
    path = make(user)
    user.get(path).problem(404)
    for body, kind, width, height in ((png_of(5, 7), "image/png", 5, 7), (JPEG, "image/jpeg", 3, 2),
                                      (WEBP, "image/webp", 7, 5), (png_of(4096, 1), "image/png", 4096, 1)):
        kept = send(user, path, body, kind).expect(200)
        assert (kept["contentType"], kept["width"], kept["height"], kept["bytes"]) == \
            (kind, width, height, len(body))
        got = user.get(path)
        assert (got.status, got.headers["content-type"], got.body) == (200, kind, body)
        assert got.headers["x-content-type-options"] == "nosniff"


def test_a_persona_says_whether_it_has_one(dramatis, user):
    path = make(user, isPublic=True)
    persona = path.removesuffix("/avatar")
    assert "avatarEtag" not in user.get(persona).expect(200)
    assert "avatarEtag" not in user.patch(persona, {"tags": ["a"]}).expect(200)
    etags = [send(user, path, JPEG, "image/jpeg").expect(200)["etag"] for _ in range(2)]
    assert etags[0] != etags[1]
    other = Client(dramatis.http, user=f"other-{uuid.uuid4().hex[:8]}")
    for client in (user, other):
        assert client.get(persona).expect(200)["avatarEtag"] == etags[1]
    listed = user.get("/api/personas?ownerId=me&view=basic").expect(200)["personas"]
    assert [each["avatarEtag"] for each in listed] == [etags[1]]
    # Nobody says of a picture that it is there but by giving it.
    bare = make(user).removesuffix("/avatar")
    assert "avatarEtag" not in user.put(bare, {"avatarEtag": "1", "tags": ["b"]}).expect(200)


def test_a_pictures_card_brings_it_along(user):
    card = b'{"name":"Tessa","description":"I mend nets."}'
    picture = png(chara=card)
    made = user.request("POST", "/api/personas/import", picture, {"Content-Type": "image/png"}).expect(201)
    path = f"/api/personas/{made['persona']['personaId']}"
    assert made["warnings"] == []
    assert user.get(path).expect(200)["avatarEtag"] == made["persona"]["avatarEtag"]
    shown = user.get(f"{path}/avatar")
    assert shown.headers["content-type"] == "image/png" and b"chara" not in shown.body
    assert send(user, f"{path}/avatar", JPEG, "image/jpeg").status == 200
    # The card keeps the picture that it came in.
    assert zlib.compress(b"\0\x40") in user.get(f"{path}/export?format=png").body


def test_what_is_no_picture_or_too_large_is_refused(user):
    path = make(user)
    send(user, path, b"", "image/png").problem(400)
    for body, kind in ((b"hello", "image/png"), (png_of(4097, 1), "image/png"),
                       (png_of(1, 1 << 31), "image/png"), (png_of(0, 1), "image/png"),
                       (JPEG, "image/png"), (png_of(1, 1), "image/webp"), (JPEG[:9], "image/jpeg"),
                       (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png")):
        problem = send(user, path, body, kind).problem(400, "VALIDATION_FAILED")
        assert problem["errors"][0]["field"] == "body"
    for kind in ("image/svg+xml", "image/gif", "application/json"):
        send(user, path, JPEG, kind).problem(415)
    send(user, path, png_of(1, 1, size=2 << 20), "image/png").problem(413)
    user.get(path).problem(404)


def test_whoever_sees_a_persona_sees_it_and_its_owner_changes_it(dramatis, user):
    public, private = make(user, isPublic=True), make(user)
    for path in (public, private):
        send(user, path, JPEG, "image/jpeg").expect(200)
    other = Client(dramatis.http, user=f"other-{uuid.uuid4().hex[:8]}")
    assert other.get(public).body == JPEG
    other.get(private).problem(404)
    send(other, public, JPEG, "image/jpeg").problem(403)
    send(other, private, JPEG, "image/jpeg").problem(404)


@pytest.fixture
def in_folder(tmp_path):
    """A deployment whose pictures are objects in a folder, and that folder."""
    folder = tmp_path / "objects"
    with Embedded(tmp_path / "data", {"DRAMATIS_OBJECTS": f"file:{folder}"}) as deployment:
        yield deployment, folder


def objects_in(folder):
    return sorted(str(file.relative_to(folder)) for kind in ("avatars", "cards")
                  for file in (folder / kind).rglob("*") if file.is_file())


def test_pictures_are_objects_where_a_place_is_named(in_folder):
    deployment, folder = in_folder
    user = Client(deployment.http, user="ada")
    path = make(user)
    persona = path.split("/")[3]
    etag = send(user, path, JPEG, "image/jpeg").expect(200)["etag"]
    wait_for(lambda: objects_in(folder), "the picture to be an object")
    [key] = objects_in(folder)
    assert key.startswith(f"avatars/{persona}/") and key.endswith(hashlib.sha256(JPEG).hexdigest())
    assert (folder / key).read_bytes() == JPEG
    wait_for(lambda: deployment.execute(
        "persona", "select 1 from persona_avatars where length(picture) = 0"), "the row to be empty")
    shown = user.get(path)
    assert (shown.status, shown.headers["content-type"], shown.body) == (200, "image/jpeg", JPEG)
    assert user.get(f"/api/personas/{persona}").expect(200)["avatarEtag"] == etag
    # Another one takes its place, at once for who looks, and the old object goes.
    other = png_of(3, 3)
    send(user, path, other, "image/png").expect(200)
    assert user.get(path).body == other
    wait_for(lambda: len(objects_in(folder)) == 1 and objects_in(folder) != [key], "the old one to go")
    assert user.get(path).body == other
    # What somebody took away is missed, not shown as nothing.
    (folder / objects_in(folder)[0]).unlink()
    user.get(path).problem(500, "PERSONA_PICTURE_UNAVAILABLE")
    program = deployment.programs["dramatis"]
    wait_for(lambda: f"cannot use the picture avatars/{persona}/" in program.log_text(),
             "the reason in the log")
    send(user, path, JPEG, "image/jpeg").expect(200)
    assert user.get(path).body == JPEG


def test_cards_archives_and_accounts_have_pictures_that_are_objects(in_folder):
    deployment, folder = in_folder
    user = Client(deployment.http, user="ada")
    card = b'{"name":"Tessa","description":"I mend nets."}'
    made = user.request("POST", "/api/personas/import", png(chara=card),
                        {"Content-Type": "image/png"}).expect(201)
    path = f"/api/personas/{made['persona']['personaId']}"
    before = [user.get(f"{path}/avatar").body, user.get(f"{path}/export?format=png").body]
    wait_for(lambda: len(objects_in(folder)) == 2, "avatar and card to be objects")
    wait_for(lambda: not deployment.execute(
        "persona", "select 1 from persona_cards where length(picture) > 0"), "the row to be empty")
    assert [user.get(f"{path}/avatar").body, user.get(f"{path}/export?format=png").body] == before
    _, archive = exported(user)
    user.request("DELETE", "/api/account", {"confirm": "ada"}).expect(202)
    wait_for(lambda: not objects_in(folder), "the pictures to go", timeout=30)
    heir = Client(deployment.http, user="eve")
    imported(heir, archive)
    assert [heir.get(f"{path}/avatar").body, heir.get(f"{path}/export?format=png").body] == before
    wait_for(lambda: len(objects_in(folder)) == 2, "the pictures to be objects again")
    assert heir.get(f"{path}/avatar").body == before[0]


def test_rows_of_before_are_served_and_become_objects(tmp_path):
    with Embedded(tmp_path / "data") as deployment:
        user = Client(deployment.http, user="ada")
        path = make(user)
        send(user, path, JPEG, "image/jpeg").expect(200)
        assert not objects_in(tmp_path / "data" / "objects")
    folder = tmp_path / "elsewhere"
    with Embedded(tmp_path / "data", {"DRAMATIS_OBJECTS": f"file:{folder}"}) as deployment:
        user = Client(deployment.http, user="ada")
        assert user.get(path).body == JPEG
        wait_for(lambda: objects_in(folder), "the picture to be an object")
        assert user.get(path).body == JPEG
    # Where nobody says any more where they are, that is what is told.
    with Embedded(tmp_path / "data") as deployment:
        Client(deployment.http, user="ada").get(path).problem(503)
        program = deployment.programs["dramatis"]
        wait_for(lambda: "DRAMATIS_OBJECTS does not say where" in program.log_text(), "the reason")
