"""Build what an admin installs on Znuny: the add-on as a package, and the web service as YAML; no I/O but own data."""

import base64
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import yaml
from pydantic import SecretStr

from connector.errors import Misconfigured
from connector.hosts.znuny.client import WEB_SERVICE
from connector.hosts.znuny.webhook import TOKEN_HEADER

NAME = "HelpdeskPolicy"
VERSION = "1.0.0"
"""Of the add-on; raised with every change of its files, else Znuny refuses the upgrade."""

FRAMEWORKS = ("6.5.x", "6.4.x", "6.3.x", "6.2.x", "6.1.x", "6.0.x")
OPERATIONS = ("Apply", "Changed", "Companies", "Desk", "Look")

EVENTS = (
    *("TicketCreate", "ArticleCreate", "TicketQueueUpdate", "TicketStateUpdate", "TicketCustomerUpdate"),
    *("TicketPriorityUpdate", "TicketMerge", "TicketDynamicFieldUpdate_HelpdeskPolicyTags"),
)
"""What can change a decision; links are not among them, since Znuny says nothing of the ticket there (fact 19)."""

LEFT_OUT = (
    *("Article", "Articles", "OwnerData", "ResponsibleData", "CreateByData", "ChangeByData", "QueueData", "StateData"),
    *("PriorityData", "TypeData", "LockData", "ServiceData", "SLAData", "CustomerUser", "CustomerCompany"),
)
"""What a delivery need not hold, since it only wakes; mail attachments would make it as large as the mail (fact 22)."""
OMITTED = "GenericInterface::Invoker::Ticket::Generic::PrepareRequest::OmittedFields"


def package() -> bytes:
    """Build the add-on as an `.opm`: XML with the files in Base64, the same bytes for the same files."""
    files = "".join(
        f'        <File Location="{place}" Permission="660" Encode="Base64">{content}</File>\n'
        for place, content in _files()
    )
    frameworks = "".join(f"    <Framework>{each}</Framework>\n" for each in FRAMEWORKS)
    code = "".join(
        f'    <Code{when} Type="{phase}"><![CDATA[\n'
        f"        $Kernel::OM->Get('var::packagesetup::{NAME}')->Code{when}();\n    ]]></Code{when}>\n"
        for when, phase in (("Install", "post"), ("Upgrade", "post"), ("Reinstall", "post"), ("Uninstall", "pre"))
    )
    return (
        '<?xml version="1.0" encoding="utf-8" ?>\n<otrs_package version="1.1">\n'
        f"    <Name>{NAME}</Name>\n    <Version>{VERSION}</Version>\n    <Vendor>helpdesk-policy</Vendor>\n"
        "    <URL>https://localhost/</URL>\n    <License>Apache-2.0</License>\n"
        '    <Description Lang="en">Operations of the generic interface for helpdesk-policy.</Description>\n'
        f"{frameworks}{code}    <Filelist>\n{files}    </Filelist>\n</otrs_package>\n"
    ).encode()


