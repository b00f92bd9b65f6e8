"""Periodic jobs: what docs/jobs.md lists is what runs."""

import re

from tests.harness.client import Client
from tests.harness.program import ROOT, wait_for

ROW = re.compile(r"^\| (program|conversation|memory|persona|inference|gateway) \| ([a-z ]+) \|", re.M)
SERIES = re.compile(r"^dramatis_job_(\w+)\{(.*)\} (\S+)$", re.M)


def documented():
    return set(ROW.findall((ROOT / "docs" / "jobs.md").read_text()))


def jobs_of(management):
    """{(service, name): {"ok": runs, "failed": runs, "last": seconds}} of one program."""
    jobs = {}
    for metric, labels, value in SERIES.findall(Client(management).get("/metrics").body.decode()):
        labels = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        job = jobs.setdefault((labels["service"], labels["name"]), {})
        job["last" if metric == "last_success_timestamp_seconds" else labels["outcome"]] = float(value)
    return jobs


def services_of(dramatis, program):
    """The services that a program runs."""
    if dramatis.shape == "embedded":
        return {"persona", "conversation", "memory", "inference"}
    return {program.name.removeprefix("dramatis-")} - {"gateway"}


def test_every_program_runs_the_jobs_that_are_documented_and_no_others(dramatis):
    listed = documented()
    assert len(listed) >= 7
    for program in dramatis.programs.values():
        services = services_of(dramatis, program)
        expected = {job for job in listed
                    if job[0] in services or (job[0] == "program" and services)}
        management = program.address("management")

        def all_ran():
            jobs = jobs_of(management)
            return set(jobs) == expected and all(job["ok"] > 0 for job in jobs.values())

        wait_for(all_ran, f"{program.name} to have run {sorted(expected)}: {jobs_of(management)}")
        for name, job in jobs_of(management).items():
            assert job["last"] > 1_700_000_000, name
