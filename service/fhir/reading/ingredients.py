"""What is in a medicine, by the codes of the product and of its ingredients; never by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from service.domain.concepts import DrugGroup
from service.fhir.reading.codes import words
from service.fhir.reading.elements import modifies
from service.fhir.reading.resources import Medication

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from service.fhir.reading.draft import Draft
    from service.fhir.reading.elements import CodeableConcept, Coding, Dosage
    from service.fhir.reading.resources import MedicineRecord, Resource
    from service.terminology.meanings import Drug

_UNNAMED: Final = "a medicine without a name"


class Product(NamedTuple):
    """A medicine: its name as sent, the recognised drugs, and whether a code says that it is a local form."""

    name: str
    drugs: tuple[Drug, ...]
    is_local_form: bool


def product(draft: Draft, index: int, record: MedicineRecord) -> Product:
    """The medicine of a record, given by code or by reference to a Medication."""
    concept = record.medicationCodeableConcept
    if concept is not None:
        return _recognised(draft, words(concept), concept.coding or ())
    reference = record.medicationReference
    if reference is None:
        return Product(_UNNAMED, (), is_local_form=False)
    found = draft.resolve(reference, index, record)
    if not isinstance(found, Medication) or found.implicitRules or modifies(found.modifierExtension):
        return Product(reference.display or _UNNAMED, (), is_local_form=False)
    name = words(found.code) or reference.display or ""
    codings = list(_codings(draft, index, record, found))
    draft.follow(len(codings))
    return _recognised(draft, name, codings)


def _codings(draft: Draft, index: int, record: Resource, medication: Medication) -> Iterable[Coding]:
    yield from _of(medication.code)
    draft.follow(len(medication.ingredient or ()))
    for ingredient in medication.ingredient or ():
        if modifies(ingredient.modifierExtension):
            continue
        yield from _of(ingredient.itemCodeableConcept)
        if ingredient.itemReference is not None:
            # A contained Medication has no contained resources of its own: its fellows are the record's.
            inner = draft.resolve(ingredient.itemReference, index, record)
            inner = inner or draft.resolve(ingredient.itemReference, index, medication)
            if isinstance(inner, Medication):
                yield from _of(inner.code)


def _of(concept: CodeableConcept | None) -> Sequence[Coding]:
    return (concept.coding or ()) if concept is not None else ()


def _recognised(draft: Draft, name: str, codings: Sequence[Coding]) -> Product:
    drugs: dict[tuple[str, str], Drug] = {}
    local = False
    for one in codings:
        key = (one.system or "", one.code or "")
        local = local or draft.terminology.contradicts_systemic_steroid(*key)
        drug = draft.terminology.drug(*key)
        if drug is not None:
            known = drugs.setdefault((drug.ingredient, drug.group), drug)
            if drug.systemic and not known.systemic:
                drugs[drug.ingredient, drug.group] = drug
    return Product(name or _UNNAMED, tuple(drugs.values()), local)


def is_systemic(draft: Draft, drug: Drug, found: Product, dosages: Sequence[Dosage]) -> bool:
    """False for a corticosteroid that acts where it is applied, or whose route nobody recorded and is mostly local."""
    if drug.group is not DrugGroup.STEROID_SYSTEMIC or drug.systemic:
        return True
    if found.is_local_form:
        return False
    routes = [one for dosage in dosages for one in _of(dosage.route) if one.code]
    if routes:
        return not all(draft.terminology.is_local_route(one.system or "", one.code or "") for one in routes)
    return not draft.terminology.steroid_needs_route(drug.ingredient)
