"""Commands on one person: erase them."""

from __future__ import annotations

import argparse
from typing import Any

from leadscore.cli.words import Answer, add, operator
from leadscore.services import privacy
from leadscore.workbench import Workbench


def add_commands(commands: Any) -> None:
    """Add ``erase``."""
    _add_person(add(commands, "erase", _erase, "forget one person everywhere, for good"))


def _add_person(parser: argparse.ArgumentParser) -> None:
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--email", metavar="E", help="the person's e-mail address")
    who.add_argument("--phone", metavar="P", help="the person's phone number")
    who.add_argument("--lead", type=int, metavar="ID", help="one of the person's leads")


def _erase(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return privacy.erase_person(workbench, operator(), client=options.client, email=options.email,
                                phone=options.phone, lead_id=options.lead).as_dict()
