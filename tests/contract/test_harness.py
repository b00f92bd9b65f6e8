"""The checkers themselves: each finds what it is there to find."""

import io
import pathlib

import pytest

from tests.harness import summary
from tests.harness.client import unchunk
from tests.harness.history_checker import Ledger, check
from tests.harness.sse import EventReader, Transcript, events_of


class FakeClient:
    """A deployment's answers from literals: histories by session, turns by id."""

    def __init__(self, history, turn):
        self.history = history
        self.turn = turn

    def pages(self, _path, _items):
        return self.history

    def get(self, _path):
        return self

    def expect(self, _status):
        return self.turn


def message(sequence, role, content, **fields):
    return {"message_id": f"m{sequence}", "role": role, "content": content, "sequence": sequence,
            "timestamp": f"2026-01-01T00:00:{sequence:02}Z",
            "metadata": {"turn_id": "t"} if role == "assistant" else {}, **fields}


def good():
    return ([message(1, "user", "Hi"), message(2, "assistant", "Hello")],
            {"state": "done", "user_message_id": "m1", "message_id": "m2", "text": "Hello",
             "error_code": ""})


def checked(history, turn):
    ledger = Ledger()
    entry = ledger.acknowledged("s", "m1", "t", "Hi")
    ledger.answered(entry, "m2", "Hello")
    check(ledger, FakeClient(history, turn))


def test_history_checker_accepts_what_is_right():
    checked(*good())


@pytest.mark.parametrize("harm", [
    lambda history, turn: history.pop(0),
    lambda history, turn: history.pop(1),
    lambda history, turn: history.append(message(3, "user", "Hi", message_id="m1")),
    lambda history, turn: history.append(message(3, "assistant", "Hello")),
    lambda history, turn: history[0].update(content="Hi!"),
    lambda history, turn: history[1].update(content="Hell"),
    lambda history, turn: history[1].update(sequence=3),
    lambda history, turn: history[1].update(timestamp="2025-01-01T00:00:00Z"),
    lambda history, turn: turn.update(state="running"),
    lambda history, turn: turn.update(state="failed", error_code="X"),
    lambda history, turn: turn.update(message_id="m9"),
])
def test_history_checker_finds(harm):
    history, turn = good()
    harm(history, turn)
    with pytest.raises(AssertionError):
        checked(history, turn)


def test_transcript_refuses_events_after_the_end():
    done = events_of(b'event: done\ndata: {"response":"x"}\n\n')
    with pytest.raises(AssertionError):
        Transcript().apply_all(done + done)


def test_events_need_their_empty_line():
    assert [event.id for event in events_of(b"id: 1\ndata: {}\n\nid: 2\ndata: {}\n")] == ["1"]


def test_half_a_code_point_is_an_error():
    with pytest.raises(UnicodeDecodeError):
        next(EventReader(io.BytesIO(b"data: \xc3\n\n")))


def test_unchunk_takes_what_is_there():
    whole = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert unchunk(whole) == b"abcde"
    assert unchunk(whole[:4]) == b"a"
    assert unchunk(whole[:9]) == b"abc"


def write(folder, name, *cases):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("<testsuites><testsuite>" + "".join(cases) + "</testsuite></testsuites>")


def summed(folder, capsys):
    code = summary.main(pathlib.Path(folder))
    return code, capsys.readouterr().out.splitlines()[-1]


def test_summary_counts_every_kind_of_failure(tmp_path, capsys):
    (tmp_path / "counts").write_text("passed fuzz_a\nfailed fuzz_b\n")
    write(tmp_path, "release.ctest.xml",
          '<testcase name="good_test" status="run"/>',
          '<testcase name="bad_test" status="fail"/>',
          '<testcase name="crashed_test" status="fail"/>')
    write(tmp_path, "release/good_test.xml", '<testcase name="A" status="run"/>' * 3)
    write(tmp_path, "release/bad_test.xml", '<testcase name="B" status="run"/>',
          '<testcase name="C" status="run"><failure/></testcase>')
    write(tmp_path, "system.pytest.xml", '<testcase name="d"/>',
          '<testcase name="e"><skipped/></testcase>', '<testcase name="f"><error/></testcase>')
    # Good: three of A, B, d, fuzz_a. Bad: C, the crash, the skipped, the error, fuzz_b.
    assert summed(tmp_path, capsys) == (1, "6 passed, 5 failed")


def test_summary_counts_a_stage_that_failed_without_a_test(tmp_path, capsys):
    (tmp_path / "counts").write_text("passed fuzz_a\nfailed-stage release build\n")
    assert summed(tmp_path, capsys) == (1, "1 passed, 1 failed")


def test_summary_of_nothing_is_a_failure(tmp_path, capsys):
    (tmp_path / "counts").write_text("")
    assert summed(tmp_path, capsys) == (1, "0 passed, 0 failed")
