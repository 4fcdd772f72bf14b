"""Plain English read off rules and traces: what a rule asks, why it said what it said, what would clear it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, assert_never

from service.domain import criteria as c
from service.domain.days import Days
from service.domain.names import called
from service.domain.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.domain.concepts import Concept, DrugGroup, Item
    from service.domain.days import AnySpan
    from service.domain.facts import Source
    from service.domain.outcome import Outcome
    from service.domain.rule import Rule

_THAT_DAY = "that day"
ONLY_A_CLINICIAN = "Only a clinician closes this flag."


class Step(NamedTuple):
    """One line of an explanation; nests as the criterion does."""

    text: str
    verdict: Verdict
    evidence: tuple[Source, ...]
    inner: tuple[Step, ...]


def steps(outcome: Outcome) -> Step:
    """The trace of an outcome in words."""
    text = narrate(outcome.criterion)
    found = finding(outcome)
    return Step(
        f"{text}: {found}" if found else text,
        outcome.verdict,
        tuple(dict.fromkeys(outcome.used)),
        tuple(steps(part) for part in outcome.inner),
    )


def finding(outcome: Outcome) -> str:
    """The values an outcome rests on, in words; empty where it has none of its own."""
    values = outcome.values
    if outcome.verdict is Verdict.UNKNOWN:
        return "; ".join(dict.fromkeys(lack.text for lack in outcome.lacks))
    match outcome.criterion:
        case c.Worsened() if "before" in values:
            return "{instrument} {before} ({before_date}) to {now} ({now_date})".format_map(values)
        case c.Worsened() | c.Elevated() | c.ScoredAtLeast() | c.ItemSum() if "now" in values:
            return "{instrument} {now} ({now_date})".format_map(values)
        case c.Persistent() if "first" in values:
            return "{instrument} {first} ({first_date}) to {now} ({now_date})".format_map(values)
        case c.MarkerNear() | c.MarkerSeen() | c.LatestMarker() | c.SustainedMarker() if "marker" in values:
            return "{marker} {marker_value} {marker_unit} ({marker_date})".format_map(values)
        case c.Occurred() if "event_date" in values:
            return "relapse on {event_date}".format_map(values)
        case c.Exposed() | c.Started() | c.Ended() | c.SteadilyTreated() if "drug" in values:
            return "{drug} from {drug_from} to {drug_to}".format_map(values)
        case c.Answered() | c.UnreadableAnswer() | c.Unplaced() | c.Recorded() if "entries" in values:
            return "; ".join(f"{entry.text} ({entry.date})" for entry in values["entries"])
        case _:
            return ""


def what_clears(rule: Rule) -> str:
    """The counterfactual: what would close a flag of this rule."""
    if rule.clears is None:
        return ONLY_A_CLINICIAN
    text = _CLEARS.get(rule.clears)
    if text is None:
        text = _CLEARS[rule.clears] = f"Clears when {narrate(rule.clears)}."
    return text


# Rules are constants: the sentence of each is made once.
_CLEARS: dict[c.Criterion, str] = {}


def _days(span: AnySpan) -> str:
    return f"{Days(span.days)}"


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _named(subjects: Sequence[Concept | Item]) -> str:
    return _either([called(subject) for subject in subjects])


def _groups(groups: Sequence[DrugGroup]) -> str:
    return _either([called(group) for group in groups])


def _classes(classes: Sequence[c.MarkerClass], limits: c.MarkerLimits) -> str:
    spelled = {
        c.MarkerClass.LOW: f"at most {limits.low}",
        c.MarkerClass.LOW_GRADE: f"above {limits.low} and at most {limits.high}",
        c.MarkerClass.HIGH: f"above {limits.high}",
        c.MarkerClass.INDETERMINATE: "not certain",
    }
    return _either([spelled[kind] for kind in classes]) if classes else "of any value"


def _around(before: AnySpan | None, after: AnySpan | None) -> str:
    if before is None:
        return "at any time up to now" if after is None else f"at any time up to {_THAT_DAY}"
    if after is None:
        return f"from {_offset(-before.days)} up to now"
    if before.days == after.days == 0:
        return f"on {_THAT_DAY}"
    return f"from {_offset(-before.days)} to {_offset(after.days)}"


def _offset(days: int) -> str:
    """So many days after the day that is asked about, or before it where negative."""
    if not days:
        return _THAT_DAY
    return f"{Days(abs(days))} {'after' if days > 0 else 'before'} {_THAT_DAY}"


def narrate(word: c.Criterion) -> str:
    """What a criterion asks, as part of a sentence."""
    match word:
        case c.AllOf():
            return "all of: " + "; ".join(narrate(part) for part in word.criteria)
        case c.AnyOf():
            return "any of: " + "; ".join(narrate(part) for part in word.criteria)
        case c.AtLeast():
            return f"at least {word.n} of: " + "; ".join(narrate(part) for part in word.criteria)
        case c.Not():
            return f"not ({narrate(word.criterion)})"
        case c.Paired():
            return f"{narrate(word.first)} — and at that date: {narrate(word.then)}"
        case c.Defined():
            return f"{word.name} ({narrate(word.criterion)})"
        case c.Now():
            return f"now, {narrate(word.criterion)}"
        case c.Documented():
            if word.negative is None:
                return f"it is documented that {narrate(word.positive)}"
            return f"{narrate(word.positive)} (ruled out only when {narrate(word.negative)})"
        case c.WhenMeasured():
            return f"where measured, {narrate(word.criterion)}"
        case c.NoneMet():
            return f"none of these rules is met: {', '.join(word.rules)}"
        case _:
            return _narrate_scores(word)


def _narrate_scores(word: c.Criterion) -> str:
    match word:
        case c.Worsened():
            extra = ", or is elevated without any earlier score" if word.or_first_elevated else ""
            elevated = "elevated and " if any(scale.elevated is not None for scale in word.domain.series) else ""
            return (
                f"the latest {word.domain.name} score of the last {_days(word.fresh)} is {elevated}worse by the "
                f"instrument's step than the best of {word.gap.days} to {word.lookback.days} days before it (else the "
                f"most recent of up to {_days(word.stale)} before){extra}"
            )
        case c.Elevated():
            near = f" and lies within {_days(word.within)} of that day" if word.within is not None else ""
            return f"the latest {word.domain.name} score of the last {_days(word.fresh)} is elevated{near}"
        case c.ScoredAtLeast():
            band = "exists" if word.band is c.Band.ANY else f"in the {word.band} band or above exists"
            return f"a {word.domain.name} score {band} {_around(word.before, None)}"
        case c.Persistent():
            extra = f", the lowest above {word.lowest_above} of the first" if word.lowest_above is not None else ""
            over = f", within {_days(word.over)}" if word.over is not None else ""
            return (
                f"{word.domain.name} scores stay elevated for at least {_days(word.at_least)} up to now (at most "
                f"{_days(word.neighbours)} between neighbours{over}){extra}"
            )
        case c.Fell():
            twice = f", or twice in a row, {_days(word.apart)} or more apart, by its smaller step" if word.apart else ""
            return (
                f"the latest {word.domain.name} score of the last {_days(word.fresh)} is lower by the "
                f"instrument's step than the best of {word.gap.days} to {word.lookback.days} days before it (else the "
                f"most recent of up to {_days(word.stale)} before){twice}"
            )
        case c.BeganWithin():
            return f"{narrate(word.mood)}, in an episode that began at most {_days(word.days)} ago"
        case c.AtNewest():
            return f"on the newest {word.domain.name} score, {narrate(word.criterion)}"
        case c.BaselineAfter():
            return "the baseline was taken after the event"
        case c.ItemSum():
            items = ", ".join(str(item) for item in word.items)
            noun = "item" if len(word.items) == 1 else "items"
            amount = f"{word.at_least} of all points" if word.share else str(word.at_least)
            return f"{word.instrument.name} {noun} {items} of the last {_days(word.fresh)} reach {amount} or more"
        case c.MoodCleared():
            return (
                f"{word.domain.name} scores come down: {word.runs} or more below elevated at least {_days(word.apart)} "
                "apart, or one minimal score after a clear fall, with no latest score still elevated"
            )
        case c.BackBelow():
            return f"the latest {word.domain.name} score since then is below elevated"
        case c.Halved():
            return f"a {word.domain.name} score falls to {word.share} of the first or less"
        case c.HistoryKnown():
            return f"the history of {word.domain.name} scores is known"
        case c.Due():
            return (
                f"a {word.domain.name} check is overdue by more than {_days(word.grace)}: "
                + "; ".join(_scheduled(schedule) for schedule in word.schedules)
                + f" (a check up to {_days(word.grace)} early counts; none is asked for within "
                f"{_days(word.unless_declined)} of a refusal)"
            )
        case c.Elapsed():
            return f"more than {_days(word.days)} have passed"
        case _:
            return _narrate_markers(word)


def _scheduled(schedule: c.Routine | c.AfterRelapse | c.AfterStart) -> str:
    match schedule:
        case c.Routine():
            return f"{_days(schedule.after)} after the newest score, with {_named([schedule.disease])}"
        case c.AfterRelapse():
            return (
                f"{_days_after(schedule.checks)} a relapse of the last {_days(schedule.over)}, with "
                f"{_named([schedule.disease])}"
            )
        case c.AfterStart():
            when = _days_after(schedule.checks)
            return f"{when} the beginning of {_groups(schedule.groups)} in the last {_days(schedule.over)}"
        case _:
            assert_never(schedule)


def _days_after(checks: Sequence[AnySpan]) -> str:
    days = [str(check.days) for check in checks]
    return f"{' and '.join([', '.join(days[:-1]), days[-1]]) if days[1:] else days[0]} days after"


def _narrate_markers(word: c.Criterion) -> str:
    match word:
        case c.MarkerNear():
            later = (
                f", with none {_classes(word.not_followed_by, word.limits)} after it" if word.not_followed_by else ""
            )
            kinds = _classes(word.classes, word.limits) + (f" and above {word.above}" if word.above is not None else "")
            readable = _unless(word.unreadable_if)
            return f"the {word.analyte.name} nearest that day within {_days(word.within)} is {kinds}{later}{readable}"
        case c.MarkerSeen():
            times = f"the last {word.consecutive}" if word.consecutive else "a"
            kinds = "readable" if set(word.classes) == set(c.READABLE) else _classes(word.classes, word.limits)
            around = _around(word.before, word.after)
            return f"{times} {word.analyte.name} {around} is {kinds}{_unless(word.unreadable_if)}"
        case c.LatestMarker():
            over = f" of the last {_days(word.over)}" if word.over is not None else ""
            more = f" and above {word.above}" if word.above is not None else ""
            return f"the latest {word.analyte.name}{over} is {_classes(word.classes, word.limits)}{more}"
        case c.SustainedMarker():
            kinds = _classes((c.MarkerClass.LOW_GRADE,), word.limits)
            return (
                f"two {word.analyte.name} of one assay, {word.apart.days} to {_days(word.over)} apart, are {kinds}, "
                f"none lower or higher since the first{_unless(word.unreadable_if)}, at neither of them "
                f"{narrate(word.unless)}"
            )
        case c.ResultNear():
            newest = "the newest " if word.newest_only else ""
            what = _either([analyte.name for analyte in word.analytes])
            return f"{newest}{what} {_test(word)} {_around(word.before, word.after)}"
        case c.Supplied():
            names = [analyte.name for analyte in word.analytes] + [scale.name for scale in word.instruments]
            return f"{_either(names)} was measured {_around(word.before, None)}"
        case _:
            return _narrate_records(word)


def _unless(unreadable_if: c.Criterion | None) -> str:
    """When a result says nothing."""
    return "" if unreadable_if is None else f" (a result does not count at whose date {narrate(unreadable_if)})"


def _test(word: c.ResultNear) -> str:
    if word.beyond_reference:
        return "is above its reference range or marked high"
    if word.positive:
        return "is positive"
    if word.above is not None:
        return f"is above {word.above}"
    return f"is at least {word.at_least}" if word.at_least is not None else f"is below {word.below}"


def _narrate_records(word: c.Criterion) -> str:
    match word:
        case c.Diagnosed():
            return f"an active diagnosis of {_named([word.concept])} is recorded"
        case c.Recorded():
            return _recorded(word)
        case c.Occurred():
            if word.beyond is not None:
                return f"a {word.event} began {word.beyond.days + 1} to {word.after.days} days before that day"
            if word.before is None:
                return f"a {word.event} began at most {_days(word.after)} before that day, or after it"
            around = f"{_days(word.before)} before to {_days(word.after)} after"
            known = " that is known to the day" if word.exact else ""
            return f"that day lies from {around} the onset of a {word.event}{known}"
        case c.Exposed():
            return _exposed(word)
        case c.Started():
            limits: dict[int, list[DrugGroup]] = {}
            for group, window in word.windows:
                limits.setdefault(window.days, []).append(group)
            return "; ".join(f"{_groups(groups)} was begun {_lately(days, word)}" for days, groups in limits.items())
        case c.Ended():
            return f"what was begun then of {_groups(word.groups)} ended more than {_days(word.over)} ago"
        case c.SteadilyTreated():
            return (
                f"{_groups([word.group])} in use for {_days(word.at_least)} without a gap, none begun or ended in the "
                f"last {_days(word.unchanged)}"
            )
        case c.TreatmentChanged():
            return f"a medicine of the group {_groups([word.group])} is begun or ended"
        case _:
            return _narrate_answers(word)


def _recorded(word: c.Recorded) -> str:
    both = f" together with {_named([word.also])}" if word.also is not None else ""
    denial = "an explicit 'no' to " if word.denied else ""
    over = ", not resolved" if word.unresolved else ""
    if word.unless_abated is not None:
        over += f", not over for {_days(word.unless_abated)} or more"
    return f"{denial}{_named(word.concepts)}{both} is recorded {_around(word.before, word.after)}{over}"


def _exposed(word: c.Exposed) -> str:
    begun = f"begun at most {_days(word.begun_within)} before" if word.begun_within is not None else ""
    if word.trailing is None:
        return f"{_groups(word.groups)} was {begun or 'ever in use'}"
    tail = f" or ended at most {_days(word.trailing)} before" if word.trailing.days else ""
    lead = f" (from {_days(word.lead)} after its first day)" if word.lead is not None else ""
    return f"{_groups(word.groups)} is in use{lead}{tail}{f', {begun}' if begun else ''}"


def _lately(days: int, word: c.Started) -> str:
    ahead = word.ahead.days
    if ahead < 0:
        return f"{-ahead} to {days} days before"
    if ahead > 0:
        return f"from {days} days before to {ahead} days after that day"
    return f"at most {Days(days)} before" if days else "on that day"


def _narrate_answers(word: c.Criterion) -> str:
    match word:
        case c.Answered():
            when = (
                "since then" if word.since else "ever" if word.before is None else f"in the last {_days(word.before)}"
            )
            level = "is answered readably" if word.at_least is None else f"is answered {word.at_least} or more (or yes)"
            times = f"at least {word.times} of " if word.times else ""
            return f"{times}{_named(word.items)} {level} {when}"
        case c.TotalWithoutItem():
            names = _either([scale.name for scale in word.instruments])
            total = f"a {names} total, or the sum of the items that were answered, of {word.at_least} or more"
            return f"{total} of the last {_days(word.before)} has no readable item 9"
        case c.UnreadableAnswer():
            return f"an answer about suicidal thoughts of the last {_days(word.before)} cannot be read"
        case c.Unplaced():
            return (
                "an entry about suicidal thoughts that would count has no date, a year only, or no subject, or "
                "contradicts itself"
            )
        case c.StalePositive():
            return (
                f"the newest answer about suicidal thoughts is positive, at most {_days(word.older)} old, and no flag "
                "in the data names it"
            )
        case _:  # pragma: no cover - a test asks for every word of the vocabulary
            raise AssertionError(word)
