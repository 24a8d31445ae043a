"""What a forgiving search compares: texts without case and marks, and when they are similar enough."""

import pytest

from app.dialect.folding import folded
from app.dialect.similar import asks, enough

ALIKE = [
    ("Siobhán O’Brien", "SIOBHAN OBRIEN"),
    ("O'Brien", "obrien"),
    ("Łódź Æsir Þór Œuvre Đặng Straße", "lodz aesir thor oeuvre dang strasse"),
    ("ISIL İpek ışık", "isil ipek isik"),
    ("Ａｎｎａ ﬁt", "anna fit"),
    ("Пётр", "ПЕТР"),
    ("ΚΏΣΤΑΣ", "κωστας"),
    ("أَحْمَد", "احمد"),
    ("فاطمة علی", "فاطمه علي"),
    ("יִצְחָק", "יצחק"),
    ("मुंबई क़लम", "मुंबई कलम"),
    ("ガーデン", "カーテン"),
    ("김민준", "\u1100\u1175\u11b7\u1106\u1175\u11ab\u110c\u116e\u11ab"),
    ("Anna\u2013Lena", "anna lena é".removesuffix(" é")),
    ("a\\b é", "ab e"),
]


@pytest.mark.parametrize(("text", "other"), ALIKE)
def test_what_people_take_for_the_same_is_the_same(text: str, other: str) -> None:
    assert folded(text) == folded(other)


def test_all_is_ascii_and_nothing_else_is_lost() -> None:
    texts = ("Петр", "Пётра", "王小明", "王晓明", "たなか", "สมชาย", "김민준", "김민중", "Արամ", "ნინო", "אבי", "अनिल")
    found = [folded(text) for text in texts]
    assert all(text.isascii() for text in found)
    assert len(set(found)) == len(texts)


@pytest.mark.parametrize(
    ("value", "share"),
    [
        ("a", 0.7),
        ("jo", 0.7),
        ("jon", 0.34),
        ("meier", 0.34),
        ("miller", 0.399),
        ("hoffmann", 0.499),
        ("obrien siobhan", 0.5),
    ],
)
def test_the_longer_a_text_the_more_of_it_must_be_there(value: str, share: float) -> None:
    assert enough(value) == pytest.approx(share)


def test_punctuation_asks_for_nothing() -> None:
    assert [asks(folded(text)) for text in ("", " - ", "’", "_", "é", "1")] == [False, False, False, False, True, True]
