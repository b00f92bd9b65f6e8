"""Character cards for tests: made at random over all fields, and put into pictures."""

import base64
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(name, data, crc=None):
    crc = zlib.crc32(name + data) if crc is None else crc
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc)


def png(**texts):
    """A picture with cards in it: `chara`, `ccv3`."""
    cards = b"".join(chunk(b"tEXt", keyword.encode() + b"\0" + base64.b64encode(text))
                     for keyword, text in texts.items())
    return (SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(b"\0\x40")) + cards + chunk(b"IEND", b""))


def cards_of(picture):
    """The cards in a picture, its chunks checked."""
    found, rest = {}, picture.removeprefix(SIGNATURE)
    while rest:
        length = struct.unpack(">I", rest[:4])[0]
        name, data = rest[4:8], rest[8:8 + length]
        assert struct.unpack(">I", rest[8 + length:12 + length])[0] == zlib.crc32(name + data)
        if name == b"tEXt":
            keyword, text = data.split(b"\0", 1)
            found[keyword.decode()] = base64.b64decode(text)
        rest = rest[12 + length:]
    assert name == b"IEND"
    return found


def make_card(random, version, name):
    """A card of that version, each of its fields there or not, with fields that nobody knows."""
    def text():
        return random.choice(["", "Plain.", "{{char}} and {{user}}", "é😀\u2028 \"quoted\"\n\tline",
                              "<START>\n{{user}}: Hi"])

    def anything(depth=2):
        kinds = [None, True, 7, -2.5, 12345678901234, text()]
        return random.choice(kinds + ([] if depth == 0 else
                                      [[anything(depth - 1)], {"k": anything(depth - 1)}]))
    data = {"name": name, "description": text(), "personality": text(), "scenario": text(),
            "first_mes": text(), "mes_example": text()}
    if version == 1:
        return {**data, **({"unknown": anything()} if random.random() < .5 else {})}
    data |= {"creator_notes": text(), "system_prompt": text(), "post_history_instructions": text(),
             "alternate_greetings": [text() for _ in range(random.randrange(3))],
             "tags": ["a", "b"][:random.randrange(3)], "creator": text(), "character_version": text(),
             "extensions": {"some/thing": anything()}}
    entry = {"keys": ["net"], "content": text(), "extensions": {"x": anything()}, "enabled": True,
             "insertion_order": 3}
    if random.random() < .7:
        data["character_book"] = {"extensions": {}, "entries": [
            {**entry, **({"use_regex": False} if version == 3 else {})}], "unknown": anything()}
    if version == 3:
        data |= {"group_only_greetings": [text()], "nickname": text(), "source": ["x"],
                 "assets": [{"type": "icon", "uri": "ccdefault:", "name": "main", "ext": "png"}],
                 "creation_date": 1700000000, "creator_notes_multilingual": {"de": text()}}
    data["unknown"] = anything()
    card = {"spec": f"chara_card_v{version}", "spec_version": f"{version}.0", "data": data}
    if random.random() < .3:
        card |= {"name": name, "unknown_at_the_top": anything()}
    return card
