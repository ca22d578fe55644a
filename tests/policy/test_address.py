"""Addresses and domains are compared as mail does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.policy.address import address_of, domain_of, fold_domain


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("ACME.example", "acme.example"),
        (" acme.example. ", "acme.example"),
        ("@acme.example", "acme.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("фирма.example", "xn--80apmps.example"),
        ("", ""),
        ("a b.example", ""),
        ("a..b", ""),
        ("-.example", ""),
    ],
)
def test_a_domain_is_folded(written: str, folded: str) -> None:
    assert fold_domain(written) == folded


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("Anna Nowak <Anna@ACME.example>", "anna@acme.example"),
        ("anna@acme.example", "anna@acme.example"),
        ("<anna@acme.example>", "anna@acme.example"),
        ('"boss@acme.example" <anna@evil.example>', "anna@evil.example"),
        ("boss@acme.example <anna@evil.example>", ""),
        ("anna", ""),
        ("", ""),
        ("anna@ac me.example", ""),
    ],
)
def test_the_address_is_taken_out_of_a_from_line(sender: str, address: str) -> None:
    assert address_of(sender) == address


@given(st.text(max_size=40))
def test_folding_again_changes_nothing_and_nothing_fails(text: str) -> None:
    folded = fold_domain(text)

    assert fold_domain(folded) == folded
    assert folded.isascii()
    assert domain_of(f"anna@{folded}") in {folded, ""}
