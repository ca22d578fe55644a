"""Word lists can be read, extended, overridden and are checked."""

from pathlib import Path

import pytest

from connector.reading import LexiconError, builtin_lexicons, load_lexicons
from connector.reading.text import tokens


def concepts(text: str, language: str, lexicons: object = None) -> set[str]:
    known = load_lexicons(lexicons) if lexicons else builtin_lexicons()  # type: ignore[arg-type]  # a test of bad input
    return {name for tagged in known.languages[language].matcher.tag(tokens(text)) for name in tagged.concepts}


@pytest.mark.parametrize(
    ("text", "language", "concept"),
    [
        ("uprawnieniami", "pl", "rights"),
        ("prosze dopisac", "pl", "grant"),
        ("hozzáférést", "hu", "rights"),
        ("hozzaferest", "hu", "rights"),
        ("доступа", "ru", "rights"),
        ("Projektordner", "de", "folder"),
        ("Zugriffsrechte", "de", "rights"),
        ("fuer Uebersicht", "de", "disclose"),
        ("mailboxes", "en", "mailbox"),
    ],
)
def test_inflected_and_unaccented_words_are_known(text: str, language: str, concept: str) -> None:
    assert concept in concepts(text, language)


def test_an_admin_adds_words_and_takes_words_away() -> None:
    extra = {"pl": {"folder": ["szafa dokumentów", "-teczk*"]}}

    assert "folder" in concepts("szafa dokumentow", "pl", extra)
    assert "folder" not in concepts("teczka", "pl", extra)


def test_a_folder_of_words_is_laid_over_ours(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "own.toml").write_text('rights = ["schluesselgewalt*"]\n', encoding="utf-8")

    assert "rights" in concepts("Schlüsselgewalt", "de", tmp_path)


@pytest.mark.parametrize(
    ("extra", "hint"),
    [
        ({"pl": {"foldre": ["x"]}}, "did you mean 'folder'"),
        ({"xx": {"folder": ["x"]}}, "unknown language 'xx'"),
        ({"pl": {"folder": "x"}}, "expected list"),
        ({"pl": {"folder": ["*"]}}, "holds no word"),
        ({"pl": {"folder": ["-nigdy"]}}, "takes away what is not there"),
    ],
)
def test_a_mistake_in_the_words_is_named(extra: object, hint: str) -> None:
    with pytest.raises(LexiconError, match=hint):
        load_lexicons(extra)  # type: ignore[arg-type]  # a test of bad input


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "pl").mkdir()
    (tmp_path / "pl" / "own.toml").write_text("folder = [", encoding="utf-8")

    with pytest.raises(LexiconError, match=r"own\.toml"):
        load_lexicons(tmp_path)


def test_every_concept_of_every_language_has_words() -> None:
    lexicons = builtin_lexicons()

    missing = {
        (code, concept)
        for code, language in lexicons.languages.items()
        for concept in lexicons.concepts
        if concept not in _named(language.matcher)
    }

    assert missing == set()


def _named(matcher: object) -> set[str]:
    tables = (matcher.whole, matcher.stems, matcher.endings)  # type: ignore[attr-defined]  # any matcher
    hits = [hit for table in tables for hit in table.values()]
    phrases = {phrase.concept for hit in hits for listed in hit.phrases.values() for phrase in listed}
    return phrases | {concept for hit in hits for concept in hit.concepts}
