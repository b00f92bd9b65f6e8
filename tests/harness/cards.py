"""Character cards for tests: made at random over all fields, and put into pictures."""

import base64
import io
import struct
import zipfile
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


def charx(card, others):
    """A zip with that card, None for none, and other entries under any name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**({} if card is None else {"card.json": card}), **others}.items():
            entry = zipfile.ZipInfo("placeholder")
            entry.filename = name  # as it is, whatever it is
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def entries_of(archive):
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


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
    def some(fields):
        return {name: value for name, value in fields.items() if random.random() < .4}

    def entry(number):
        return {"keys": ["net", "/n[ea]ts?/i"][:random.randrange(3)], "content": text(),
                "enabled": random.random() < .8, "insertion_order": random.randrange(-5, 500),
                **({"use_regex": random.random() < .3} if version == 3 else {}),
                **some({"case_sensitive": random.random() < .5, "name": text(), "priority": 7,
                        "id": number, "comment": text(), "selective": True,
                        "secondary_keys": ["blue"], "constant": random.random() < .5,
                        "position": random.choice(["before_char", "after_char"])}),
                "extensions": {"x": anything(), **some({
                    "position": random.randrange(7), "depth": 4, "role": random.randrange(3),
                    "selectiveLogic": random.randrange(4), "scan_depth": None, "sticky": 3,
                    "cooldown": 2, "delay": None, "probability": 50, "useProbability": True,
                    "match_whole_words": None, "prevent_recursion": True, "exclude_recursion": False,
                    "delay_until_recursion": 1, "group": "", "vectorized": False})}}
    if random.random() < .7:
        data["character_book"] = {
            **some({"name": text(), "description": text(), "scan_depth": 3, "token_budget": 300,
                    "recursive_scanning": True}), "extensions": {}, "unknown": anything(),
            "entries": [entry(number) for number in range(random.randrange(4))]}
    if version == 3:
        data |= {"group_only_greetings": [text()], "nickname": text(), "source": ["x"],
                 "assets": [{"type": "icon", "uri": "ccdefault:", "name": "main", "ext": "png"}],
                 "creation_date": 1700000000, "creator_notes_multilingual": {"de": text()}}
    data["unknown"] = anything()
    card = {"spec": f"chara_card_v{version}", "spec_version": f"{version}.0", "data": data}
    if random.random() < .3:
        card |= {"name": name, "unknown_at_the_top": anything()}
    return card
