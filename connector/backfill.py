"""Attach the customers that are already there, and their open tickets, to the companies that claim their domains.

Users are read by the time of their last change, a page at a time, and nothing of them is kept: a million needs no more
memory than a hundred. Whoever is attached moves to the end of that order, is read once more, and has a company then.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.errors import HelpdeskPolicyError, Permanent, Transient
from connector.hosts.zammad.admin import SEARCHED, Admin
from connector.model.company import Directory
from connector.policy.address import domain_of

BEGINNING = "1970-01-01T00:00:00.000Z"
EXAMPLES = 20
"""Refused writes that are named; all are counted."""
OPEN = {"new", "open", "pending reminder", "pending action"}

Json = Any


@dataclass(kw_only=True)
class Cursor:
    """How far a run has come; written down after each page."""

    part: str = "users"
    moment: str = BEGINNING

    def to_text(self) -> str:
        """Write it for the database."""
        return json.dumps({"part": self.part, "moment": self.moment})

    @classmethod
    def from_text(cls, text: str | None) -> "Cursor":
        """Read it; nothing is the beginning."""
        return cls(**json.loads(text)) if text else cls()


@dataclass(kw_only=True)
class Tally:
    """What was found and done."""

    seen: int = 0
    why: Counter[str] = field(default_factory=Counter)
    """Verdict to how many users or tickets it was spoken on."""
    attached: Counter[str] = field(default_factory=Counter)
    """Company to how many customers it gets."""
    tickets: int = 0
    refused: list[str] = field(default_factory=list)
    refusals: int = 0

    @property
    def users(self) -> int:
        """Count the customers to attach."""
        return sum(self.attached.values())

    @property
    def written(self) -> int:
        """Count the rows that were changed, or would be."""
        return self.users + self.tickets

    @property
    def percent(self) -> float:
        """Give the share of users that would change."""
        return 100 * self.users / self.seen if self.seen else 0.0


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a run goes."""

    admin: Admin
    directory: Directory
    writes: bool
    pause: float = 0.0
    """Seconds between two writes: the helpdesk belongs to its agents."""
    turned: Callable[[Cursor], None] = lambda _: None
    """Told after each page, when all of it is done."""
    went: Callable[[int], None] = lambda _: None
    """Told how many rows were looked at."""
    sleep: Callable[[float], None] = time.sleep


def count(admin: Admin, part: str) -> int:
    """Count what there is to look at, for an honest estimate."""
    kind, condition = (
        ("users", _since("user", BEGINNING)) if part == "users" else ("tickets", _unattached(admin, BEGINNING))
    )
    asked = {"condition": condition, "only_total_count": True}
    return int(admin.get(f"{kind}/search", method="POST", json=asked)["total_count"])


def go(way: Way, cursor: Cursor, tally: Tally) -> None:
    """Go from the cursor to the end, customers first and then open tickets.

    Raises Transient where the helpdesk is away; the cursor then says where to go on.
    """
    if cursor.part == "users":
        customers = _customer_roles(way.admin)
        for page in _pages(way, cursor, tally, lambda moment: _since("user", moment)):
            for user in page:
                tally.seen += 1
                _judge(way, user, customers, tally)
        cursor.part, cursor.moment = "tickets", BEGINNING
        way.turned(cursor)
    states = _unattached(way.admin, BEGINNING)["ticket.state_id"]
    companies: dict[int, int | None] = {}
    for page in _pages(way, cursor, tally, lambda moment: {**_unattached_since(moment), "ticket.state_id": states}):
        companies.clear()  # of one page at most: constant memory
        for ticket in page:
            _follow(way, ticket, companies, tally)


def verdict(user: Mapping[str, Json], customers: frozenset[int], directory: Directory) -> tuple[str, str]:
    """Say what is to become of a user: a word, and the company's id where he is to be attached; pure."""
    if user["organization_id"]:
        return "has a company", ""
    if not user["active"]:
        return "is not active", ""
    if not set(user["role_ids"]) <= customers:
        return "is no customer", ""
    domain = domain_of(str(user.get("email") or ""))
    if not domain:
        return "has no mail address", ""
    if domain in directory.public:
        return "has a public mail address", ""
    claims = directory.claims(domain)
    if not claims:
        return "nobody claims the domain", ""
    if len(claims) > 1:
        return "several claim the domain", ""
    return "attach", claims[0].id


