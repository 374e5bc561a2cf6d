"""Localization files as items: what the translate toolkit holds, in bounds; a termbase in both of its shapes."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_methods import cli
from halo_methods.errors import BadOption, HaloError, InvalidData
from halo_methods.exports import read_units
from halo_methods.exports.localization_units import kind_of
from halo_methods.judgments import bounds

pytest.importorskip("translate", reason="the extra localization is not installed")

XLIFF = """<?xml version="1.0" encoding="UTF-8"?>
<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">
<file original="app" source-language="en" target-language="fr-FR" datatype="plaintext"><body>{}</body></file></xliff>"""
UNIT = '<trans-unit id="1"><source>x</source></trans-unit>'
PO = 'msgid ""\nmsgstr "Language: pt_BR\\n"\n\n'


@pytest.fixture
def units(file):
    def read(text, name="a.xlf", kind="xliff", **options):
        return read_units([file(text, name)], kind, **options)

    return read


def rows(export, *names):
    return export.table.select(names or ("item_id", "source", "target", "locale", "state")).rows()


def test_xliff_1_2_gives_units_with_their_locale_and_state(units):
    made = units(
        XLIFF.format(
            '<trans-unit id="1"><source>Open from <g id="1">9</g></source><target state="final">Dès <g id="1">9 h</g>'
            '</target><note>hours</note></trans-unit><trans-unit id="2" approved="yes"><source>a</source><target>b'
            '</target></trans-unit><trans-unit id="3" translate="no"><source>HALO</source></trans-unit>'
            '<trans-unit id="4"><source>c</source></trans-unit></body></file>'
            '<file original="b" source-language="en" target-language="de-DE" datatype="plaintext"><body>'
            '<trans-unit id="1"><source>a</source><target>d</target></trans-unit>'
        )
    )
    assert rows(made) == [
        ("app/1@fr-FR", "Open from 9", "Dès 9 h", "fr-FR", "final"),
        ("app/2@fr-FR", "a", "b", "fr-FR", "approved"),
        ("app/4@fr-FR", "c", None, "fr-FR", "untranslated"),
        ("b/1@de-DE", "a", "d", "de-DE", "translated"),
    ]
    assert made.counts == {"items": 4, "locales": 2, "without a target": 1, "not to be translated": 1}
    assert rows(made, "cluster", "comment")[0] == ("app/1", "hours")


def test_xliff_2_gives_segments(units):
    made = units(
        '<xliff xmlns="urn:oasis:names:tc:xliff:document:2.0" version="2.0" srcLang="en" trgLang="fr-FR"><file id="f">'
        '<unit id="u"><notes><note>hours</note></notes><segment id="s" state="reviewed"><source>a</source>'
        "<target>b</target></segment><segment><source>c</source></segment></unit></file></xliff>"
    )
    assert rows(made)[0] == ("u::s@fr-FR", "a", "b", "fr-FR", "reviewed")
    assert rows(made, "source", "state", "comment")[1] == ("c", "untranslated", "hours")


def test_po_gives_a_row_per_plural_form_and_leaves_out_what_is_obsolete(units):
    text = '#. menu\nmsgctxt "m"\nmsgid "Open"\nmsgstr "Abrir"\n\n#, fuzzy\nmsgid "a"\nmsgstr "b"\n\n'
    text += (
        'msgid "%d file"\nmsgid_plural "%d files"\nmsgstr[0] "%d arquivo"\nmsgstr[1] ""\n\n#~ msgid "z"\n#~ msgstr "y"'
    )
    made = units(PO + text, "a.po", "po")
    assert rows(made) == [
        ("m/Open@pt-BR", "Open", "Abrir", "pt-BR", "translated"),
        ("a@pt-BR", "a", "b", "pt-BR", "fuzzy"),
        ("%d file[0]@pt-BR", "%d file", "%d arquivo", "pt-BR", "translated"),
        ("%d file[1]@pt-BR", "%d files", None, "pt-BR", "untranslated"),
    ]
    assert made.counts["obsolete"] == 1


texts = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=20).map(str.strip).filter(bool)


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=4, unique_by=lambda pair: pair[0]))
@settings(max_examples=15)
def test_what_the_toolkit_wrote_is_what_is_read(tmp_path_factory, pairs):
    from translate.storage import pypo, xliff

    for store, kind in ((pypo.pofile(), "po"), (xliff.Xliff1File(), "xliff")):
        if kind == "po":
            store.updateheader(add=True, language="fr")
        for source, target in pairs:
            store.addsourceunit(source).target = target
        path = tmp_path_factory.mktemp("units") / "file"
        path.write_bytes(bytes(store))
        assert rows(read_units([path], kind), "source", "target") == pairs


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("id,term,translation,language,status,definition\n7,cart,panier,fr_FR,approved,shop\n", {}),
        ("id;en;fr-FR;status;note\n7;cart;panier;approved;shop\n", {}),
        ("k,a,b\n7,cart,panier\n", {"columns": {"source": "a", "target": "b", "cluster": "k"}}),
    ],
)
def test_a_termbase_has_a_column_for_the_target_or_one_per_locale(units, text, options):
    (row,) = units(text, "terms.csv", "termbase", **options).table.rows(named=True)
    assert (row["source"], row["target"], row["cluster"]) == ("cart", "panier", "7")
    if not options:
        assert (row["locale"].replace("_", "-"), row["state"], row["comment"]) == ("fr-FR", "approved", "shop")


def test_a_termbase_that_does_not_say_its_columns_is_refused(units):
    with pytest.raises(HaloError, match="which columns are source and target"):
        units("a,b\n1,2\n", "terms.csv", "termbase")
    with pytest.raises(HaloError, match="no column 'c'"):
        units("a,b\n1,2\n", "terms.csv", "termbase", columns={"source": "c", "target": "b"})


ENTITIES = "".join(f'<!ENTITY e{n} "{10 * f"&e{n - 1};" if n else "ha"}">' for n in range(9))
HOSTILE = {
    "entities": XLIFF.replace("\n<xliff", f"<!DOCTYPE x [{ENTITIES}]>\n<xliff").format(UNIT.replace("x<", "&e8;<")),
    "another file's": XLIFF.replace("\n<xliff", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hosts">]>\n<xliff').format(
        UNIT.replace("x<", "&e;<")
    ),
    "deep": XLIFF.format("<group>" * 10_000 + "</group>" * 10_000),
    "cut short": XLIFF.format(UNIT)[:-30],
    "a cell of 11 MB": XLIFF.format(UNIT.replace("x<", "x" * 11_000_000 + "<")),
    "another format": "<?xml version='1.0'?><tmx version='1.4'/>",
    "another version": "<xliff version='9.9'/>",
    "too many units": XLIFF.format(UNIT * (bounds.MOST_UNITS + 1)),
    "too many elements": XLIFF.format("<g/>" * (bounds.MOST_OBJECTS // 10)),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_end_in_a_message(units, kind, monkeypatch):
    monkeypatch.setattr(bounds, "MOST_OBJECTS", bounds.MOST_OBJECTS // 10)
    with pytest.raises(HaloError):
        units(HOSTILE[kind])


@pytest.mark.parametrize("text", ['msgid "a"\nmsgstr "b', 'msgid "a"\nmsgstr "b"\nmsgstr[', "msgstr"])
def test_a_damaged_po_file_is_refused(units, text):
    with pytest.raises(InvalidData, match="is no PO file"):
        units(text, "a.po", "po")


def test_the_command_reads_items_and_says_what_they_are_for(file, tmp_path, monkeypatch, capsys):
    path, out = file(XLIFF.format(UNIT), "a.xlf"), tmp_path / "items.csv"
    assert cli.main(["read", str(path), "--out", str(out)]) == cli.FINE
    assert "these are items and no judgments" in capsys.readouterr().out
    assert out.read_text("utf-8-sig").splitlines()[1].startswith('"app/1@fr-FR"')
    assert cli.main(["read", str(path), "--out", str(out), "--criteria", "tone"]) == cli.USAGE
    assert cli.main(["check", str(path)]) == cli.FINDINGS
    assert "items, not judgments: halo read" in capsys.readouterr().out
    monkeypatch.setitem(sys.modules, "translate.storage", None)
    with pytest.raises(HaloError, match=r"halo-methods\[localization\]"):
        read_units([path], "xliff")
    with pytest.raises(BadOption):
        read_units([path], "tmx")


def test_a_kind_is_told_from_the_content(file):
    assert kind_of(file(XLIFF.format(UNIT), "a.txt")) == "xliff"
    assert kind_of(file(XLIFF.format(UNIT).replace("UTF-8", "UTF-16").encode("utf-16"), "a.xlf")) == "xliff"
    assert kind_of(file(PO, "a.txt")) == "po"
    assert kind_of(file("item_id,rater_id,label\n", "a.csv")) is None
