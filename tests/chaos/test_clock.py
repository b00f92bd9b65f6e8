"""The wall clock jumps: NTP sets it, a machine wakes up, an operator mends it."""

import pytest

from tests.harness.clock import Clock
from tests.harness.program import wait_for
from tests.system.test_jobs import jobs_of

# Often enough to be seen soon.
FREQUENT = [("conversation", name) for name in
            ("room upkeep", "session upkeep", "remembering", "room events")] + [
                ("program", "database watch")]


@pytest.mark.parametrize("hours", [-1, 1])
def test_timers_go_on_after_a_step_of_the_wall_clock(make_deployment, tmp_path, hours):
    clock = Clock(tmp_path)
    with make_deployment("embedded", clock.settings()) as deployment:
        management, = deployment.managements()
        clock.move(hours * 3600)
        before = jobs_of(management)

        def all_ran():
            now = jobs_of(management)
            # The second run after the step began after it.
            return all(now[job]["ok"] >= before[job]["ok"] + 2 for job in FREQUENT)

        wait_for(all_ran, "every job to run again")
