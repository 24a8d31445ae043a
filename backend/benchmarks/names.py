"""Made-up names in many scripts, and pairs of what is typed and who is meant: what forgiving searches are tried on."""

import random
from collections.abc import Iterator
from typing import NamedTuple


class Pair(NamedTuple):
    """What somebody types, the name on record, and what is between them."""

    typed: str
    right: str
    slip: str


PAIRS = tuple(
    Pair(*line.split(" | "))
    for line in """\
siobhan obrien | Siobhán O’Brien | accent, apostrophe
OCASEY CAOIMHE | Caoimhe O'Casey | capitals, apostrophe, order
sioban o brien | Siobhán O’Brien | letter left out
katherine wexley | Catherine Wexley | first letter
mohamed elbarouni | Mohammed El-Barouni | letter left out, hyphen
jonathon whitlock | Jonathan Whitlock | vowel
stephen ashdwon | Stephen Ashdown | letters swapped
elizabteh pemberly | Elizabeth Pemberly | letters swapped
margret thistlewood | Margaret Thistlewood | letter left out
william thackery | William Thackeray | letter left out
maier-lohse | Anton Meier-Lohse | vowel
jon tolliver | John Tolliver | short name
micheal okonkwo-bryce | Michael Okonkwo-Bryce | letters swapped
phillip garrity | Philip Garrity | letter twice
schmitt-heise | Jürgen Schmidt-Heise | letter
muller-brandt | Gisela Müller-Brandt | umlaut
mueller-brandt | Gisela Müller-Brandt | umlaut written out
strasse | Klaus Straßer | sharp s
weissenbruch | Otto Weißenbruch | sharp s
francois lefebvre | François Lefèbvre | accents
benoit lefevre-marchand | Benoît Lefèvre-Marchand | accents
helene duboisson varin | Hélène Dubuisson-Varin | accents and a vowel
nunez de arce | Íñigo Núñez de Arce | tilde
lukasz wojcik-zurawski | Łukasz Wójcik-Żurawski | stroke
malgorzata szczesna | Małgorzata Szczęsna | stroke, ogonek
soren kierkgaard | Søren Kierkegaard | stroke, letter left out
aeroe | Bjørg Ærø | ligature
thorunn gudmundsdottir | Þórunn Guðmundsdóttir | thorn, eth
asa ahlstrom | Åsa Åhlström | ring
oeuvrard | Solène Œuvrard | ligature
dordevic | Nikola Đorđević | stroke
isil yildirim | Işıl Yıldırım | dotless i
ayse gulsoy | Ayşe Gülsoy | cedilla
nguyen thi hanh dung | Nguyễn Thị Hạnh Dung | two marks on a letter
dang van duong | Đặng Văn Dương | stroke, marks
dvorakova-ruzickova | Růžena Dvořáková-Růžičková | carons
Верховенская Наталия | Наталья Верховенская | order, letter
Петр Семенов-Вяземский | Пётр Семёнов-Вяземский | ё
щербоков | Олег Щербаков | vowel
Володимир Шевчинко | Володимир Шевченко | vowel
καζαντζακης γιωργος | Γιώργος Καζαντζάκης | accents, order
Ελενη Μουσχουρι | Ελένη Μούσχουρη | accents, vowel
ΚΩΣΤΑΣ ΒΕΝΙΖΕΛΟΣ | Κώστας Βενιζέλος | capitals, final sigma
احمد المصباحي | أَحْمَد المِصْبَاحِيّ | vowel signs, hamza
فاطمه الزهراء | فاطمة الزهراء | ta marbuta
عبدالرحمن القحتاني | عبدالرحمن القحطاني | letter
שרה אברמוביץ | שרה אברמוביץ׳ | geresh
יצחק רבינוביץ | יִצְחָק רבינוביץ | points
מיכאל גולדשטין | מיכאל גולדשטיין | letter left out
अनील वाजपेई | अनिल वाजपेयी | vowel sign, letter
प्रियंका चतुर्वदी | प्रियंका चतुर्वेदी | vowel sign left out
สมชาย ใจมันต์ | สมชาย ใจมั่น | tone, silent letter
นภาพร ศรีสุวรรน | นภาพร ศรีสุวรรณ | letter
慕容小清 | 慕容小晴 | character of the same sound
诸葛文婧 | 诸葛文静 | character of the same sound
わたなべ けんち | わたなべ けんいち | kana left out
カネシロ ユウコ | カネシロ ユウゴ | voiced kana
선우민준 | 선우민중 | final consonant
독고영제 | 독고영재 | vowel of the same sound
Արամ Խաչատուրյն | Արամ Խաչատուրյան | letter left out
ნინო ჩიხლაძე | ნინო ჩიხლაძე-დადიანი | half of a name
""".splitlines()
)

