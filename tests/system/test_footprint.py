"""How much memory programs hold while they have nothing to do: what bench/README.md promises.

Only for the release build, so `./dev test long` runs it."""

import pytest

from bench.footprint import idle

MOST_MIB = {"dramatis": 50, "dramatis-gateway": 25, "dramatis-persona": 25,
            "dramatis-conversation": 25, "dramatis-memory": 25, "dramatis-inference": 25}


@pytest.mark.long
@pytest.mark.parametrize("program", MOST_MIB)
def test_an_idle_program_is_small(program):
    assert idle(program) <= MOST_MIB[program]
