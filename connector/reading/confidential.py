"""Find confidential matter in a text: passwords, keys, card, account and personal numbers."""

import functools
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from stdnum import iban, luhn
from stdnum.pl import pesel

from connector.reading.lexicon import Lexicons
from connector.reading.reading import Secret, SecretKind, Where, Words
from connector.reading.text import fold

_KEY_BEGIN: Final = re.compile(r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-\d")
_KEY_END: Final = "PRIVATE KEY-----"
_DIGITS: Final = re.compile(r"(?<![\w+/#-])\d(?:[ -]?\d){8,33}(?![\w])")
_IBAN: Final = re.compile(r"(?<![^\W_])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,40}")
_CARD_START: Final = re.compile(r"4|5[1-5]|2(?:2[0-9]|[3-6]\d|7[01]|720)|3[47]|3[0689]|35|6(?:011|4[4-9]|5|2)|220[0-4]")
_CARD_LENGTHS: Final = {"3": (14, 15, 16), "4": (16,), "5": (16,), "2": (16,), "6": (16, 19)}
_BANK_LENGTH_PL: Final = 26
_TOKEN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+/-]{15,400}={0,2}")
_TOKEN_PREFIX: Final = re.compile(
    r"(?:gl[a-z]{2,5}-|gh[pousr]_|github_pat_|[sprw]k_(?:live|test)_|xox[abeprs]-|AKIA[0-9A-Z]{12}|AIza|eyJ[\w-]{8,}\.|"
    r"shp[a-z]{2,3}_|SG\.|npm_|pypi-|hf_|dop_v1_|sk-|ya29\.|EAA[A-Z]|whsec_|[a-z]{2,12}_(?:live|prod|test|tok|key|pat|sec\w*)_)"
)
_PUBLIC_KEYS: Final = ("ssh-ed25519", "ssh-rsa", "ssh-dss", "nistp256", "nistp384", "nistp521")
_BOT_TOKEN: Final = re.compile(r"\d{8,10}:[\w-]{30,}")
_TOKEN_WORDS: Final = re.compile(
    r"token|\bapi\b|api-|secret|bearer|klucz|kulcs|ключ|токен|schlussel|schluessel|\bkey\b|\bkeys\b|apikey"
)
_TAJ_WORDS: Final = re.compile(
    r"\btaj\b|\btaj-|tarsadalombiztosit|social security|\bтай\b|\btb[ -]szam|sozialversicherung|ubezpieczeni"
)
_CALL_WORDS: Final = re.compile(r"\btel|\bkom\b|mobil|phone|тел|\bcall")
_TAJ: Final = re.compile(r"(?<![\d+])\d{3}[ .-]?\d{3}[ .-]?\d{3}(?!\d)")
_VALUE_OR_WORD: Final = re.compile(r"\S{1,64}")
_SYMBOLS: Final = frozenset("!#$%&*+=?@^_~€§")
_EDGE: Final = r"(?=[\s.,;:)\"'”“»]|$)"
_BEGIN: Final = r"(?<![^\s(\"'„“«:/=])"
_MADE_UP: Final = re.compile(
    rf"{_BEGIN}(?=[^\W\d_]{{2}})[^\W_]{{2,20}}(?:[#&$%*+!~^][^\W_]{{1,20}}|\d[!#$%&*]{{1,3}}){_EDGE}"
)
"""Letters, a sign, more letters and digits; or letters, digits and a sign: nobody writes so but in passwords."""
_WORD_AND_NUMBER: Final = re.compile(
    rf"{_BEGIN}[A-ZА-ЯŁŚŻŹĆÓÁÉŐÚÜÖÄ][^\W\d_]{{3,20}}(?:[-_.][^\W\d_]{{2,20}}){{0,2}}[-_.]?\d{{1,4}}{_EDGE}(?!\.\w)"
)
_PRODUCTS: Final = re.compile(
    r"(?:windows|office|win|server|outlook|exchange|acrobat|word|excel|iphone|galaxy|covid|room|raum|sala|update|version)"
    r"[-_.]?\d*(?!\w)|windows|office|server|outlook|exchange|acrobat|iphone|galaxy|version",
    re.IGNORECASE,
)
_LINKS: Final = frozenset(
    [
        "is",
        "was",
        "to",
        "jest",
        "bylo",
        "brzmi",
        "ist",
        "war",
        "lautet",
        "lautete",
        "ez",
        "az",
        "volt",
        "это",
        "такой",
        "был",
        "was:",
        "the",
        "new",
        "nowe",
        "nowy",
        "neue",
        "uj",
        "lett",
        "eto",
        "now",
        "currently",
        "ze",
        "ktore",
        "still",
        "i'm",
        "currently:",
        "still:",
        "obecnie",
        "teraz",
        "aktualnie",
        "jelenleg",
        "nyni",
        "taki",
        "takie",
        "nadal",
        "mam",
        "wciaz",
        "derzeit",
        "noch",
        "aktuell",
        "momentan",
        "zurzeit",
        "most",
        "сейчас",
        "теперь",
        "пока",
        "там",
        "тот",
        "такои",
        "стоит",
        "set",
    ]
)
_IS: Final = frozenset(["is", "was", "currently", "jest", "brzmi", "это", "такой", "такои", "сейчас", "nadal", "teraz"])
"""Links after which a name with a capital, or a number, is what is linked."""
_NAMED_PASSWORD: Final = re.compile(r"(?:passwor[dt]|pw|pwd|hasl\w(?: to)?|parol\w*|парол\w*|jelsz\w+|kennwort)$")
_KEYBOARD: Final = frozenset(["qwerty", "qwertz", "asdfgh", "йцукен"])
_LOGIN_PAIR: Final = re.compile(r"(?:\s/\s|\s\|\s|/)(?P<value>[^\s/|]{6,40})")
_LOGIN_WORDS: Final = re.compile(
    r"\blogin|\blog in|\buser|вход|логин|учетк|учётк|anmelde|benutzer|belep|bejelentkez"
    r"|felhasznalo|uzytkown|loguj|konto\b|account"
)
_REMOTE_ID: Final = re.compile(r"(?<!\d)\d{3}[ .-]?\d{3}[ .-]?\d{3,4}(?!\d)")
_STRIP: Final = ".,;:)]}\"'”“»«„`>"
_OPEN: Final = "=:(\"'„“«[`<"
_ORDER_WORDS: Final = re.compile(
    r"zamowieni|przesylk|\border|tracking|bestell|sendung|rendel|csomag|заказ|трек|посылк|накладн|договор|imei|serial|serien|"
    r"seryjn|seria|gyari|sorozat|\bpo\b|faktur|invoice|szamla|rechnung|счет-|contract|vertrag|umow|szerzod"
)
_CARD_WORDS: Final = re.compile(
    r"kart|card|karte|карт|visa|master|amex|credit|kredyt|hitel|kredit|mir\b|мир\b|exp|bank|zahl|paid|charged"
)