# First names / last names, part of the world by part of the world.
_PARTS = """\
James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph
Jessica Thomas
Sarah Charles Karen Daniel Nancy Matthew Lisa Anthony Betty Mark Margaret Donald Sandra Steven Ashley Paul
Kimberly Andrew
Joan Jonas Katherine Stephen Philip Ann Anna Amy Ian Eve Jo Max Kate
/ Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson
Anderson Thomas
Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young
Allen King Wright
Scott Torres Hill Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts O'Neill
O'Connor MacLeod

Jürgen Günter Käthe Björn Uwe Heike Sabine Dieter Brigitte Annegret Lothar Jörg Bärbel Götz Rüdiger
/ Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein
Wolf Schröder
Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Weiß Groß Strauß Maier Mayer

François Hélène Élodie Benoît Chloé Jérôme Zoé René Léa Noël Thérèse Gaël Anaïs Loïc Cécile
/ Lefèvre Durand Dubois Moreau Laurent Simon Michel Leroy Roux David Bertrand Morel Fournier Girard Bonnet
Dupont Lambert
Fontaine Rousseau Gauthier

Łukasz Małgorzata Wojciech Agnieszka Zofia Stanisław Paweł Józef Władysław Grażyna
/ Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski
Kozłowski Jankowski

Søren Åse Bjørn Øystein Ingrid Þór Guðrún Astrid Håkon Mette
/ Jensen Nielsen Hansen Pedersen Andersen Christensen Larsen Sørensen Rasmussen Jørgensen Guðmundsson Åström Öberg

Ayşe Mehmet İbrahim Işık Çağla Özgür Şule Gökhan Ümit Yıldız
/ Yılmaz Kaya Demir Şahin Çelik Yıldız Öztürk Aydın Özdemir Arslan Doğan Kılıç

Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Đặng Bùi
/ Minh Hương Tuấn Anh Dũng Hạnh Thảo Quỳnh Đức Phương Sơn Hiếu

Анна Иван Мария Дмитрий Елена Сергей Ольга Алексей Татьяна Пётр Наталья Андрей Ирина Николай Фёдор Людмила Олег Юлия
/ Иванов Смирнова Кузнецов Попова Соколов Лебедева Козлов Новикова Морозов Петрова Волков Соловьёва Васильев
Зайцева Павлов
Семёнова Голубев Виноградова Богданов Воробьёва Шевченко Бондаренко

Γιώργος Μαρία Δημήτρης Ελένη Κώστας Αικατερίνη Γιάννης Βασιλική Νίκος Σοφία Παναγιώτης Αγγελική
/ Παπαδόπουλος Παππάς Καραγιάννης Βλάχος Ιωαννίδης Οικονόμου Αντωνίου Γεωργίου Νικολάου Μακρής Παπαδάκης

أحمد محمد فاطمة علي عائشة حسن زينب حسين مريم يوسف إبراهيم خالد ليلى عمر نور سلمى طارق
/ الحسيني العلي القحطاني الشمري المصري الهاشمي الخطيب النجار الحداد السيد عبدالله الزهراني

דוד שרה משה רבקה יוסף רחל אברהם לאה יצחק מרים יעקב חנה דניאל נועה
/ כהן לוי מזרחי פרץ ביטון אברהם פרידמן גולדברג רוזנברג שפירא אדלר קליין

अनिल सुनीता राजेश प्रिया अमित पूजा संजय नेहा विजय कविता सुरेश मीना
/ शर्मा वर्मा गुप्ता सिंह कुमार यादव मिश्रा चतुर्वेदी जोशी पटेल नायर

สมชาย สมหญิง สุดา ประเสริฐ วิชัย มาลี นภา อรุณ ศิริ กมล
/ ใจดี ศรีสุข ทองดี แสงทอง วงศ์ใหญ่ บุญมี สุขใจ รักไทย

わたなべ たなか すずき さとう タナカ スズキ ワタナベ ハシモト いとう
/ けん ゆうこ はなこ たろう ユウコ ケンジ さくら けんじ

Արամ Անի Տիգրան Մարիամ Հայկ
/ Պետրոսյան Սարգսյան Հակոբյան Խաչատրյան Գրիգորյան

ნინო გიორგი მარიამ დავით ანა
/ ბერიძე კაპანაძე გელაშვილი ჯაფარიძე მაისურაძე
"""

# Family names / characters of which given names are made, which stand behind without a blank.
_JOINED = """\
王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙 马 朱 胡 郭 何 高 林 罗 欧阳 司马
/ 伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 秀 霞 平 刚 桂 英 小 晓 文 建 国

김 이 박 최 정 강 조 윤 장 임 한 오 남궁 제갈
/ 민 준 서 연 지 우 현 수 영 은 하 진 희 성 아 윤 호 경 미 정

佐藤 鈴木 高橋 田中 渡辺 伊藤 山本 中村 小林 加藤
/ 健 一 裕 子 美 花 太 郎 翔 大 桜 愛 優 陽
"""

_LATIN = 7  # of the parts; a clinic has more of these than of the others


def names(size: int) -> Iterator[str]:
    """That many names, the same in each run; of the first that are right in `PAIRS`, each once."""
    dice = random.Random(size)  # noqa: S311 reproducible, not secret
    right = list(dict.fromkeys(pair.right for pair in PAIRS))
    places = dict(zip(dice.sample(range(size), len(right)), right, strict=True))
    spaced, joined = _parted(_PARTS), _parted(_JOINED)
    for number in range(size):
        yield places.get(number) or _made(dice, spaced, joined)


def _made(dice: random.Random, spaced: list[list[list[str]]], joined: list[list[list[str]]]) -> str:
    if dice.random() < 0.1:
        family, characters = dice.choice(joined)
        return dice.choice(family) + "".join(dice.choices(characters, k=2))
    first, last = dice.choice(spaced[:_LATIN] if dice.random() < 0.6 else spaced)
    middle = [f"{dice.choice(first)}"] if dice.random() < 0.2 else []
    return " ".join([dice.choice(first), *middle, dice.choice(last)])


def _parted(text: str) -> list[list[list[str]]]:
    """Of each part its two lists."""
    return [[half.split() for half in part.split("/")] for part in text.split("\n\n")]
