"""What a rule is: a pure function of a case, with options a policy file may set."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from connector.model.case import Case, Need
from connector.model.decision import Decision, Mode

FieldKind = Literal["text", "date", "choice"]
"""What a field of the host's holds."""


class Options(BaseModel):
    """Be the ancestor of every rule's options: frozen, and strict about keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def needs(self) -> Need:
        """Say what these options need to be read besides what the rule always needs."""
        return Need.NOTHING

    def groups(self) -> tuple[str, ...]:
        """Name the host's groups that these options speak of, so that a check can ask for them."""
        return ()

    def company_fields(self) -> Mapping[str, FieldKind]:
        """Name the host's own fields of a company that these options read, so that set-up can make them."""
        return {}

    def tags(self) -> tuple[str, ...]:
        """Name the tags that these options put on tickets: every option called `tag`, or `..._tag`."""
        named = [name for name in type(self).model_fields if name == "tag" or name.endswith("_tag")]
        values = [getattr(self, name) for name in named]
        return tuple(value for value in values if isinstance(value, str) and value)


O = TypeVar("O", bound=Options)  # noqa: E741 - the type parameter of a rule's own options


@dataclass(frozen=True, kw_only=True)
class Rule(Generic[O]):
    """A documented policy as a function; call it as one."""

    name: str
    """The name of its file, by which the policy file, the commands and the records call it."""
    decide: Callable[[Case, O], Decision]
    options: type[O]
    needs: Need
    clauses: tuple[str, ...]
    yields_to: tuple[str, ...]
    """Rules whose word stands where both want the same thing of a ticket."""
    up_to: Mode = Mode.ENFORCE
    """The furthest that it goes where the policy file gives it no mode of its own."""

    def __call__(self, case: Case, options: O) -> Decision:
        """Decide one case."""
        return self.decide(case, options)

    @property
    def summary(self) -> str:
        """Give the first line of the documentation."""
        return (self.decide.__doc__ or "").strip().splitlines()[0]


AnyRule = Rule[Options]


def rule(
    *,
    options: type[O],
    needs: Need = Need.ARTICLES,
    clauses: tuple[str, ...] = (),
    yields_to: tuple[str, ...] = (),
    up_to: Mode = Mode.ENFORCE,
) -> Callable[[Callable[[Case, O], Decision]], Rule[O]]:
    """Make the one rule of a file out of its function."""

    def made(decide: Callable[[Case, O], Decision]) -> Rule[O]:
        name = decide.__module__.rpartition(".")[2]
        return Rule(
            name=name,
            decide=decide,
            options=options,
            needs=needs,
            clauses=clauses,
            yields_to=yields_to,
            up_to=up_to,
        )

    return made
