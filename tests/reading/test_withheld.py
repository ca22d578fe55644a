"""What is held off, taken back or no matter of rights is not taken for a request; what is shorthand for one is."""

import pytest

from connector.model.message import Message
from connector.reading import read

HELD_OFF = [
    "Ms Farrow may come to you with a wish for the tender folder. Please give her nothing until the board has met.",
    "Somebody from Acme might ask you for VPN accounts. For now do not set anything up.",
    "Last week I asked for a mailbox for the new trainee. The matter is off, nothing needs to be opened.",
    "Pan Sikora zwróci się pewnie do was o konto w CRM. Na razie prosimy nic nie zakładać, decyzja w maju.",
    "Prosiłam o dostęp do folderu Umowy dla stażystki. Sprawa nieaktualna, niczego nie trzeba otwierać.",
    "Frau Lindner wird sich bei euch wegen der Freigabe melden. Bitte vorerst nichts freischalten.",
    "Mein Antrag auf Leserechte für Herrn Oster hat sich erledigt, es muss nichts eingerichtet werden.",
    "Die Freigabe für Frau Kern braucht es nicht mehr, sie hat gekündigt.",
    "Моя вчерашняя просьба о доступе для Лены больше не актуальна.",
    "Szabó úr fordulhat hozzátok a raktári mappa miatt. Egyelőre ne adjatok neki semmit, amíg nem szólok.",
    "A gyakornok fiókja tárgytalan, nem kell létrehozni semmit.",
    "К вам обратится Мельников за доступом к архиву. Пока ничего ему не открывайте, ждите моего письма.",
    "Просила завести учётку новому кладовщику. Вопрос снят, ничего открывать не нужно.",
]
NOT_OF_RIGHTS = [
    "Dzwoniła pani Ewa ze szwalni: drukarka gubi strony, prosi, żeby ktoś wpadł dzisiaj po południu.",
    "Klient prosi zamknąć 6620, wszystko gra.",
    "Im Besprechungszimmer fehlen zwei Netzwerkdosen, könnt ihr welche setzen?",
    "Az űrlap lefagy mentéskor, kérem, valaki nézze meg holnap délelőtt.",
    "The order form freezes at step three, please have someone look at it today.",
    "Просят заглянуть в зал: проектор мигает и гаснет.",
]
DOORS = [
    "The new cleaner needs a fob for the back door and the gate code, can you sort it?",
    "Nowa sprzątaczka potrzebuje breloka do furtki i kodu do bramy, proszę jej dać.",
    "Bitte geben Sie dem Hausmeister den Torcode und einen Schlüssel für die Halle.",
    "Kérnék egy kártyát és kapukódot az új takarítónak a hátsó ajtóhoz.",
    "Дайте новому дворнику брелок от ворот и ключи от калитки.",
]
OWN_ACCOUNT = [
    "I have a new phone and the authenticator app is gone, please reset my MFA.",
    "Mam nowy telefon, proszę o reset uwierzytelniania dwuskładnikowego na moim koncie.",
    "Ich habe mein Passwort vergessen, bitte zurücksetzen.",
    "Elfelejtettem a jelszavamat, kérem, állítsák vissza.",
    "Забыла пароль от своей почты, сбросьте, пожалуйста.",
]
SHORTHAND = [
    "Please make Tom Reed local admin on his laptop until Friday, he has to install the scanner drivers.",
    "Please extend the VPN of our auditor Mr Hale until the end of October.",
    "Please take Carla Wirth out of the group Payroll-Editors.",
    "Proszę o przedłużenie VPN dla pani Nowickiej do końca września.",
    "Wyjmijcie proszę Adama Wolaka z grupy Kadry-Edycja.",
    "Podłączcie mnie proszę do grupy Dyżury, zastępuję Marka Lisa.",
    "Bitte verlängern Sie den VPN-Zugang von Frau Kuhn bis Ende November.",
    "Bitte nehmt Jonas Falk aus der Gruppe Einkauf heraus.",
    "Kérem, hosszabbítsák meg Kiss Péter VPN-hozzáférését december végéig.",
    "Vegyétek ki kérlek Nagy Ildikót a Bérszámfejtés csoportból.",
    "Продлите, пожалуйста, VPN для Орлова до конца ноября.",
    "Уберите, пожалуйста, Зайцеву из группы «Касса-правка».",
    "Nowa kasjerka Lena zaczyna we wtorek: potrzebuje kodu kasjera, kalendarza i wglądu w stany magazynowe.",
    "Our new teacher Ann Boyle needs an account in Moodle with grading from Monday.",
]


@pytest.mark.parametrize("body", HELD_OFF)
def test_what_is_held_off_or_taken_back_is_no_request_and_no_topic(body: str) -> None:
    reading = read(Message(subject="", body=body))

    assert (reading.requests, reading.topics) == ((), ())


