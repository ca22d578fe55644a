"""What an admin installs: the add-on as a package, and the web service."""

import base64
from xml.etree import ElementTree as Xml

import pytest
import yaml
from pydantic import SecretStr

from connector.errors import Misconfigured
from connector.hosts.znuny import provision

URL, TOKEN = "https://policy.example.com/hooks/znuny", SecretStr("t0ken")


def test_the_package_holds_every_file_of_the_add_on_filled_in() -> None:
    root = Xml.fromstring(provision.package())

    files = {
        each.get("Location"): base64.b64decode(each.text or "").decode() for each in root.iterfind("Filelist/File")
    }
    operations = {f"Kernel/GenericInterface/Operation/HelpdeskPolicy/{name}.pm" for name in provision.OPERATIONS}
    assert files.keys() == operations | {
        "Kernel/Config/Files/XML/HelpdeskPolicy.xml",
        "Kernel/System/HelpdeskPolicy.pm",
        "var/packagesetup/HelpdeskPolicy.pm",
    }
    assert [name for name, content in files.items() if "@VERSION@" in content or "@SETTINGS@" in content] == []
    assert (root.findtext("Name"), root.findtext("Version")) == (provision.NAME, provision.VERSION)


def test_the_package_is_the_same_each_time() -> None:
    assert provision.package() == provision.package()


def test_every_operation_of_the_add_on_has_a_route_and_is_registered() -> None:
    service = yaml.safe_load(provision.web_service(url=URL, token=TOKEN))

    operations = service["Provider"]["Operation"]
    ours = {name for name, each in operations.items() if each["Type"] == f"HelpdeskPolicy::{name}"}
    assert ours == set(provision.OPERATIONS)
    assert operations.keys() == service["Provider"]["Transport"]["Config"]["RouteOperationMapping"].keys()


def test_without_the_add_on_only_znunys_own_operations_are_named() -> None:
    service = yaml.safe_load(provision.web_service(url=URL, token=TOKEN, with_add_on=False))

    kinds = {each["Type"].partition("::")[0] for each in service["Provider"]["Operation"].values()}
    assert kinds == {"Session", "Ticket"}


def test_deliveries_carry_what_proves_them_and_are_tried_again() -> None:
    service = yaml.safe_load(provision.web_service(url=URL, token=TOKEN, basic=SecretStr("znuny:pa:ss")))

    transport = service["Requester"]["Transport"]["Config"]
    assert transport["Host"] == "https://policy.example.com"
    assert transport["InvokerControllerMapping"] == {"Changed": {"Command": "POST", "Controller": "/hooks/znuny"}}
    assert transport["AdditionalHeaders"] == {"X-Helpdesk-Policy-Token": "t0ken"}
    assert transport["Authentication"] == {
        "AuthType": "BasicAuth",
        "BasicAuthUser": "znuny",
        "BasicAuthPassword": "pa:ss",
    }
    assert service["Requester"]["ErrorHandling"]["Retry"]["Type"] == "RequestRetry"
    assert service["Debugger"]["DebugThreshold"] == "error"  # `debug` writes passwords into the database


def test_znuny_tells_nothing_of_what_the_bot_did_and_waits_for_no_answer() -> None:
    service = yaml.safe_load(provision.web_service(url=URL, token=TOKEN, bot=12))

    events = service["Requester"]["Invoker"]["Changed"]["Events"]
    assert [each["Event"] for each in events] == list(provision.EVENTS)
    assert {each["Asynchronous"] for each in events} == {"1"}
    fields = [each["Condition"]["Condition"]["1"]["Fields"] for each in events]
    assert fields == [{"ChangeBy": {"Type": "Regexp", "Match": r"\A(?!12\z)\d+\z"}}] * len(events)


@pytest.mark.parametrize("url", ["", "policy.example.com/hooks", "ftp://policy.example.com/"])
def test_an_address_that_deliveries_cannot_go_to_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match="address for deliveries"):
        provision.web_service(url=url, token=TOKEN)


def test_deliveries_without_a_token_are_refused() -> None:
    with pytest.raises(Misconfigured, match="token"):
        provision.web_service(url=URL, token=SecretStr(""))
