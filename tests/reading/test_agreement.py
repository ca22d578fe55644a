"""A yes is a plain yes; whatever takes certainty from it is left to people."""

import pytest

from connector.reading.agreement import KINDS, Answer, agreement_of, asks_for_himself, phrases

YES = {
    "en": ["Yes, I confirm.", "OK", "Approved", "Fine by me, no problem.", "Yes. Please give Anna access."],
    "de": ["Ja, bitte umsetzen.", "Hiermit bestätige ich das.", "Kein Problem, geht klar.", "Genehmigt."],
    "pl": ["Tak, potwierdzam.", "Potwierdzam, proszę wykonać.", "Nie mam zastrzeżeń.", "zgoda"],
    "hu": ["Igen, megerősítem.", "Jóváhagyom.", "Rendben, mehet.", "Nincs kifogásom."],
    "ru": ["Да, подтверждаю.", "Согласовано.", "Не возражаю.", "согласна"],
}
NO = {
    "en": ["No.", "No, thank you.", "I do not confirm this.", "We did not request that.", "Please cancel."],
    "de": ["Nein!", "Das bestätige ich nicht.", "Abgelehnt.", "Nein, bitte nicht."],
    "pl": ["Nie", "Nie potwierdzam.", "Odmawiam.", "Nie, to pomyłka."],
    "hu": ["Nem.", "Nem engedélyezem.", "Ezt nem kértük.", "Elutasítom."],
    "ru": ["Нет", "Не подтверждаю.", "Отклонено.", "Нет, мы этого не просили."],
}
UNCLEAR = {
    "en": [
        "",
        "Thanks!",
        "Who asked for that?",
        "Yes, but read only.",
        "I have not decided.",
        "Should I confirm?",
        "If Bea agrees, yes.",
    ],
    "de": [
        "Danke!",
        "Ja, aber nur lesend.",
        "Wer hat das beantragt?",
        "Wenn Bea zustimmt, ja.",
        "Ich bin nicht im Büro.",
    ],
    "pl": ["Dziękuję", "Tak, ale tylko do odczytu.", "Potwierdzę jutro.", "Nie ma mnie w biurze."],
    "hu": ["Köszönöm", "Igen, de csak olvasásra.", "Ki kérte ezt?", "Nem vagyok az irodában."],
    "ru": ["Спасибо", "Да, но только на чтение.", "Кто это просил?", "Меня нет, вернусь завтра."],
}


def cases(known: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(language, text) for language, texts in known.items() for text in texts]


@pytest.mark.parametrize(("language", "text"), cases(YES))
def test_a_plain_yes(language: str, text: str) -> None:
    assert agreement_of(text, [language]).answer is Answer.YES


@pytest.mark.parametrize(("language", "text"), cases(NO))
def test_a_plain_no(language: str, text: str) -> None:
    assert agreement_of(text, [language]).answer is Answer.NO


@pytest.mark.parametrize(("language", "text"), cases(UNCLEAR))
def test_what_a_person_must_read(language: str, text: str) -> None:
    assert agreement_of(text, [language]).answer is Answer.UNCLEAR


def test_a_yes_far_down_a_long_mail_speaks_of_something_else() -> None:
    text = "One thing. Another thing. A third thing. A fourth thing. Yes, I confirm."

    assert agreement_of(text, ["en"]).answer is Answer.UNCLEAR


def test_the_first_language_that_understands_decides() -> None:
    assert agreement_of("OK", ["xx", "ru"]).answer is Answer.YES
    assert agreement_of("Yes, I confirm.", ["pl"]).answer is Answer.YES


def test_every_answer_names_the_words_it_rests_on() -> None:
    assert agreement_of("Tak, potwierdzam.", ["pl"]).words == ("tak", "potwierdzam")


@pytest.mark.parametrize(
    ("language", "text", "himself"),
    [
        ("en", "Please give me access to the folder.", True),
        ("en", "Please give Anna access, and let me know.", False),
        ("de", "Ich brauche Zugriff auf den Ordner.", True),
        ("de", "Bitte Meier ins Einkaufslaufwerk.", False),
        ("pl", "Proszę nadać mi uprawnienia.", True),
        ("pl", "Proszę dopisać Anetę do grupy.", False),
        ("hu", "Hozzáférésre van szükségem.", True),
        ("ru", "Дайте мне доступ.", True),
        ("ru", "Дайте Левону доступ и сообщите мне.", False),
    ],
)
def test_who_asks_for_himself_is_known(language: str, text: str, himself: bool) -> None:
    assert bool(asks_for_himself(text, language)) is himself


def test_every_language_has_every_kind_and_no_entry_stands_under_two() -> None:
    for language, known in phrases().items():
        entries = [each for found in (*known.whole.values(), known.stems) for each in found]
        kinds = {kind for _, kind in entries}
        answers = [entry for entry, kind in entries if kind != "self"]
        assert kinds == set(KINDS), language
        assert len(answers) == len(set(answers)), (language, [each for each in answers if answers.count(each) > 1])