def _judge(way: Way, user: Json, customers: frozenset[int], tally: Tally) -> None:
    word, company = verdict(user, customers, way.directory)
    if word == "attach":
        if way.writes and not _write(way, f"users/{user['id']}", company, tally):
            word = "refused"
        else:
            tally.attached[way.directory.by_id[company].name] += 1
    tally.why[word] += 1


def _follow(way: Way, ticket: Json, companies: dict[int, int | None], tally: Tally) -> None:
    """Let an open ticket without a company follow its customer."""
    customer = int(ticket["customer_id"])
    if customer not in companies:
        try:
            companies[customer] = way.admin.get(f"users/{customer}")["organization_id"]
        except Permanent:
            companies[customer] = None
    company = companies[customer]
    if company is not None and (not way.writes or _write(way, f"tickets/{ticket['id']}", str(company), tally)):
        tally.tickets += 1


def _write(way: Way, path: str, company: str, tally: Tally) -> bool:
    try:
        answer = way.admin.send("PUT", path, {"organization_id": int(company)})
        if answer.get("organization_id") != int(company):
            raise Permanent(f"it answered with the company {answer.get('organization_id')}, not {company}")
    except Transient:
        raise
    except HelpdeskPolicyError as exc:
        tally.refusals += 1
        if len(tally.refused) < EXAMPLES:
            tally.refused.append(f"{path}: {exc}")
        return False
    way.sleep(way.pause)
    return True


def _pages(way: Way, cursor: Cursor, tally: Tally, condition: Callable[[str], Json]) -> Iterator[list[Json]]:
    """Read page after page from the cursor's moment on, and move it when a page is done.

    The next page begins at the last row's own moment, where the one before it ends: rows of that very moment come
    again, and are left out. By numbers of pages, rows would be missed when others move to the end; so where more than a
    page was changed in one moment (an import), it is read from its start again as long as rows of it were written.
    """
    page, last = 1, frozenset[int]()
    while True:
        asked = {
            "condition": condition(cursor.moment),
            "sort_by": ["updated_at", "id"],
            "order_by": ["asc", "asc"],
            "per_page": SEARCHED,
            "page": page,
        }
        batch, written = way.admin.get(f"{cursor.part}/search", method="POST", json=asked), tally.written
        fresh = [row for row in batch if row["id"] not in last or row["updated_at"] != cursor.moment]
        yield fresh
        way.went(len(fresh))
        if not batch:
            return
        moment = str(batch[-1]["updated_at"])
        at_moment = frozenset(row["id"] for row in batch if row["updated_at"] == moment)
        if moment != cursor.moment:
            page, last = 1, at_moment
        else:
            has_moved = way.writes and tally.written > written
            page, last = (1 if has_moved else page + 1), last | at_moment
        cursor.moment = moment
        way.turned(cursor)
        if len(batch) < SEARCHED:
            return


def _since(kind: str, moment: str) -> Json:
    return {f"{kind}.updated_at": {"operator": "after (absolute)", "value": moment}}


def _unattached_since(moment: str) -> Json:
    return {**_since("ticket", moment), "ticket.organization_id": {"operator": "is", "pre_condition": "not_set"}}


def _unattached(admin: Admin, moment: str) -> Json:
    states = [row["id"] for row in admin.get("ticket_states?expand=true") if row["state_type"] in OPEN]
    return {**_unattached_since(moment), "ticket.state_id": {"operator": "is", "value": states}}


def _customer_roles(admin: Admin) -> frozenset[int]:
    """Give the roles of those who only ask: everybody who signs up has them."""
    return frozenset(row["id"] for row in admin.list("roles") if row["default_at_signup"])
