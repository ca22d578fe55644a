"""Put together what an auditor needs of one ticket: the mails as they came, their hashes, the decisions, a summary."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from connector.model.case import Case
from connector.model.ticket import Article
from connector.policy.proof import Mail, read_mail
from connector.store.audit import AuditRow

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold: the same content makes the same file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One mail as it came, and where it lies in the bundle."""

    ticket: str
    article: Article
    mail: Mail
    path: str
    raw: bytes


def bundle(case: Case, decisions: Iterable[AuditRow], *, made_at: datetime) -> dict[str, bytes]:
    """Give the files of the bundle by name; the last one lists the SHA-256 of all others."""
    sources = sources_of(case)
    rows = sorted(decisions, key=lambda row: row.id)
    files = {"summary.txt": summary(case, sources, rows, made_at=made_at).encode()}
    files["articles.json"] = _json([_article(each) for each in case.ticket.articles])
    files["mails.json"] = _json([_source(each) for each in sources])
    files["decisions.json"] = _json([asdict(row) for row in rows])
    files |= {each.path: each.raw for each in sources}
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return files | {"SHA256SUMS": sums.encode()}


def packed(files: Mapping[str, bytes]) -> bytes:
    """Pack the files into a zip; `sha256sum -c SHA256SUMS` checks what was unpacked."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def sources_of(case: Case) -> list[Source]:
    """Give the raw mails of the ticket, and of tickets linked to it as equals, oldest first."""
    here = [(case.ticket.number, article) for article in case.ticket.articles]
    there = [(link.number, article) for link in case.links for article in link.articles]
    return [
        Source(
            ticket=number,
            article=article,
            mail=read_mail(article.raw, case.stamps),
            path=f"mails/{number}-{article.id}.eml",
            raw=article.raw,
        )
        for number, article in sorted([*here, *there], key=lambda each: each[1].at)
        if article.raw is not None
    ]


def summary(case: Case, sources: Iterable[Source], decisions: Iterable[AuditRow], *, made_at: datetime) -> str:
    """Tell the story in plain words: what came, what we noted, what was decided."""
    ticket, company = case.ticket, case.company
    customer = f"{case.customer.name} <{case.customer.address}>" if case.customer else "nobody"
    lines = [
        f"Evidence on ticket {ticket.number} of {case.host}, put together at {_time(made_at)}",
        "",
        f"Title:    {ticket.title}",
        f"State:    {ticket.state_name}, group {ticket.group}, tags {', '.join(sorted(ticket.tags)) or 'none'}",
        f"Customer: {customer} of {company.name if company else 'no known company'}",
        f"Linked:   {', '.join(f'{each.number} ({each.kind})' for each in case.links) or 'nothing'}",
        "",
        "Mails as they came, byte by byte (folder mails)",
    ]
    for each in sources:
        lines += [
            "",
            f"  {each.path}",
            f"    received       {_time(each.article.at)}",
            f"    from           {each.mail.address or 'not one author'}",
            f"    sent           {_time(each.mail.sent_at) if each.mail.sent_at else 'no date'}",
            f"    Message-ID     {each.mail.message_id or 'none'}",
            f"    SHA-256        {each.mail.digest}",
            f"    authentication {'yes' if each.mail.is_authentic else 'NO'}: {each.mail.verdict}",
            f"    automatic      {each.mail.machine or 'no'}",
        ]
    lines += ["", "What was said and noted on the ticket, oldest first"]
    for article in ticket.articles:
        who = f"decision {article.decision}" if article.decision else f"user {article.author}"
        kept = "" if article.raw is not None else ", no raw mail"
        lines += ["", f"  {_time(article.at)}  {article.sender} by {article.channel}, {who}{kept}", ""]
        lines += [f"    | {line}".rstrip() for line in _plain(article).splitlines()]
    lines += ["", "Decisions, oldest first (decisions.json has them whole)"]
    for row in decisions:
        lines += ["", f"  {row.id}  {_time(row.at)}  policy {row.policy_revision}{', dry run' if row.dry_run else ''}"]
        lines += [f"    {each['rule']} {each['outcome']}: {each.get('reason', '')}" for each in row.decisions]
    return "\n".join([*lines, ""])


def _plain(article: Article) -> str:
    return f"{article.subject}\n{article.body}" if article.subject else article.body


def _article(article: Article) -> dict[str, Any]:
    return {key: value for key, value in asdict(article).items() if key != "raw"} | {"has_raw": article.raw is not None}


def _source(source: Source) -> dict[str, Any]:
    return {"ticket": source.ticket, "article": source.article.id, "path": source.path} | asdict(source.mail)


def _json(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2, default=_text) + "\n").encode()


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S %Z}"
