"""Do a card's addresses lead to the rule and to the app, and never to a patient?"""

from __future__ import annotations

import pytest

from tests.cds_hooks.hooks import Answer, call, low_mood, thoughts

PUBLIC = {
    "public_url": "https://moodmarker.example/api",
    "service_key": "k" * 32,
    "store": "sqlite:////nowhere/s.sqlite",
}


@pytest.fixture(scope="module")
def linked() -> Answer:
    return call(*low_mood(), thoughts(), **PUBLIC, cds_launch_url="https://app.example/launch?aud=x")


def test_the_app_is_launched_by_a_link(linked: Answer) -> None:
    for name, card in zip(linked.names, linked.cards, strict=True):
        (link,) = card["links"]
        assert link["label"]
        assert link == {
            "label": link["label"],
            "url": "https://app.example/launch?aud=x",
            "type": "smart",
            "appContext": name,
        }


def test_the_source_names_the_rule_and_leads_nowhere(linked: Answer) -> None:
    for name, card in zip(linked.names, linked.cards, strict=True):
        assert card["source"] == {"label": "Moodmarker", "topic": card["source"]["topic"]}
        assert card["source"]["topic"]["code"] == name


def test_without_addresses_there_are_none() -> None:
    for card in call(*low_mood(), thoughts()).cards:
        assert "links" not in card
        assert set(card["source"]) == {"label", "topic"}
