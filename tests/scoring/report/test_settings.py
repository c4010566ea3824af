import pytest

from ethocache.common.errors import InputError
from ethocache.common.params import parse_section
from ethocache.scoring.report.settings import ReportParams


def test_a_budget_may_be_a_time_or_seconds():
    assert parse_section({"budget": "2min"}, ReportParams, "report").budget_s == 120
    assert parse_section({"budget": 600}, ReportParams, "report").budget_s == 600


def test_what_is_no_time_is_refused():
    with pytest.raises(InputError, match=r"report: 'budget': expected a time such as 10min, 90s or 600 .seconds., found 'soon'"):
        parse_section({"budget": "soon"}, ReportParams, "report")
