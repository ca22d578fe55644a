"""Memory and tags fit into dynamic fields, and come out as they went in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import Permanent
from connector.hosts.znuny.fields import LIMIT, memory_of, settled, tags_of, written_memory, written_tags

MEMORIES = st.dictionaries(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=40), max_size=20)


@given(MEMORIES)
def test_a_memory_comes_out_as_it_went_in(memory: dict[str, str]) -> None:
    assert memory_of(written_memory(memory)) == memory


def test_a_long_memory_is_packed_into_the_field() -> None:
    memory = {f"note.held_permission.asked.{number}": "done" for number in range(400)}

    written = written_memory(memory)

    assert (len(written) <= LIMIT, memory_of(written)) == (True, memory)


def test_a_memory_that_fits_nowhere_is_for_a_person() -> None:
    memory = {f"rule.{number * 7919 % 10007}": f"{number * 104729 % 1000003}" for number in range(3000)}

    with pytest.raises(Permanent, match="3800"):
        written_memory(memory)


@pytest.mark.parametrize(
    "written", [None, "", "no json", "[1]", "zlib:", "zlib:~~~~", "zlib:VPaz", 7, '{"a":1,"b":""}']
)
def test_what_is_not_ours_is_no_memory(written: object) -> None:
    assert memory_of(written) == {}


@pytest.mark.parametrize(
    ("mails", "kept"),
    [
        (0, {"note": "done"}),
        (1, {"note": "done"}),
        (2, {"note": "done", "mail.a.b": "done"}),
        (None, {"note": "done", "mail.a.b": "done"}),
    ],
)
def test_a_mail_that_was_about_to_leave_left_if_the_ticket_shows_it(mails: int | None, kept: dict[str, str]) -> None:
    assert settled({"note": "done", "mail.a.b": "sending:2"}, mails) == kept


@pytest.mark.parametrize(
    ("written", "tags"),
    [
        (None, set()),
        ("policy:skip", {"policy:skip"}),
        (" a ,b;c\nd e,, a", {"a", "b", "c", "d e"}),
    ],
)
def test_tags_are_read_as_people_write_them(written: str | None, tags: set[str]) -> None:
    assert tags_of(written) == tags


@given(
    st.sets(
        st.text(alphabet=st.characters(blacklist_characters=",;\n"), min_size=1, max_size=9).filter(
            lambda tag: tags_of(tag) == {tag}
        )
    )
)
def test_tags_come_out_as_they_went_in(tags: set[str]) -> None:
    assert tags_of(written_tags(tags)) == tags


@pytest.mark.parametrize("tag", ["a,b", "a;b", " a", "a  b", ""])
def test_a_tag_that_would_be_read_as_another_is_refused(tag: str) -> None:
    with pytest.raises(Permanent, match="name it otherwise"):
        written_tags({tag})