def find_secrets(text: str, lexicons: Lexicons, *, where: Where = Where.BODY) -> tuple[Secret, ...]:
    """List confidential matter in the order it stands; check digits are verified where the kind has them."""
    folded = fold(text)
    found = [*_private_keys(text), *_bank_accounts(text)]
    taken = [(secret.words.start, secret.words.end) for secret in found]
    for finder in (_numbers, _health_numbers, _tokens):
        for secret in finder(text, folded):
            if not _overlaps(secret, taken):
                found.append(secret)
                taken.append((secret.words.start, secret.words.end))
    for secret in _passwords(text, folded, lexicons):
        if not _overlaps(secret, taken):
            found.append(secret)
            taken.append((secret.words.start, secret.words.end))
    found.extend(secret for secret in _remote_ids(text, folded, lexicons) if not _overlaps(secret, taken))
    placed = (replace(secret, words=replace(secret.words, where=where)) for secret in found)
    return tuple(sorted(placed, key=lambda secret: secret.words.start))


def _overlaps(secret: Secret, taken: Sequence[tuple[int, int]]) -> bool:
    return any(secret.words.start < end and start < secret.words.end for start, end in taken[-200:])


def _secret(kind: SecretKind, text: str, start: int, end: int) -> Secret:
    return Secret(kind=kind, words=Words(text=text[start:end], start=start, end=end))


def _private_keys(text: str) -> Iterator[Secret]:
    for match in _KEY_BEGIN.finditer(text):
        closing = text.find(_KEY_END, match.end(), match.end() + 20_000)
        end = closing + len(_KEY_END) if closing >= 0 else match.end()
        yield _secret(SecretKind.PRIVATE_KEY, text, match.start(), end)


def _bank_accounts(text: str) -> Iterator[Secret]:
    for match in _IBAN.finditer(text):
        written = match.group()
        for end in range(len(written), 14, -1):
            if not written[end - 1].isalnum() or (end < len(written) and written[end].isalnum() and end > 34 + 10):
                continue
            if len(written) > end and written[end].isalnum():
                continue
            if iban.is_valid(written[:end].upper(), check_country=False):
                yield _secret(SecretKind.IBAN, text, match.start(), match.start() + end)
                break
    for match in _DIGITS.finditer(text):
        digits = _only_digits(match.group())
        if len(digits) == _BANK_LENGTH_PL and iban.is_valid(f"PL{digits}"):
            before = text[max(0, match.start() - 3) : match.start()].strip().upper()
            if before != "PL":
                yield _secret(SecretKind.IBAN, text, match.start(), match.end())


def _only_digits(written: str) -> str:
    return "".join(char for char in written if char.isdigit())


