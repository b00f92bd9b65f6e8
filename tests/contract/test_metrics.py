"""Every metric of the programs has a help text, and every help text a metric."""

import re

from tests.contract.test_layers import code_of, production

HELP = "shared/metrics/metric_help.cc"


def test_each_metric_is_described_where_all_are():
    used = set()
    described = set()
    for file in production("services", "shared", "gateway"):
        names = set(re.findall(r'"(dramatis_[a-z0-9_]+)"', code_of(file)))
        if file.as_posix().endswith(HELP):
            described |= names
        else:
            used |= names
    assert used - described == set(), f"without a help text in {HELP}"
    assert described - used == set(), "described, but nobody counts it"
