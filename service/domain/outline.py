"""A criterion as a nested list in words: one line a statement, as deep as the criterion nests."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from service.domain import criteria as c
from service.domain.explain import narrate

if TYPE_CHECKING:
    from collections.abc import Iterator


class Line(NamedTuple):
    """One statement, and what it is made of."""

    text: str
    inner: tuple[Line, ...] = ()


def outline(word: c.Criterion) -> Line:
    """The criterion as a tree of lines; words that combine others open a level."""
    match word:
        case c.AllOf():
            return Line("all of these:", tuple(outline(part) for part in word.criteria))
        case c.AnyOf():
            return Line("at least one of these:", tuple(outline(part) for part in word.criteria))
        case c.AtLeast():
            return Line(f"at least {word.n} of these:", tuple(outline(part) for part in word.criteria))
        case c.Not():
            return _negated(word)
        case c.Paired():
            return _paired(word)
        case c.Defined():
            return _prefixed(f"{word.name}: ", outline(word.criterion))
        case c.Now():
            return _prefixed("now, ", outline(word.criterion))
        case c.WhenMeasured():
            return _prefixed("(not measured counts as no) ", outline(word.criterion))
        case c.Documented():
            return _documented(word)
        case c.Unplaced():
            return Line(f"{narrate(word)}:", (outline(word.criterion),))
        case _:
            return Line(narrate(word))


def _prefixed(words: str, line: Line) -> Line:
    return line._replace(text=words + line.text)


def _negated(word: c.Not) -> Line:
    inner = outline(word.criterion)
    if not inner.inner:
        return _prefixed("not: ", inner)
    text = inner.text.replace("at least one of these:", "none of these:").replace("all of these:", "not all of these:")
    return Line(text, inner.inner) if text != inner.text else Line("this does not hold:", (inner,))


def _paired(word: c.Paired) -> Line:
    day = "on one of its dates" if word.each else "on its date"
    unknown = "; while this is unknown, so is the whole" if word.first_decides else ""
    first, then = outline(word.first), outline(word.then)
    return Line("both of these, the second " + day + ":", (first._replace(text=_unended(first.text, unknown)), then))


def _unended(text: str, addition: str) -> str:
    return f"{text[:-1]}{addition}:" if text.endswith(":") else text + addition


def _documented(word: c.Documented) -> Line:
    lines = [outline(word.positive)]
    if word.negative is not None:
        lines.append(_prefixed("ruled out only when ", outline(word.negative)))
    return Line("documented (silence leaves it unknown):", tuple(lines))


def listed(line: Line, depth: int = 0) -> Iterator[str]:
    """The lines as a Markdown list; a level is indented by two spaces."""
    yield f"{'  ' * depth}- {line.text}"
    for part in line.inner:
        yield from listed(part, depth + 1)
