"""The sender's own words are told from all else."""

import pytest

from connector.reading import builtin_lexicons
from connector.reading.html import html_to_text
from connector.reading.parts import find_original_sender, split_parts
from connector.reading.reading import PartKind

OLDER = [
    "W dniu 12.03.2024 o 09:14 Iwona Pak pisze:\n> proszę o dostęp",
    "W dniu wt., 12 mar 2024 o 09:14 Iwona Pak <i@a.example> napisał(a):\n\nproszę o dostęp",
    "-----Wiadomość oryginalna-----\nOd: Iwona\nTemat: dostęp\n\nproszę o dostęp",
    '2024. máj. 9. 15:02, "Helpdesk" <help@a.example> ezt írta:\n> kérek hozzáférést',
    "Pók Éva <pok.eva@a.example> ezt írta (időpont: 2024. máj. 9., Cs, 15:02):\n\nkérek hozzáférést",
    "-----Eredeti üzenet-----\nFeladó: Éva\nElküldve: kedd\nTárgy: jog\n\nkérek hozzáférést",
    "10.06.2024, 11:15, Сервис <help@a.example> пишет:\n> откройте доступ",
    "вт, 4 июн. 2024 г. в 11:15, Ким <kim@a.example>:\n\n> откройте доступ",
    "-------- Исходное сообщение --------\nОт: Ким\nТема: доступ\n\nоткройте доступ",
    "On Mon, 13 May 2024 at 09:12, Olive Pratt <o@a.example> wrote:\n> give me access",
    "On Mon, 13 May 2024 at 09:12, Olive Pratt\n<o@a.example> wrote:\n\ngive me access",
    "________________________________\nFrom: Olive <o@a.example>\nSent: x\nTo: Help\nSubject: access\n\ngive access",
    "Am 08.05.2024 um 10:30 schrieb Ingrid Maurer:\n> bitte Zugriff",
    "-----Ursprüngliche Nachricht-----\nVon: Ingrid\nBetreff: Zugriff\n\nbitte Zugriff",
    "*Von:* Ingrid <i@a.example>\n*Gesendet:* Montag\n*An:* Hilfe\n*Betreff:* Zugriff\n\nbitte Zugriff",
]


def own(text: str, subject: str = "x", sender: str = "") -> str:
    parts = split_parts(text, subject, builtin_lexicons(), sender)
    return "\n".join(text[part.start : part.end] for part in parts if part.kind is PartKind.OWN)


@pytest.mark.parametrize("older", OLDER)
def test_what_was_written_before_is_not_the_senders_own(older: str) -> None:
    assert own(f"Thank you, all is well now.\n\n{older}") == "Thank you, all is well now."


@pytest.mark.parametrize(
    "marker",
    [
        "---------- Wiadomość przekazana dalej ----------\nOd: A <a@a.example>\nTemat: x\n",
        "-------- Továbbított üzenet --------\nFeladó: A <a@a.example>\nTárgy: x\n",
        "-------- Перенаправленное сообщение --------\nОт: А <a@a.example>\nТема: x\n",
        "Begin forwarded message:\n\nFrom: A <a@a.example>\nSubject: x\n",
        "---------- Weitergeleitete Nachricht ----------\nVon: A <a@a.example>\nBetreff: x\n",
    ],
)
def test_a_forward_is_known_and_so_is_who_wrote_it(marker: str) -> None:
    text = f"{marker}\nplease give me access"

    parts = split_parts(text, "Fwd: x", builtin_lexicons())

    assert [part.kind for part in parts] == [PartKind.FORWARDED]
    assert find_original_sender(text, builtin_lexicons()) in {"A <a@a.example>", "А <a@a.example>"}


def test_answers_between_quoted_lines_are_own() -> None:
    assert own("> Which folder?\nFinance, please.\n> Until when?\nUntil May.") == "Finance, please.\nUntil May."


@pytest.mark.parametrize(
    "signature",
    [
        "Pozdrawiam\nAnna Nowak\nkierowniczka biura\ntel. 22 555 12 12",
        "Üdvözlettel:\nKiss Éva\npénzügy\n06 30 555 1234",
        "С уважением,\nКовалёва Ирина\nтел. 8 (351) 555-01-44",
        "Kind regards\nOlive Pratt\nWard manager | 01632 960 616",
        "Mit freundlichen Grüßen\nIngrid Maurer\nTel. 0221 4710 911",
        "-- \nAnna\nwww.firma.example",
        "Anna Nowak, 22 555 12 12",
    ],
)
def test_a_signature_is_not_the_matter(signature: str) -> None:
    assert own(f"The printer is broken.\n\n{signature}") == "The printer is broken."


def test_a_name_and_number_alone_are_no_matter() -> None:
    assert own("Kurucz Endre\nműszakvezető főzőmester\n06 57 555 833", sender="Kurucz Endre <k@a.example>") == ""


def test_a_thank_you_alone_is_a_matter() -> None:
    assert own("Köszönöm, megkaptam.\n\nUngvári Rezső\n06 82 555 616") == "Köszönöm, megkaptam."


def test_a_disclaimer_is_not_the_matter() -> None:
    text = (
        "Please add Tom to the group.\n\nCONFIDENTIALITY NOTICE: This email is for the named addressee only. Any "
        "unauthorised access, use or disclosure is prohibited. You do not have permission to forward it."
    )

    assert own(text) == "Please add Tom to the group."


def test_a_form_with_from_and_to_dates_is_no_quote() -> None:
    assert "Until: 30.09." in own("Who: Tom\nFrom: 16.09.\nUntil: 30.09.\nWhat: read access to Finance")


@pytest.mark.parametrize(
    "html",
    [
        '<div>Own words.</div><div class="gmail_quote"><div class="gmail_attr">On Mon, 13 May 2024 at 09:12, O '
        "&lt;o@a.example&gt; wrote:<br></div><blockquote>give me access</blockquote></div>",
        "<p>Own words.</p><hr><div id=divRplyFwdMsg><b>From:</b> O &lt;o@a.example&gt;<br><b>Sent:</b> Monday<br>"
        "<b>To:</b> H<br><b>Subject:</b> access</div><p>give me access</p>",
        '<body>Own words.<br><br><div class="moz-cite-prefix">Am 08.05.2024 um 10:30 schrieb O:<br></div>'
        '<blockquote type="cite">bitte Zugriff</blockquote></body>',
        '<div dir="auto">Own words.<div class="gmail_signature">Olive<br>Ward 3</div></div>',
        "<style>p{color:red}</style><script>alert(1)</script><p>Own&nbsp;words.</p><!-- hidden -->",
    ],
)
def test_html_keeps_own_words_and_shows_quotes(html: str) -> None:
    assert own(html_to_text(html).replace("\xa0", " ")).strip() == "Own words."
