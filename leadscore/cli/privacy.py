"""Commands on personal data: of one person, on how long they are kept, and on their keys."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import orjson

from leadscore.cli.words import Answer, add, family, operator, progress, write_file
from leadscore.services import consents, data_rights, keys, privacy, retention
from leadscore.workbench import Workbench


def add_commands(commands: Any) -> None:
    """Add ``erase``, ``retention``, ``keys`` and ``person`` with their commands."""
    _add_person(add(commands, "erase", _erase, "forget one person everywhere, for good"))
    keeping = add(commands, "retention", _retention, "remove what is older than the rules of a client let it be")
    keeping.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    ring = family(commands, "keys", "the keys personal data are encrypted with")
    add(ring, "show", _keys_show, "which keys are in use")
    rotating = add(ring, "rotate", _keys_rotate, "encrypt all personal data with a new key")
    rotating.add_argument("--secret", action="store_true", help="put a new secret into data/secret.key, too")
    person = family(commands, "person", "what one person may ask for")
    showing = add(person, "show", _show, "everything stored about a person, as JSON")
    _add_person(showing)
    showing.add_argument("--out", type=Path, metavar="F", help="write it to a .json file, or to read it as .html")
    copying = add(person, "copy", _copy, "a person's own values, to take along or to import elsewhere")
    _add_person(copying)
    copying.add_argument("--out", type=Path, metavar="F", required=True, help=".csv or .json file")
    objecting = add(person, "object", _object, "stop scoring and learning from a person's leads")
    _add_person(objecting)
    objecting.add_argument("--source", required=True, metavar="S", help="where this is known from: letter, form …")
    objecting.add_argument("--withdraw", action="store_true", help="the person takes the objection back")


def _add_person(parser: argparse.ArgumentParser) -> None:
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--email", metavar="E", help="the person's e-mail address")
    who.add_argument("--phone", metavar="P", help="the person's phone number")
    who.add_argument("--lead", type=int, metavar="ID", help="one of the person's leads")


def _who(options: argparse.Namespace) -> dict[str, Any]:
    return {"client": options.client, "email": options.email, "phone": options.phone, "lead_id": options.lead}


def _erase(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return privacy.erase_person(workbench, operator(), **_who(options)).as_dict()


def _show(workbench: Workbench, options: argparse.Namespace) -> Answer:
    file = data_rights.access_record(workbench, operator(), **_who(options))
    if options.out is None:
        answer: Answer = orjson.loads(file.json)
        return answer
    write_file(options.out, file.other if options.out.suffix == ".html" else file.json)
    return {"leads": file.leads, "out": str(options.out)}


def _copy(workbench: Workbench, options: argparse.Namespace) -> Answer:
    file = data_rights.portable_data(workbench, operator(), **_who(options))
    write_file(options.out, file.json if options.out.suffix == ".json" else file.other)
    return {"leads": file.leads, "out": str(options.out)}


def _object(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor = operator()
    found = data_rights.find_people(workbench, actor, **_who(options))
    for lead in found:
        consents.record_consent(workbench, actor, client=options.client, lead_id=lead.lead_id,
                                purpose=consents.Purpose.PROFILING, given=options.withdraw, source=options.source)
    return {"leads": len(found), "objecting": not options.withdraw}


def _retention(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return retention.run_retention(workbench, operator(), client=options.client, dry_run=options.dry_run).as_dict()


def _keys_show(workbench: Workbench, _: argparse.Namespace) -> Answer:
    return keys.show_keys(workbench, operator()).as_dict()


def _keys_rotate(workbench: Workbench, options: argparse.Namespace) -> Answer:
    if options.secret:
        keys.change_secret(workbench, operator())
    return keys.rotate_keys(workbench, operator(), progress=progress).as_dict()
