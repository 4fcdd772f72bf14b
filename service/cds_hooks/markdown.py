"""Text that came with the data, as GitHub Flavored Markdown shows it: literally, without links, HTML or emphasis."""

from __future__ import annotations

import re
from typing import Final

from service.fhir.writing.elements import clean

# Character references mean the same to a reader of Markdown and to one that takes it for HTML.
_MEANING: Final = {ord(one): f"&#{ord(one)};" for one in "\\`*_{}<>#|~&"}
# A bracket makes a link of what follows; by itself it stands as it is, for readers who are shown the source.
_LINK: Final = re.compile(r"\](?=[(\[:])")
# Addresses that stand bare become links, of people too. Some readers look for them only when references have been read:
# a joiner, which nobody sees, keeps them from it.
_ADDRESS: Final = re.compile(r"(?i)(?<=http):(?=//)|(?<=https):(?=//)|(?<=ftp):(?=//)|(?<=www)\.|@")
_JOINER: Final = "&#8288;"
_BLANK: Final = re.compile(r"\s+")


def literal(text: str) -> str:
    """One line of text in which nothing is markup."""
    line = _BLANK.sub(" ", clean(text)).strip().translate(_MEANING)
    line = _LINK.sub("&#93;", line)
    return _ADDRESS.sub(lambda found: f"&#{ord(found[0])};{_JOINER}", line)
