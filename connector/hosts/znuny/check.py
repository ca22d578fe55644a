"""Say what an installed Znuny can do for us, and what it still lacks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.hosts.host import Capability
from connector.hosts.znuny.client import ZnunyClient
from connector.hosts.znuny.fields import DECISION, MEMORY, TAGS
from connector.hosts.znuny.lists import lists_of
from connector.hosts.znuny.provision import VERSION
from connector.hosts.znuny.znuny import ADD_ON, STOCK

KINDS = {MEMORY: "Ticket", TAGS: "Ticket", DECISION: "Article"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What was seen."""

    product: str
    add_on: str
    """Its version; empty where it is not installed."""
    bot: str
    """Id of the user whose login we hold."""
    capabilities: Mapping[Capability, bool]
    findings: tuple[str, ...]
    """What a person should put right, each as a sentence."""


async def check(client: ZnunyClient) -> Checked:
    """Ask the other side; raises Transient or Permanent where it cannot be asked."""
    raw = await client.desk()
    if raw is None:
        me = await client.me()
        missing = "The add-on is not installed: no links, no new tickets, no companies. Make it: znuny package."
        return Checked(
            product="Znuny or OTRS", add_on="", bot=me["UserID"], capabilities=_able(STOCK), findings=(missing,)
        )
    return Checked(
        product=str(raw["Product"]),
        add_on=str(raw["AddOn"]),
        bot=str(raw["UserID"]),
        capabilities=_able(ADD_ON),
        findings=findings_of(raw),
    )


def findings_of(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Find what is wrong with a Znuny that has the add-on."""
    lists = lists_of(raw)
    findings = [
        f"The dynamic field {name} of the object {kind} is missing or invalid: reinstall the package."
        for name, kind in KINDS.items()
        if raw["Fields"].get(name) != kind
    ]
    if str(raw["AddOn"]) != VERSION:
        findings.append(f"The add-on is version {raw['AddOn']}, ours is {VERSION}: upgrade it with znuny package.")
    mute = sorted(name for name, group in lists.desk.groups.items() if group.is_active and not group.can_mail)
    if len(mute) == len(lists.desk.groups):
        findings.append("No queue has a mail address of its own, so no mail can leave.")
    if str(raw["UserID"]) == "1":
        findings.append("The daemon works as user 1, as Znuny itself does: make it an agent of its own.")
    return tuple(findings)


def _able(can: frozenset[Capability]) -> dict[Capability, bool]:
    return {capability: capability in can for capability in Capability}