@pytest.mark.parametrize("body", NOT_OF_RIGHTS + DOORS)
def test_words_without_rights_ask_for_none(body: str) -> None:
    assert not read(Message(subject="", body=body)).asks_for("permission_change")


@pytest.mark.parametrize("body", OWN_ACCOUNT)
def test_ones_own_password_or_second_factor_is_sensitive_and_no_right(body: str) -> None:
    assert [verdict.label for verdict in read(Message(subject="", body=body)).requests] == ["account_sensitive"]


@pytest.mark.parametrize("body", SHORTHAND)
def test_rights_are_asked_for_in_many_ways(body: str) -> None:
    assert read(Message(subject="", body=body)).asks_for("permission_change")


@pytest.mark.parametrize(
    "body",
    [
        "Tom may ask you for the archive, please give him nothing yet. But please add Eva Stone to the group Sales.",
        "Panu Kani na razie nic nie zakładajcie. Proszę natomiast dodać Olę Bryl do grupy Kadry.",
        "Herrn Voss bitte noch nichts geben. Bitte fügen Sie aber Frau Behr der Gruppe Einkauf hinzu.",
        "Kovácsnak egyelőre ne adjatok semmit. Kérem viszont, vegyék fel Pap Ritát a Pénzügy csoportba.",
        "Носову пока ничего не открывайте. А Лапину, пожалуйста, добавьте в группу «Закупки».",
    ],
)
def test_another_request_beside_one_held_off_stands(body: str) -> None:
    assert read(Message(subject="", body=body)).asks_for("permission_change")


@pytest.mark.parametrize(
    "body",
    [
        "I dispute invoice 4711: you charged 340 for two hours, the price was agreed at 90 an hour. Please refund it.",
        "Reklamuję fakturę 12/05, cena za godzinę miała być niższa. Proszę o zwrot różnicy.",
        "Ich widerspreche der Rechnung 88, der Preis war anders vereinbart. Bitte um Gutschrift.",
        "Kifogásolom a 33-as számlát, az ár nem ennyi volt. Kérem a különbözet visszatérítését.",
        "Не согласна со счётом 57, цена завышена вдвое. Прошу вернуть разницу.",
    ],
)
def test_a_dispute_of_a_bill_asks_for_no_price(body: str) -> None:
    assert not read(Message(subject="", body=body)).asks_for("quote")


@pytest.mark.parametrize(
    "body",
    [
        "Could you send us a quote for 12 laptops with docks?",
        "Proszę o wycenę 12 laptopów ze stacjami dokującymi.",
        "Bitte um ein Angebot für 12 Laptops mit Dockingstation.",
        "Kérnénk árajánlatot 12 laptopra dokkolóval.",
        "Пришлите коммерческое предложение на 12 ноутбуков.",
    ],
)
def test_a_quote_for_devices_is_no_order_yet(body: str) -> None:
    assert [verdict.label for verdict in read(Message(subject="", body=body)).requests] == ["quote"]


def test_what_the_sender_points_at_is_read_as_asked() -> None:
    body = (
        "Approved, please let her have what she asks for below.\n\nFrom: Eve Marsh\nSent: Monday\nTo: Ann\n"
        "Subject: tenders\n\nHi Ann, could I get write access to the folder Tenders 2025?"
    )

    assert read(Message(subject="RE: tenders", body=body)).asks_for("permission_change")


def test_what_is_quoted_and_not_pointed_at_is_not_asked() -> None:
    body = (
        "Thanks, all done here.\n\nFrom: Eve Marsh\nSent: Monday\nTo: Ann\n"
        "Subject: tenders\n\nHi Ann, could I get write access to the folder Tenders 2025?"
    )

    assert not read(Message(subject="RE: tenders", body=body)).asks_for("permission_change")


@pytest.mark.parametrize(
    ("body", "scope"),
    [
        ("Nine of our people print from it and everybody gets blank pages since lunch.", "system"),
        ("Drukuje na niej ośmiu ludzi z działu i wszystkim od rana wychodzą puste kartki.", "system"),
        ("Die ganze Buchhaltung kann seit heute früh nicht mehr drucken, alle fünf Kollegen.", "system"),
        ("A raktárban heten nem tudnak reggel óta nyomtatni.", "system"),
        ("В отделе восемь человек, и с утра никто не может печатать.", "system"),
        ("My own monitor has been flickering since this morning.", "user"),
        ("Mój monitor miga od rana, u innych jest dobrze.", "user"),
        ("Mein Monitor flackert seit heute früh.", "user"),
        ("A monitorom reggel óta villog.", "user"),
        ("Мой монитор мигает с утра.", "user"),
    ],
)
def test_a_fault_of_several_people_is_the_systems_and_ones_own_device_the_users(body: str, scope: str) -> None:
    assert read(Message(subject="", body=body)).labels()["scope"] == scope
