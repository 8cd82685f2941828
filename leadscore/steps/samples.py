"""Some of the stored leads of a client, evenly drawn, with what is needed to build their features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.features.build import Features, build_features
from leadscore.schema import CustomField, MadeFeature
from leadscore.steps.dates import reference_date
from leadscore.store import batches, lead_reading
from leadscore.workbench import Workbench

SAMPLE = 20_000
"""Enough for two steady digits, few enough to answer while somebody waits."""


@dataclass(frozen=True)
class Sample:
    """Some leads.

    Parameters
    ----------
    leads : DataFrame
        A leads frame, with every column any lead of the client has a value for.
    custom_fields : tuple of CustomField
    headers : dict of str to str
        Column to the client's own header.
    as_of : Timestamp
        The day recency is measured on.
    total : int
        Leads the client has in all.
    """

    leads: pd.DataFrame
    custom_fields: tuple[CustomField, ...]
    headers: dict[str, str]
    as_of: pd.Timestamp
    total: int

    def features(self, made: Sequence[MadeFeature] = ()) -> Features:
        """Build their features."""
        return build_features(self.leads, self.custom_fields, as_of=self.as_of, headers=self.headers, made=made)


def draw(session: Session, workbench: Workbench, client_id: int, *, most: int = SAMPLE,
         fields: Sequence[str] | None = None) -> Sample:
    """Read up to ``most`` leads of a client; the same ones each time while no lead comes or goes.

    Parameters
    ----------
    fields : sequence of str or None
        Only these columns, which is quicker; all when left out.
    """
    lead_ids = lead_reading.ids(session, client_id)
    chosen = np.sort(np.random.default_rng(0).permutation(lead_ids)[:most])
    leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=chosen, fields=fields,
                                    keep_empty=True)
    as_of = reference_date(lead_reading.latest_dates(session, client_id), workbench.clock())
    return Sample(leads, lead_reading.custom_fields(session, client_id), batches.headers(session, client_id), as_of,
                  len(lead_ids))
