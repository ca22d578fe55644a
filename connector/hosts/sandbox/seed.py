"""Fill a world: with what every new Zammad holds, and with a company that is good to try policies on."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import timedelta

from connector.hosts.sandbox import articles, attributes, companies, people, relations, stock, system, tickets
from connector.hosts.sandbox.world import Row, World

ADMIN_TOKEN = "sandbox-admin"  # noqa: S105  tokens of a pretended helpdesk, secret to nobody
BOT_TOKEN = "sandbox-bot"  # noqa: S105
AGENT_TOKEN = "sandbox-anna"  # noqa: S105
CUSTOMER_TOKEN = "sandbox-carla"  # noqa: S105
AGENT_PERMISSIONS = ["ticket.agent", "user_preferences.access_token"]


def install(world: World) -> None:
    """Set up what a fresh installation holds."""
    nobody = {"login": "-", "firstname": "-", "active": False, "role_ids": [], "department": "", "address": ""}
    people.add_user(world, nobody, by=1)
    world.one("user", 1)["preferences"] = {}
    for id_, (name, area, value) in stock.SETTINGS.items():
        world.next_id["setting"] = id_
        world.insert("setting", _setting(name, area, value))
    for id_, name in stock.PERMISSIONS.items():
        world.next_id["permission"] = id_
        world.insert("permission", _permission(name))
    stocked: list[tuple[str, Row, list[Row]]] = [
        ("role", stock.ROLE, stock.ROLES),
        ("state", stock.STATE, stock.STATES),
        ("priority", stock.PRIORITY, stock.PRIORITIES),
        ("trigger", stock.TRIGGER, stock.TRIGGERS),
        ("overview", {**stock.OVERVIEW, "view": stock.OVERVIEW_VIEW}, stock.OVERVIEWS),
        ("macro", stock.MACRO, [stock.SPAM_MACRO]),
        ("signature", stock.SIGNATURE, [{"name": "default", "body": "<br>#{user.firstname} #{user.lastname}<br>"}]),
    ]
    for table, blank, rows in stocked:
        for row in rows:
            world.insert(table, copy.deepcopy({**blank, **row}))
    for name in stock.ARTICLE_TYPES.values():
        world.insert("article_type", {"name": name})
    for name in stock.SENDERS.values():
        world.insert("article_sender", {"name": name})
    relations.seed_link_types(world)
    _attributes(world)
    _first_ticket(world)


def _setting(name: str, area: str, value: object) -> Row:
    return {
        "title": name.replace("_", " ").capitalize(),
        "name": name,
        "area": area,
        "description": "",
        "options": {},
        "state_current": {"value": value},
        "state_initial": {"value": value},
        "frontend": False,
        "preferences": {},
    }


def _permission(name: str) -> Row:
    label = name.rpartition(".")[2].replace("_", " ").capitalize()
    shown = {"label": label, "description": "", "preferences": {}, "active": True, "allow_signup": False}
    return {"name": name, **shown}


def _attributes(world: World) -> None:
    for position, (object_, name, display, data_type) in enumerate(stock.ATTRIBUTES):
        row = {
            "name": name,
            "display": display,
            "data_type": data_type,
            "data_option": {},
            "data_option_new": {},
            "editable": False,
            "active": True,
            "screens": {},
            "to_create": False,
            "to_migrate": False,
            "to_delete": False,
            "to_config": False,
            "position": position,
            "object": object_,
        }
        world.insert("object_attribute", row)


def _first_ticket(world: World) -> None:
    company = companies.add_organization(world, {"name": "Zammad Foundation"})
    nicole = {"firstname": "Nicole", "lastname": "Braun", "email": "nicole.braun@zammad.org"}
    user = people.add_user(world, {**nicole, "organization_id": company["id"]}, by=1)
    note = "Standard Group/Pool for Tickets."
    group = {**stock.GROUP, "name": "Users", "name_last": "Users", "signature_id": 1, "note": note}
    group_id = world.insert("group", group)["id"]
    values = {"title": "Welcome to Zammad!", "group_id": group_id, "customer_id": user["id"]}
    ticket = tickets.insert(world, values, by=user["id"])
    article = {
        "type_id": articles.PHONE,
        "sender_id": articles.CUSTOMER,
        "body": "Welcome!",
        "subject": values["title"],
    }
    sender = {"from": "Nicole Braun <nicole.braun@zammad.org>", "origin_by_id": user["id"]}
    articles.insert(world, ticket, {**article, **sender}, by=user["id"])


# pieces that tests and the demo are put together from


def add_group(world: World, name: str, *, email: str | None = None, label: str | None = None) -> Row:
    """Add a group, with an address to mail from if it shall have one."""
    address_id = None
    if email:
        address = {**stock.EMAIL_ADDRESS, "name": label or name, "email": email, "channel_id": 3}
        address_id = world.insert("email_address", copy.deepcopy(address))["id"]
    values = {**stock.GROUP, "name": name, "name_last": name, "email_address_id": address_id, "note": ""}
    return world.insert("group", values)


def add_agent(world: World, email: str, firstname: str, lastname: str, groups: list[int], roles: list[int]) -> Row:
    """Add somebody who works on tickets."""
    values = {"email": email, "firstname": firstname, "lastname": lastname, "role_ids": roles}
    return people.add_user(world, {**values, "group_ids": {str(id_): ["full"] for id_ in groups}}, by=1)


def add_customer(world: World, email: str, firstname: str, lastname: str, company_id: int | None = None) -> Row:
    """Add a customer; without a company the domain decides."""
    values = {"email": email, "firstname": firstname, "lastname": lastname, "organization_id": company_id}
    return people.add_user(world, values, by=1)


def add_attribute(world: World, object_: str, name: str, data_type: str, **option: object) -> Row:
    """Add and migrate an attribute of our own."""
    row = {
        "name": name,
        "display": name.replace("_", " ").capitalize(),
        "data_type": data_type,
        "data_option": {"options": {}, "relation": "", "null": True, **option},
        "data_option_new": {},
        "editable": True,
        "active": True,
        "screens": {},
        "to_create": True,
        "to_migrate": True,
        "to_delete": False,
        "to_config": False,
        "position": 1550,
        "object": object_,
    }
    attribute = world.insert("object_attribute", row)
    attributes.add_column(world, attribute)
    return attribute


# the demo


@dataclass(frozen=True, kw_only=True)
class Demo:
    """Name what the demo world holds."""

    admin_token: str = ADMIN_TOKEN
    bot_token: str = BOT_TOKEN
    agent_token: str = AGENT_TOKEN
    customer_token: str = CUSTOMER_TOKEN
    bot_id: int
    groups: dict[str, int] = field(default_factory=dict)
    companies: dict[str, int] = field(default_factory=dict)


COMPANIES: list[tuple[str, str, str, int | None]] = [
    # name, domain, contract, days until it ends
    ("Alpenglas GmbH", "alpenglas.example", "premium", 400),
    ("Baeckerei Brandt", "brandt.example", "basic", 90),
    ("Cordis Klinik", "cordis.example", "premium", 20),
    ("Dubois Transports", "dubois.example", "basic", -30),
    ("Esker Legal", "esker.example", "none", None),
    ("Ferrum Stahlbau", "ferrum.example", "", None),
]
CUSTOMERS = [
    ("carla.moser@alpenglas.example", "Carla", "Moser"),
    ("it@alpenglas.example", "Jan", "Huber"),
    ("bernd@brandt.example", "Bernd", "Brandt"),
    ("dr.lange@cordis.example", "Petra", "Lange"),
    ("empfang@cordis.example", "Lea", "Voss"),
    ("marc@dubois.example", "Marc", "Dubois"),
    ("office@esker.example", "Ewan", "Esker"),
    ("k.stahl@ferrum.example", "Katrin", "Stahl"),
    ("tom@freemail.example", "Tom", "Reiter"),
]


def demo(world: World) -> Demo:
    """Fill in a small IT service company: three groups with an address, one without, six customers, three agents."""
    groups = {"Users": 1}
    for name, email in (
        ("Support", "support@msp.example"),
        ("Sales", "sales@msp.example"),
        ("Projects", None),
        ("Billing", "billing@msp.example"),
    ):
        groups[name] = add_group(world, name, email=email, label=f"MSP {name}")["id"]
    everywhere = list(groups.values())
    boss = add_agent(world, "admin@msp.example", "Ada", "Admin", everywhere, [stock.ADMIN, stock.AGENT])
    bot = add_agent(world, "policy-bot@msp.example", "Policy", "Bot", everywhere, [stock.AGENT])
    anna = add_agent(world, "anna@msp.example", "Anna", "Agent", everywhere, [stock.AGENT])
    add_agent(world, "ben@msp.example", "Ben", "Berger", [groups["Support"], groups["Projects"]], [stock.AGENT])
    add_agent(world, "sara@msp.example", "Sara", "Sales", [groups["Sales"]], [stock.AGENT])
    options = {"none": "none", "basic": "basic", "premium": "premium"}
    add_attribute(world, "Organization", "support_contract", "select", options=options)
    add_attribute(world, "Organization", "contract_valid_until", "date")
    companies = {name: _company(world, name, domain, contract, days) for name, domain, contract, days in COMPANIES}
    made = [add_customer(world, *customer) for customer in CUSTOMERS]
    for user, secret, permissions in (
        (boss, ADMIN_TOKEN, ["admin", *AGENT_PERMISSIONS]),
        (bot, BOT_TOKEN, AGENT_PERMISSIONS),
        (anna, AGENT_TOKEN, AGENT_PERMISSIONS),
        (made[0], CUSTOMER_TOKEN, ["ticket.customer"]),
    ):
        system.add_token(world, user["id"], secret, permissions, name="sandbox")
    return Demo(bot_id=bot["id"], groups=groups, companies=companies)


def _company(world: World, name: str, domain: str, contract: str, days: int | None) -> int:
    ends = (world.clock() + timedelta(days=days)).date().isoformat() if days is not None else None
    values = {"name": name, "domain": domain, "domain_assignment": True, "shared": False}
    row = companies.add_organization(world, values)
    row |= {"support_contract": contract, "contract_valid_until": ends}
    return int(row["id"])
