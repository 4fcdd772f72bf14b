"""Every row of every code table, as the tests read them."""

from service.terminology import activities, answers, instruments, items, records, results, routes
from service.terminology.rows import Row

OBSERVED: tuple[Row[object], ...] = (
    *instruments.TOTALS,
    *instruments.PANELS,
    *instruments.FORMS,
    *items.ITEMS,
    *results.CONVENTIONAL_CRP,
    *results.HIGH_SENSITIVITY_CRP,
    *results.QUALITATIVE_CRP,
    *results.CRP_TITRE,
    *results.OTHER_RESULTS,
)
ANSWERS: tuple[Row[object], ...] = tuple(dict.fromkeys(row for scale in answers.SCALES.values() for row in scale))
ROWS: tuple[Row[object], ...] = (
    *OBSERVED,
    *(row for row in records.RECORDS if row not in records.COMPLETED),
    *activities.ACTIVITIES,
    *routes.LOCAL_ROUTES,
    *ANSWERS,
)
