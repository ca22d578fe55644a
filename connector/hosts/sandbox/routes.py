"""List the API's routes, each with the permission it needs and its handler."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from connector.hosts.sandbox import (
    admin,
    articles,
    attributes,
    booking,
    companies,
    history,
    merging,
    people,
    relations,
    search,
    system,
    tickets,
)
from connector.hosts.sandbox.call import Call, Reply

Handler = Callable[[Call], Reply]
ID = r"([^/]+)"


@dataclass(frozen=True, kw_only=True)
class Route:
    """Tie a method and a path to a handler; without permissions any known person may call."""

    method: str
    path: re.Pattern[str]
    handler: Handler
    needs: tuple[str, ...] = ()
    public: bool = False  # the handler itself decides about strangers


def _route(method: str, path: str, handler: Handler, *needs: str, public: bool = False) -> Route:
    pattern = re.compile("/api/v1/" + path.replace("{}", ID))
    return Route(method=method, path=pattern, handler=handler, needs=needs, public=public)


def _resource(path: str, resource: admin.Resource) -> list[Route]:
    verbs: list[tuple[str, str, Callable[[admin.Resource, Call], Reply], tuple[str, ...]]] = [
        ("GET", path, admin.list_rows, resource.read),
        ("POST", path, admin.create_row, resource.write),
        ("GET", f"{path}/search", admin.search_rows, resource.read),
        ("POST", f"{path}/search", admin.search_rows, resource.read),
        ("GET", f"{path}/{{}}", admin.show_row, resource.read),
        ("PUT", f"{path}/{{}}", admin.update_row, resource.write),
        ("DELETE", f"{path}/{{}}", admin.delete_row, resource.write),
    ]
    return [_route(method, where, partial(verb, resource), *needs) for method, where, verb, needs in verbs]


AGENT, BOTH = ("ticket.agent",), ("ticket.agent", "ticket.customer")
STAFF = ("ticket.agent", "admin.user", "admin.organization")

# The first match counts, so that fixed paths stand before those with an id.
ROUTES: list[Route] = [
    _route("GET", "tickets/search", search.tickets, *BOTH),
    _route("POST", "tickets/search", search.tickets, *BOTH),
    _route("POST", "tickets/mass_update", merging.mass_update, *AGENT),
    _route("POST", "tickets/mass_macro", merging.mass_macro, *AGENT),
    _route("GET", "tickets", tickets.list_tickets),
    _route("POST", "tickets", tickets.create),
    _route("GET", "tickets/{}", tickets.show),
    _route("PUT", "tickets/{}", tickets.update),
    _route("DELETE", "tickets/{}", tickets.delete),
    _route("GET", "tickets/{}/time_accountings", booking.list_accounted, *AGENT),
    _route("POST", "tickets/{}/time_accountings", booking.add_accounted, *AGENT),
    _route("PUT", "tickets/{}/time_accountings/{}", booking.change_accounted, "admin.time_accounting"),
    _route("GET", "ticket_history/{}", history.history, *AGENT),
    _route("PUT", "ticket_merge/{}/{}", merging.merge, *AGENT),
    _route("GET", "ticket_split", merging.split, *AGENT),
    _route("GET", "ticket_articles/by_ticket/{}", articles.by_ticket),
    _route("POST", "ticket_articles", articles.create),
    _route("GET", "ticket_articles/{}", articles.show),
    _route("PUT", "ticket_articles/{}", articles.update),
    _route("DELETE", "ticket_articles/{}", articles.delete),
    _route("GET", "ticket_article_plain/{}", articles.show_plain),
    _route("GET", "ticket_attachment/{}/{}/{}", articles.show_attachment),
    _route("POST", "ticket_attachment_upload_clone_by_article/{}", articles.clone_attachments, *AGENT),
    _route("GET", "tags", relations.list_tags),
    _route("POST", "tags/add", relations.add_tag),
    _route("DELETE", "tags/remove", relations.remove_tag),
    _route("GET", "tag_search", relations.search_tags, *AGENT),
    _route("GET", "tag_list", relations.tag_list, "admin.tag"),
    _route("POST", "tag_list", relations.create_tag, "admin.tag"),
    _route("DELETE", "tag_list/{}", relations.delete_tag, "admin.tag"),
    _route("GET", "links", relations.list_links),
    _route("POST", "links/add", relations.add_link),
    _route("DELETE", "links/remove", relations.remove_link),
    _route("GET", "users/me", people.me),
    _route("GET", "users/search", search.users, *STAFF),
    _route("POST", "users/search", search.users, *STAFF),
    _route("PUT", "users/preferences", people.preferences),
    _route("GET", "users/history/{}", history.user_history, *STAFF),
    _route("GET", "users", people.list_users),
    _route("POST", "users", people.create_user, *STAFF),
    _route("GET", "users/{}", people.show_user),
    _route("PUT", "users/{}", people.update_user, *STAFF),
    _route("DELETE", "users/{}", people.delete_user),
    _route("GET", "organizations/search", search.organizations),
    _route("POST", "organizations/search", search.organizations),
    _route("GET", "organizations", companies.list_organizations),
    _route("POST", "organizations", companies.create_organization, "ticket.agent", "admin.organization"),
    _route("GET", "organizations/{}", companies.show_organization),
    _route("PUT", "organizations/{}", companies.update_organization, "ticket.agent", "admin.organization"),
    _route("DELETE", "organizations/{}", companies.delete_organization, "ticket.agent", "admin.organization"),
    _route("GET", "object_manager_attributes", attributes.list_attributes, "admin.object"),
    _route("POST", "object_manager_attributes", attributes.create_attribute, "admin.object"),
    _route("PUT", "object_manager_attributes/{}", attributes.update_attribute, "admin.object"),
    _route("DELETE", "object_manager_attributes/{}", attributes.delete_attribute, "admin.object"),
    _route("POST", "object_manager_attributes_execute_migrations", attributes.migrate, "admin.object"),
    _route("GET", "webhooks/preview", system.webhook_preview, "admin.webhook"),
    _route("GET", "webhooks/pre_defined", system.webhook_types, "admin.webhook"),
    _route("GET", "webhooks/payload/replacements", system.replacements, "admin.webhook"),
    _route("GET", "http_logs/webhook", system.webhook_log, "admin.webhook"),
    _route("GET", "settings", system.list_settings, "admin"),
    _route("GET", "settings/{}", system.show_setting, "admin"),
    _route("PUT", "settings/{}", system.update_setting, "admin"),
    _route("GET", "user_access_token", system.list_tokens, "user_preferences.access_token"),
    _route("POST", "user_access_token", system.create_token, "user_preferences.access_token"),
    _route("DELETE", "user_access_token/{}", system.delete_token, "user_preferences.access_token"),
    _route("GET", "monitoring/health_check", system.health, public=True),
    _route("GET", "monitoring/status", system.status),
    _route("GET", "version", system.version, "admin"),
    _route("GET", "channels_email", system.channels, "admin.channel_email"),
    _route("GET", "time_accounting/types", partial(admin.list_rows, admin.RESOURCES["jobs"]), "admin.time_accounting"),
    _route("GET", "time_accounting/log/(by_ticket|by_activity)/{}/{}", booking.time_log, "admin.time_accounting"),
    _route("POST", "checklists", system.create_checklist, *AGENT),
    _route("GET", "checklists/{}", system.show_checklist, *AGENT),
    _route("POST", "checklist_items", system.create_item, *AGENT),
    _route("PUT", "checklist_items/{}", system.update_item, *AGENT),
    *(route for path, resource in admin.RESOURCES.items() for route in _resource(path, resource)),
]


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """Find the route of a request."""
    for route in ROUTES:
        found = route.path.fullmatch(path) if route.method == method else None
        if found:
            return route, found.groups()
    return None