def _numbers(text: str, folded: str) -> Iterator[Secret]:
    for match in _DIGITS.finditer(text):
        digits = _only_digits(match.group())
        if _is_card(digits) and not _is_an_order(folded, match.start()):
            yield _secret(SecretKind.CARD_NUMBER, text, match.start(), match.end())
        named = match.group().isdigit() or "pesel" in folded[max(0, match.start() - 30) : match.start()]
        if len(digits) == 11 and named and pesel.is_valid(digits):
            yield _secret(SecretKind.PESEL, text, match.start(), match.end())


def _is_card(digits: str) -> bool:
    if not _CARD_START.match(digits) or len(digits) not in _CARD_LENGTHS[digits[0]] or len(set(digits)) < 2:
        return False
    if digits[0] == "3" and len(digits) == 15 and digits[1] not in "47":
        return False  # an IMEI has the same length and check digit
    return bool(luhn.is_valid(digits))


def _is_an_order(folded: str, start: int) -> bool:
    before = folded[max(0, start - 40) : start]
    return bool(_ORDER_WORDS.search(before)) and not _CARD_WORDS.search(folded[max(0, start - 80) : start + 60])


def _health_numbers(text: str, folded: str) -> Iterator[Secret]:
    for match in _TAJ.finditer(text):
        near = folded[max(0, match.start() - 120) : match.end() + 40]
        called = _CALL_WORDS.search(folded, max(0, match.start() - 12), match.start())
        if not called and _TAJ_WORDS.search(near) and _is_taj(_only_digits(match.group())):
            yield _secret(SecretKind.TAJ, text, match.start(), match.end())


def _is_taj(digits: str) -> bool:
    """Verify the Hungarian social security number: weights 3 and 7 in turn, the ninth digit is the sum modulo 10."""
    total = sum(int(digit) * (3, 7)[index % 2] for index, digit in enumerate(digits[:8]))
    return total % 10 == int(digits[8])


def _tokens(text: str, folded: str) -> Iterator[Secret]:
    for match in _BOT_TOKEN.finditer(text):
        yield _secret(SecretKind.API_TOKEN, text, match.start(), match.end())
    for match in _TOKEN.finditer(text):
        written = match.group().rstrip("./-")
        start = match.start()
        if "@" in text[match.end() : match.end() + 1] or "://" in written or written.count("/") > 2:
            continue
        if text[max(0, start - 20) : start].rstrip().endswith(_PUBLIC_KEYS):
            continue
        prefixed = _TOKEN_PREFIX.match(written) is not None
        reach = 300 if "_" in written[2:14] else 60
        if (
            len(written) >= 16
            and _looks_random(written, prefixed)
            and (prefixed or _TOKEN_WORDS.search(folded[max(0, start - reach) : start]))
        ):
            yield _secret(SecretKind.API_TOKEN, text, start, start + len(written))


def _looks_random(written: str, prefixed: bool) -> bool:
    digits = sum(char.isdigit() for char in written)
    alphas = sum(char.isalpha() for char in written)
    if prefixed:
        return digits >= 1 and alphas >= 4
    if digits < 3 or alphas < 4 or "." in written or ":" in written or "/" in written:
        return False
    longest = max(len(piece) for piece in re.split(r"[_.:/+=-]", written))
    switches = sum(a.isdigit() != b.isdigit() for a, b in pairwise(written))
    return longest >= 12 and switches >= 4


def _passwords(text: str, folded: str, lexicons: Lexicons) -> Iterator[Secret]:
    spans = [match.span() for match in _any_of(lexicons.phrases["password"]).finditer(folded)]
    for _, place in spans:
        found = _value_after(text, folded, place, lexicons)
        if found:
            yield _secret(SecretKind.PASSWORD, text, *found)
    for match in _MADE_UP.finditer(text):
        value = match.group()
        near = _stands_within(spans, match.start() - 200, match.end() + 80)
        if not any(map(str.isdigit, value)):
            continue
        if near or (_is_mixed(value) and not value.partition("#")[2].isdigit()):
            yield _secret(SecretKind.PASSWORD, text, match.start(), match.end())
    for match in _WORD_AND_NUMBER.finditer(text):
        near = _stands_within(spans, match.start() - 45, match.end() + 25)
        if near and not _PRODUCTS.match(match.group()):
            yield _secret(SecretKind.PASSWORD, text, match.start(), match.end())
    for match in _LOGIN_PAIR.finditer(text):
        value = match["value"].rstrip(_STRIP)
        before = folded[max(0, match.start() - 60) : match.start()]
        if _is_strong(value) and _LOGIN_WORDS.search(before):
            yield _secret(SecretKind.PASSWORD, text, match.start("value"), match.start("value") + len(value))


