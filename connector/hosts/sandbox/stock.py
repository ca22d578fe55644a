"""Know what a freshly installed Zammad holds: columns with their defaults, states, roles, permissions, settings."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]

TICKET: Row = {
    "group_id": None, "priority_id": 2, "state_id": 1, "organization_id": None, "number": "", "title": "",
    "owner_id": 1, "customer_id": None, "note": None,
    "first_response_at": None, "first_response_escalation_at": None, "first_response_in_min": None,
    "first_response_diff_in_min": None, "close_at": None, "close_escalation_at": None, "close_in_min": None,
    "close_diff_in_min": None, "update_escalation_at": None, "update_in_min": None, "update_diff_in_min": None,
    "last_close_at": None, "last_contact_at": None, "last_contact_agent_at": None, "last_contact_customer_at": None,
    "last_owner_update_at": None, "create_article_type_id": None, "create_article_sender_id": None,
    "article_count": None, "escalation_at": None, "pending_time": None, "type": None, "time_unit": None,
    "preferences": {}, "checklist_id": None,
}  # fmt: skip

ARTICLE: Row = {
    "ticket_id": None, "type_id": 10, "sender_id": 1, "detected_language": None, "from": None, "to": None, "cc": None,
    "subject": None, "reply_to": None, "message_id": None, "message_id_md5": None, "in_reply_to": None,
    "content_type": "text/plain", "body": "", "internal": False, "preferences": {}, "origin_by_id": None,
}  # fmt: skip

USER: Row = {
    "organization_id": None, "login": "", "firstname": "", "lastname": "", "email": "", "image": None,
    "image_source": None, "web": "", "phone": "", "fax": "", "mobile": "", "department": None, "street": "", "zip": "",
    "city": "", "country": "", "address": None, "vip": False, "verified": False, "active": True, "note": "",
    "last_login": None, "source": None, "login_failed": 0, "out_of_office": False, "out_of_office_start_at": None,
    "out_of_office_end_at": None, "out_of_office_replacement_id": None, "preferences": {}, "role_ids": [],
    "two_factor_preference_ids": [], "organization_ids": [], "authorization_ids": [], "overview_sorting_ids": [],
    "group_ids": {},
}  # fmt: skip

ORGANIZATION: Row = {
    "name": "", "shared": True, "domain": "", "domain_assignment": False, "active": True, "vip": False, "note": "",
}  # fmt: skip

GROUP: Row = {
    "signature_id": None, "email_address_id": None, "name": "", "name_last": "", "parent_id": None,
    "assignment_timeout": None, "follow_up_possible": "yes", "reopen_time_in_days": None, "follow_up_assignment": True,
    "active": True, "shared_drafts": True, "note": None,
}  # fmt: skip

WEBHOOK: Row = {
    "name": None, "endpoint": None, "signature_token": None, "ssl_verify": True, "basic_auth_username": None,
    "basic_auth_password": None, "note": None, "pre_defined_webhook_type": None, "customized_payload": False,
    "custom_payload": None, "preferences": {}, "active": True,
}  # fmt: skip

TRIGGER: Row = {
    "name": None, "condition": None, "perform": None, "disable_notification": True, "localization": None,
    "timezone": None, "note": None, "activator": "action", "execution_condition_mode": "selective", "active": True,
}  # fmt: skip

STATE: Row = {
    "state_type_id": None, "name": None, "next_state_id": None, "ignore_escalation": False, "default_create": False,
    "default_follow_up": False, "note": None, "active": True,
}  # fmt: skip

PRIORITY: Row = {
    "name": None, "default_create": False, "ui_icon": None, "ui_color": None, "note": None, "active": True,
}  # fmt: skip

# The tables that the API only stores and shows: what a new row looks like.
MACRO: Row = {"name": None, "perform": {}, "active": True, "ux_flow_next_up": "none", "note": None, "group_ids": []}
ROLE: Row = {
    "name": None, "preferences": {}, "default_at_signup": False, "active": True, "note": None, "permission_ids": [],
    "knowledge_base_permission_ids": [], "group_ids": {},
}  # fmt: skip
OVERVIEW: Row = {
    "name": None, "link": None, "prio": 1000, "condition": {}, "order": {}, "group_by": None, "group_direction": None,
    "organization_shared": False, "out_of_office": False, "view": {}, "active": True, "role_ids": [], "user_ids": [],
}  # fmt: skip
CALENDAR: Row = {
    "name": None, "timezone": "UTC", "business_hours": {}, "default": False, "ical_url": None, "public_holidays": {},
    "last_log": None, "last_sync": None,
}  # fmt: skip
SLA: Row = {
    "calendar_id": None, "name": None, "first_response_time": None, "response_time": None, "update_time": None,
    "solution_time": None, "condition": {}, "data": {},
}  # fmt: skip
SIGNATURE: Row = {"name": None, "body": "", "active": True, "note": None, "group_ids": []}
EMAIL_ADDRESS: Row = {
    "name": None, "email": None, "channel_id": None, "active": True, "note": None, "preferences": {}, "group_ids": [],
}  # fmt: skip
TEMPLATE: Row = {"name": None, "options": {}, "active": True}
TEXT_MODULE: Row = {
    "name": None, "keywords": "", "content": "", "note": None, "active": True, "foreign_id": None, "group_ids": [],
    "user_id": None,
}  # fmt: skip
JOB: Row = {
    "name": None, "timeplan": {}, "condition": {}, "perform": {}, "disable_notification": True, "last_run_at": None,
    "next_run_at": None, "running": False, "processed": 0, "matching": 0, "pid": None, "note": None, "active": True,
}  # fmt: skip

STATE_TYPES = {
    1: "new", 2: "open", 3: "pending reminder", 4: "pending action", 5: "closed", 6: "merged", 7: "removed",
}  # fmt: skip
STATES: list[Row] = [
    {"name": "new", "state_type_id": 1, "default_create": True},
    {"name": "open", "state_type_id": 2, "default_follow_up": True},
    {"name": "pending reminder", "state_type_id": 3, "ignore_escalation": True},
    {"name": "closed", "state_type_id": 5, "ignore_escalation": True},
    {"name": "merged", "state_type_id": 6, "ignore_escalation": True},
    {"name": "pending close", "state_type_id": 4, "ignore_escalation": True, "next_state_id": 4},
]
PRIORITIES: list[Row] = [
    {"name": "1 low", "ui_icon": "low-priority", "ui_color": "low-priority"},
    {"name": "2 normal", "default_create": True},
    {"name": "3 high", "ui_icon": "important", "ui_color": "high-priority"},
]
ARTICLE_TYPES = {
    1: "email", 2: "sms", 3: "chat", 4: "fax", 5: "phone", 6: "twitter status", 7: "twitter direct-message",
    8: "facebook feed post", 9: "facebook feed comment", 10: "note", 11: "web",
}  # fmt: skip
COMMUNICATION = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11}  # every type but the note counts as contact
SENDERS = {1: "Agent", 2: "Customer", 3: "System"}
LINK_TYPES = {1: "normal", 2: "parent", 3: "child"}

PERMISSIONS = {
    1: "admin", 2: "admin.user", 3: "admin.group", 4: "admin.role", 5: "admin.organization", 6: "admin.overview",
    7: "admin.text_module", 8: "admin.time_accounting", 9: "admin.knowledge_base", 10: "admin.macro", 11: "admin.tag",
    12: "admin.calendar", 13: "admin.trigger", 14: "admin.scheduler", 15: "admin.webhook", 16: "admin.sla",
    17: "admin.template", 18: "admin.signature", 19: "admin.object", 20: "admin.api", 21: "admin.monitoring",
    22: "admin.channel_email", 23: "admin.setting_system", 24: "admin.ticket", 25: "admin.checklist",
    26: "admin.branding", 27: "admin.system", 52: "chat", 53: "chat.agent", 54: "cti", 55: "cti.agent",
    56: "knowledge_base", 57: "knowledge_base.editor", 58: "knowledge_base.reader", 59: "report", 60: "ticket",
    61: "ticket.agent", 62: "ticket.customer", 63: "user_preferences", 64: "user_preferences.appearance",
    65: "user_preferences.language", 66: "user_preferences.avatar", 67: "user_preferences.out_of_office",
    68: "user_preferences.password", 69: "user_preferences.two_factor_authentication", 70: "user_preferences.device",
    71: "user_preferences.access_token", 72: "user_preferences.linked_accounts",
    73: "user_preferences.notifications", 74: "user_preferences.overview_sorting", 75: "user_preferences.calendar",
}  # fmt: skip
ROLES: list[Row] = [
    {"name": "Admin", "note": "To configure your system.", "permission_ids": [1, 57, 59, 63]},
    {"name": "Agent", "note": "To work on Tickets.", "permission_ids": [53, 55, 58, 61, 63]},
    {
        "name": "Customer",
        "note": "People who create Tickets ask for help.",
        "default_at_signup": True,
        "permission_ids": [62, 64, 65, 66, 68, 69, 72],
    },
]
ADMIN, AGENT, CUSTOMER = 1, 2, 3  # role ids

# Settings: id -> name, area, value. Ids are Zammad 6.5's where a recording showed them.
SETTINGS: dict[int, tuple[str, str, Any]] = {
    1: ("kb_multi_lingual_support", "Kb::Core", True),
    2: ("kb_active", "Kb::Core", False),
    16: ("product_name", "System::Branding", "Zammad Sandbox"),
    20: ("fqdn", "System::Base", "zammad.example.test"),
    21: ("http_type", "System::Base", "http"),
    22: ("organization", "System::Branding", "Example Lab"),
    60: ("ticket_hook", "Ticket::Base", "Ticket#"),
    61: ("ticket_define_email_from", "Email::Base", "AgentNameSystemAddressName"),
    62: ("postmaster_follow_up_search_in", "Email::Base", ["subject_references"]),
    63: ("ticket_organization_reassignment", "Ticket::Base", True),
    64: ("monitoring_token", "HealthCheck::Base", "sandbox-monitoring"),
    111: ("ticket_trigger_recursive", "Ticket::Core", False),
}

# What an administrator sees of the built-in attributes: (object, name, display, data_type, deletable reason).
ATTRIBUTES = [
    ("Ticket", "number", "#", "input"), ("Ticket", "title", "Title", "input"),
    ("Ticket", "customer_id", "Customer", "user_autocompletion"),
    ("Ticket", "organization_id", "Organization", "autocompletion_ajax_customer_organization"),
    ("Ticket", "type", "Type", "select"), ("Ticket", "group_id", "Group", "tree_select"),
    ("Ticket", "owner_id", "Owner", "select"), ("Ticket", "state_id", "State", "select"),
    ("Ticket", "pending_time", "Pending till", "datetime"), ("Ticket", "priority_id", "Priority", "select"),
    ("Ticket", "tags", "Tags", "tag"), ("TicketArticle", "type_id", "Type", "select"),
    ("TicketArticle", "internal", "Visibility", "select"), ("TicketArticle", "to", "To", "input"),
    ("TicketArticle", "cc", "CC", "input"), ("TicketArticle", "body", "Text", "richtext"),
    ("TicketArticle", "detected_language", "Language", "select"), ("User", "login", "Login", "input"),
    ("User", "firstname", "First name", "input"), ("User", "lastname", "Last name", "input"),
    ("User", "email", "Email", "input"), ("User", "phone", "Phone", "input"),
    ("User", "organization_id", "Organization", "autocompletion_ajax"),
    ("User", "organization_ids", "Secondary organizations", "autocompletion_ajax"),
    ("User", "note", "Note", "richtext"), ("User", "vip", "VIP", "boolean"), ("User", "active", "Active", "active"),
    ("User", "role_ids", "Permissions", "user_permission"), ("Organization", "name", "Name", "input"),
    ("Organization", "shared", "Shared organization", "boolean"),
    ("Organization", "domain_assignment", "Domain based assignment", "boolean"),
    ("Organization", "domain", "Domain", "input"), ("Organization", "vip", "VIP", "boolean"),
    ("Organization", "note", "Note", "richtext"), ("Organization", "active", "Active", "active"),
    ("Group", "name", "Name", "input"), ("Group", "note", "Note", "richtext"), ("Group", "active", "Active", "active"),
]  # fmt: skip
OBJECT_IDS = {"Ticket": 1, "User": 2, "Group": 3, "Organization": 4, "TicketArticle": 5}
DATA_TYPES = {
    "input", "select", "tree_select", "multiselect", "multi_tree_select", "boolean", "integer", "date", "datetime",
    "richtext", "textarea", "autocompletion_ajax_external_data_source",
}  # fmt: skip

LINK = "#{config.http_type}://#{config.fqdn}/#ticket/zoom/#{ticket.id}"
AUTO_REPLY = (
    "<div>Your request <b>(#{config.ticket_hook}#{ticket.number})</b> has been received and will be reviewed by our "
    f'support staff.</div>\n<br>\n<div><a href="{LINK}">{LINK}</a></div>\n<br>\n<div>Your #{{config.product_name}} '
    "Team</div>"
)
FOLLOW_UP_REPLY = AUTO_REPLY.replace("Your request", "Your follow-up for")
TRIGGERS: list[Row] = [
    {
        "name": "auto reply (on new tickets)",
        "condition": {
            "ticket.action": {"operator": "is", "value": "create"},
            "ticket.state_id": {"operator": "is not", "value": 4},
            "article.type_id": {"operator": "is", "value": [1, 5, 11]},
            "article.sender_id": {"operator": "is", "value": 2},
        },
        "perform": {
            "notification.email": {
                "body": AUTO_REPLY,
                "recipient": "article_last_sender",
                "subject": "Thanks for your inquiry (#{ticket.title})",
            }
        },
    },
    {
        "name": "auto reply (on follow-up of tickets)",
        "active": False,
        "condition": {
            "ticket.action": {"operator": "is", "value": "update"},
            "article.sender_id": {"operator": "is", "value": 2},
            "article.type_id": {"operator": "is", "value": [1, 5, 11]},
        },
        "perform": {
            "notification.email": {
                "body": FOLLOW_UP_REPLY,
                "recipient": "article_last_sender",
                "subject": "Thanks for your follow-up (#{ticket.title})",
            }
        },
    },
    {
        "name": "customer notification (on owner change)",
        "active": False,
        "condition": {"ticket.owner_id": {"operator": "has changed", "pre_condition": "current_user.id", "value": ""}},
        "perform": {
            "notification.email": {
                "body": '<p>The owner of ticket (Ticket##{ticket.number}) is now "#{ticket.owner.fullname}".</p>',
                "recipient": "ticket_customer",
                "subject": "Owner has changed (#{ticket.title})",
            }
        },
    },
]

_OPEN = {"ticket.state_id": {"operator": "is", "value": [1, 2, 3]}}
_MINE = {"ticket.owner_id": {"operator": "is", "pre_condition": "current_user.id"}}
_COLUMNS = ["title", "customer", "group", "created_at"]
OVERVIEWS: list[Row] = [
    {"name": name, "link": link, "prio": prio, "condition": condition, "role_ids": [AGENT]}
    for name, link, prio, condition in (
        ("My Assigned Tickets", "my_assigned", 1000, {**_OPEN, **_MINE}),
        (
            "Unassigned & Open Tickets",
            "all_unassigned",
            1010,
            {**_OPEN, "ticket.owner_id": {"operator": "is", "pre_condition": "not_set"}},
        ),
        ("Open Tickets", "all_open", 1030, _OPEN),
    )
]
OVERVIEW_VIEW: Row = {"d": _COLUMNS, "s": _COLUMNS, "m": ["number", *_COLUMNS], "view_mode_default": "s"}
SPAM_MACRO: Row = {
    "name": "Close & Tag as Spam",
    "perform": {
        "ticket.state_id": {"value": 4},
        "ticket.tags": {"operator": "add", "value": "spam"},
        "ticket.owner_id": {"pre_condition": "current_user.id", "value": ""},
    },
    "ux_flow_next_up": "next_task",
    "note": "example macro",
}
# An agent is told of everything by mail unless PUT /users/preferences turns it off.
NOTIFICATIONS: Row = {
    "notification_config": {
        "matrix": {
            occasion: {
                "criteria": {"owned_by_me": True, "owned_by_nobody": wide, "subscribed": wide, "no": False},
                "channel": {"email": True, "online": True},
            }
            for occasion, wide in (
                ("create", True),
                ("update", True),
                ("reminder_reached", False),
                ("escalation", False),
            )
        }
    }
}
