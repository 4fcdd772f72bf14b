"""Is a file of rules that cannot be used refused with what to mend?"""

from pathlib import Path

import pytest

from service.assessment import Context
from service.settings import Settings, SettingsError
from service.settings.site_rules import SiteRules, read_site_rules

WHOLE = b"""
off = ["mood-screening-overdue"]
[spans]
pair-window = 21
[instruments.phq-9]
elevated = 9
change = 4.0
"""


def test_an_empty_file_says_nothing() -> None:
    assert read_site_rules(b"") == read_site_rules("\ufeff# only this".encode()) == SiteRules()


def test_every_part_is_read() -> None:
    read = read_site_rules(WHOLE)
    assert read.off == ("mood-screening-overdue",)
    assert read.thresholds.spans == {"pair-window": 21}
    assert read.thresholds.instruments == {"phq-9": {"elevated": 9, "change": 4}}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("offf = []", "there is no key offf; did you mean off?"),
        ("qqqq = 1", "there is no key qqqq; the keys are: on, off, shadow, low_crp_limit, spans, instruments"),
        ('off = "crp-unreadable"', "off is a list of names of rules"),
        ("shadow = [1]", "shadow is a list of names of rules"),
        ('off = ["crp-unreadable", "crp-unreadable"]', "off names crp-unreadable twice"),
        ('off = ["crp-unreadable"]\nshadow = ["crp-unreadable"]', "in two lists, off and shadow"),
        ('off = ["suicidality-recorded"]', "suicidality-recorded is a safety rule"),
        ('shadow = ["suicidality-not-readable"]', "suicidality-not-readable is a safety rule"),
        ('off = ["crp-unread"]', "there is no rule crp-unread; did you mean crp-unreadable?"),
        ("spans = 3", "spans is a table; begin it with a line [spans]"),
        ("spans.pair-window = 7.5", "spans.pair-window is a whole number of days"),
        ("spans.pair-window = true", "spans.pair-window is a whole number of days"),
        ("spans.pair-window = 61", "spans.pair-window may be 7 to 60 days, not 61"),
        ('low_crp_limit = "3"', "low_crp_limit is a number, without quotation marks"),
        ("low_crp_limit = false", "low_crp_limit is a number"),
        ("low_crp_limit = nan", "low_crp_limit may be 1 to 5 mg/L"),
        ("low_crp_limit = 5.001", "low_crp_limit may be 1 to 5 mg/L, not 5.001"),
        ("instruments.phq-9 = 9", "instruments.phq-9 is a table; begin it with a line [instruments.phq-9]"),
        ("instruments.phq-9.limit = 9", "there is no key instruments.phq-9.limit; the keys are: elevated, change"),
        ("instruments.phq-9.elevated = 6", "instruments.phq-9.elevated may be 7 to 13 points, not 6"),
        ("off = [", "this is not TOML: "),
        ("a = 1\na = 2", "this is not TOML: "),
        ("low_crp_limit = " + "9" * 5000, "this is not TOML: "),
        ("off = " + "[" * 5000, "nested too deeply"),
    ],
)
def test_what_cannot_be_used_is_told(content: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(content)
    with pytest.raises(SettingsError) as refused:
        Context.load(Settings.model_construct(site_rules=file))
    assert str(refused.value).startswith(f"MOODMARKER_SITE_RULES: {file}: ")
    assert told in str(refused.value)


def test_what_is_no_text_is_told() -> None:
    with pytest.raises(ValueError, match="this is not TOML"):
        read_site_rules(b"\xff\xfe")


def test_a_number_with_an_exponent_beyond_all_is_told(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text("low_crp_limit = 1e999999999999999999999")
    with pytest.raises(SettingsError, match="MOODMARKER_SITE_RULES"):
        Context.load(Settings.model_construct(site_rules=file))


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"MOODMARKER_SITE_RULES: .* cannot be read"):
        Context.load(Settings.model_construct(site_rules=tmp_path / "none.toml"))
