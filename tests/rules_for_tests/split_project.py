"""A project gets a ticket of its own, tied to the one it was asked for in."""

from connector.policy import AddLink, AddNote, AddTag, Case, CreateTicket, Decision, LinkKind, Need, Options, rule


class Split(Options):
    """Options of `split_project`."""

    word: str = "project"
    group: str = "Projects"
    ledger: str = "1"
    """Id of a ticket that every project is tied to."""
    ledger_number: str = ""


@rule(options=Split, needs=Need.LINKS)
def split_project(case: Case, options: Split) -> Decision:
    """Open a child ticket for a project, once, and tie the ticket to the ledger of projects."""
    if options.word not in case.ticket.title.casefold():
        return Decision.skip(f"{case.ticket.title!r} does not speak of a {options.word}")
    if any(link.kind is LinkKind.PARENT for link in case.links):
        return Decision.skip("it is a part of a project itself")
    return Decision.act(
        f"{case.ticket.title!r} speaks of a {options.word}",
        AddLink(options.ledger, options.ledger_number, LinkKind.NORMAL),
        CreateTicket(f"Planning: {case.ticket.title}", options.group, "To be planned.", "plan", tags=("planning",)),
        AddTag("has-project"),
        AddNote("A ticket for the planning was opened.", once="plan"),
    )
