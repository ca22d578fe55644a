"""Confidential matter is found, and nothing else is taken for it."""

import pytest

from connector.reading import builtin_lexicons
from connector.reading.confidential import find_secrets

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----"


def kinds(text: str) -> list[str]:
    return [str(secret.kind) for secret in find_secrets(text, builtin_lexicons())]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Loguję się ilech, hasło Wiosna2024! od rana", "password"),
        ("a jelszavam Tulipan1848 volt", "password"),
        ("мой вход: pavlyuk / Zima-2023!", "password"),
        ("my password was Sunflower-88, yes I know", "password"),
        ("Kennwort Kastanie_7, falls Sie sich draufschalten", "password"),
        ("hasło jest takie: kotek2", "password"),
        ("Hasło mam nadal zima2022", "password"),
        ("hasło to Mokotow", "password"),
        ("пароль такой: Ромашка", "password"),
        ("пароль такой - romashka", "password"),
        ("Мой пароль сейчас Kalina77", "password"),
        ("пароль qwerty", "password"),
        ("pw: marmolada", "password"),
        ("the password is currently Harvest22", "password"),
        ("the pw for the till is 482913", "password"),
        ("the password we use is Winter25 for all", "password"),
        ("Passwort ist derzeit noch Rabe!Nest", "password"),
        ("a jelszó jelenleg Korte2020", "password"),
        ("DB_PASS=Zwetschge_94!xr", "password"),
        ("paid with 4111 1111 1111 1111 yesterday", "card_number"),
        ("PESEL 44051401359", "pesel"),
        ("TAJ szám: 111 111 110", "taj"),
        ("refund to GB29 NWBK 6016 1331 9268 19.", "iban"),
        ("rachunek 27 1140 2004 0000 3002 0135 5387", "iban"),
        (KEY, "private_key"),
        ("token glpat-EXAMPLExxxx1234EXAMPLE", "api_token"),
        ("ключ API: 7f3a91bb02c204ee91d0ab7c", "api_token"),
    ],
)
def test_each_kind_is_found(text: str, kind: str) -> None:
    assert kinds(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "zamówienie 4000123412341237, telefon 48601234560",
        "tracking 1Z999AA10123456784, order 378282246310004",
        "przesyłka 680012340098765432101234",
        "IMEI 490154203237518",
        "tel. 22 555 12 12, 880 100 102",
        "klucz publiczny: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH7q0mXw2VbRrT1kPzUo9eYs3fJdLc8gNhQyWa5xKt4B ela@a",
        "I forgot my password for server SRV-02, please reset it before 14:00",
        "proszę o nowe hasło do Office365",
        "could you set a new password?",
        "error 0x80040E09, wrong password",
        "the password is currently expired",
        "the password is wrong",
        "password: same as before",
        "password is required for SRV-12",
        "hasło do poczty nie działa",
        "hasło: nie pamiętam",
        "пароль такой: не подходит",
        "пароль: забыт",
        "Passwort: siehe unten",
        "Passwort lautet wie immer",
        "a jelszó jelenleg nem jó",
        "PESEL 44051401358",
        "GB29 NWBK 6016 1331 9268 18",
    ],
)
def test_what_only_looks_confidential_is_not(text: str) -> None:
    assert kinds(text) == []


def test_a_remote_support_id_is_confidential_with_its_password() -> None:
    assert kinds("AnyDesk 123 456 789, hasło: Kwiat55!") == ["remote_access", "password"]


def test_a_secret_names_its_place() -> None:
    text = "Login jan, hasło Wiosna2024! dziękuję"

    (secret,) = find_secrets(text, builtin_lexicons())

    assert text[secret.words.start : secret.words.end] == "Wiosna2024!"