def web_service(
    *,
    url: str,
    token: SecretStr,
    basic: SecretStr | None = None,
    bot: int | None = None,
    with_add_on: bool = True,
    header: str = TOKEN_HEADER,
) -> str:
    """Write the web service: what the daemon asks of Znuny, and where Znuny says that something changed.

    `url` is the daemon's address for deliveries. `bot` is the id of the user under whose name the daemon works; with
    it, Znuny does not tell the daemon of the daemon's own changes. Raises Misconfigured.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise Misconfigured(
            f"{url!r} is no address for deliveries: give one as in https://policy.example.com/hooks/znuny"
        )
    if not token.get_secret_value():
        raise Misconfigured("deliveries need a token: Znuny cannot sign them")
    content = yaml.safe_load((_data() / "webservice.yml").read_text(encoding="utf-8"))
    if not with_add_on:
        _without_add_on(content)
    requester = content["Requester"]
    requester["Invoker"]["Changed"]["Events"] = [_event(name, bot) for name in EVENTS]
    transport = requester["Transport"]["Config"]
    transport["Host"] = f"{parts.scheme}://{parts.netloc}"
    transport["InvokerControllerMapping"]["Changed"]["Controller"] = parts.path or "/"
    transport["AdditionalHeaders"] = {header: token.get_secret_value()}
    if basic is not None:
        user, _, password = basic.get_secret_value().partition(":")
        transport["Authentication"] = {"AuthType": "BasicAuth", "BasicAuthUser": user, "BasicAuthPassword": password}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


def omitted() -> str:
    """Write the value of the setting that leaves out of deliveries what a wake-up need not hold."""
    return yaml.safe_dump({"Changed": ";".join(LEFT_OUT)}, width=1000)


def commands(*, home: str, folder: str, with_add_on: bool = True) -> tuple[str, ...]:
    """Name the commands to run on Znuny's own machine as its own user, in the order that works."""
    console = f"{home.rstrip('/')}/bin/otrs.Console.pl"
    install = (f"{console} Admin::Package::Install {folder}/{NAME}-{VERSION}.opm",) if with_add_on else ()
    return (
        *install,
        f"{console} Admin::WebService::Add --name {WEB_SERVICE} --source-path {folder}/{WEB_SERVICE}.yml",
        f"{console} Admin::Config::Update --setting-name {OMITTED} --source-path {folder}/omitted.yml",
    )


def _data() -> Traversable:
    return resources.files("connector.hosts.znuny") / "addon"


def _files() -> Iterator[tuple[str, str]]:
    """Give the add-on's files in Base64 by their place under Znuny's home, filled in and in a fixed order."""
    for place, content in sorted(_walk(_data(), "")):
        filled = content.replace("@VERSION@", VERSION).replace("@SETTINGS@", _settings())
        yield place, base64.b64encode(filled.encode()).decode("ascii")


def _walk(folder: Traversable, under: str) -> Iterator[tuple[str, str]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _walk(each, f"{under}{each.name}/")
        elif under:
            yield f"{under}{each.name}", each.read_text(encoding="utf-8")


def _settings() -> str:
    """Register the operations, so that Znuny's own pages can show a web service that uses them."""
    return "".join(
        f'    <Setting Name="GenericInterface::Operation::Module###{NAME}::{name}" Required="0" Valid="1">\n'
        f'        <Description Translatable="1">{escape(f"Operation {name} of helpdesk-policy.")}</Description>\n'
        "        <Navigation>GenericInterface::Operation::ModuleRegistration</Navigation>\n"
        "        <Value>\n            <Hash>\n"
        f'                <Item Key="Name">{name}</Item>\n                <Item Key="Controller">{NAME}</Item>\n'
        '                <Item Key="ConfigDialog">AdminGenericInterfaceOperationDefault</Item>\n'
        "            </Hash>\n        </Value>\n    </Setting>\n"
        for name in OPERATIONS
    )


def _without_add_on(content: dict[str, Any]) -> None:
    provider = content["Provider"]
    for name in [
        name for name, operation in provider["Operation"].items() if operation["Type"].startswith(f"{NAME}::")
    ]:
        del provider["Operation"][name]
        del provider["Transport"]["Config"]["RouteOperationMapping"][name]


def _event(name: str, bot: int | None) -> dict[str, Any]:
    """Bind an event; Znuny judges the condition as it happens, so a change right before ours is told (fact 7)."""
    event: dict[str, Any] = {"Asynchronous": "1", "Event": name}
    if bot is not None:
        not_us = {"ChangeBy": {"Type": "Regexp", "Match": rf"\A(?!{bot}\z)\d+\z"}}
        event["Condition"] = {"ConditionLinking": "and", "Condition": {"1": {"Type": "and", "Fields": not_us}}}
    return event