def _stands_within(spans: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    place = bisect_left(spans, (start, 0))
    return place < len(spans) and spans[place][1] <= end


def _is_mixed(value: str) -> bool:
    return any(map(str.isdigit, value)) and any(map(str.islower, value)) and any(map(str.isupper, value))


@functools.lru_cache(maxsize=64)
def _any_of(words: tuple[str, ...]) -> "re.Pattern[str]":
    """Build a pattern of whole words, where a star stands for a few letters more."""
    listed = (re.escape(word).replace(r"\*", r"[^\W\d_]{0,20}") for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(listed)})(?![^\W_])")


def _places(folded: str, words: tuple[str, ...]) -> Iterator[int]:
    """Give the ends of all whole occurrences of the words."""
    for match in _any_of(words).finditer(folded):
        yield match.end()


def _value_after(text: str, folded: str, place: int, lexicons: Lexicons) -> tuple[int, int] | None:
    """Find what is said to be the password: next to the word, or after a colon or "is" a little further on."""
    line_end = text.find("\n", place)
    limit = min(len(text), place + 90, line_end if line_end >= 0 else len(text))
    if text[place:limit].strip(" :=-") == "" and line_end >= 0:
        limit = min(len(text), line_end + 60)  # the value stands on a line of its own
    linked = True
    told = False
    named = _NAMED_PASSWORD.search(folded, max(0, place - 20), place) is not None
    before = ""
    for count, match in enumerate(_VALUE_OR_WORD.finditer(text, place, limit)):
        raw = match.group()
        begin = match.start() + len(raw) - len(raw.lstrip(_OPEN))
        value = raw.lstrip(_OPEN).rstrip(_STRIP)
        if raw in {":", "=", "-", "–", "—", "->", "=>"}:
            linked, told = True, told or raw in {":", "="} or before in _IS
            continue
        word = folded[begin : begin + len(value)]
        if linked and _is_strong(value) and not _is_a_thing(value, text, begin):
            return begin, begin + len(value)
        if linked and told and count <= 2 and _is_plain_value(value, raw, word, lexicons):
            return begin, begin + len(value)
        said = told or before in _IS or (not count and folded.endswith("haslo to", 0, place))
        if named and linked and (word in _KEYBOARD or (said and _is_said_value(value, raw, word, lexicons))):
            return begin, begin + len(value)
        linked = raw.endswith((":", "=")) or word in _LINKS
        told = raw.endswith((":", "="))
        before = word
        if count > 7 or raw.endswith((".", "?", "!")):
            return None
    return None


def _is_strong(value: str) -> bool:
    """Tell a made-up word: letters with digits or signs in it."""
    value = value.rstrip("?!") if not any(map(str.isdigit, value)) else value
    if value.startswith("0x"):
        return False
    letters = sum(char.isalpha() for char in value)
    digits = sum(char.isdigit() for char in value)
    signs = sum(char in _SYMBOLS for char in value[1:-1]) if "@" not in value else 0
    return 4 <= len(value) <= 40 and letters >= 2 and (digits >= 1 or signs >= 1) and "://" not in value


_THING: Final = re.compile(
    r"[A-Za-z]{2,6}-?\d{1,2}|\d{1,4}[.:/-]\d{1,2}.*|.*@.*\..*|\d+[a-z]{1,3}|[A-Z][A-Za-z]*365|\d+-?[a-zA-Zа-яА-Я]{1,8}"
)


def _is_a_thing(value: str, text: str, begin: int) -> bool:
    """Tell a server's, room's or product's name (SRV-02), a time, a mail address or an ordinal from a password."""
    return _THING.fullmatch(value) is not None and not text[max(0, begin - 3) : begin].rstrip(" (\"'„“«[`<").endswith(
        (":", "=")
    )


def _is_said_value(value: str, raw: str, word: str, lexicons: Lexicons) -> bool:
    """Tell what "the password is" is followed by: a number, or an unknown name with a capital."""
    if value.isdigit():
        return 4 <= len(value) <= 8
    return value[:1].isupper() and _is_plain_value(value, raw, word, lexicons)


def _is_plain_value(value: str, raw: str, word: str, lexicons: Lexicons) -> bool:
    """Tell a password without digits: after "password:", one word that no language knows."""
    if len(value) < 5 or not value.isalpha() or raw.endswith((",", "?")):
        return False
    return not any(
        lang.matcher.hit(word).common or lang.matcher.hit(word).concepts for lang in lexicons.languages.values()
    )


def _remote_ids(text: str, folded: str, lexicons: Lexicons) -> Iterator[Secret]:
    """Find the id of a remote-support program next to the program's name. Clause A4."""
    for place in _places(folded, lexicons.phrases["remote"]):
        match = _REMOTE_ID.search(text, place, place + 40)
        if match:
            yield _secret(SecretKind.REMOTE_ACCESS, text, match.start(), match.end())
