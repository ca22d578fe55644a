"""Name what can go wrong by what heals it."""


class HelpdeskPolicyError(Exception):
    """Be the ancestor of every error this product raises on purpose."""


class Transient(HelpdeskPolicyError):
    """Heals by waiting: the host is down, slow or overloaded; the look is tried again."""


class Permanent(HelpdeskPolicyError):
    """Needs a person: a missing permission, an unknown group, a write that the host ignored; the look is parked."""


class Gone(Permanent):
    """The ticket is no longer there, or never was for us; there is nothing left to look at."""


class Unverified(HelpdeskPolicyError):
    """Stood at the door without proof of who sent it; answered 401 and never stored."""


class Misconfigured(HelpdeskPolicyError):
    """Cannot start so: settings or policy file say something that cannot be meant."""
