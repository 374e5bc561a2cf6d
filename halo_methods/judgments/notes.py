"""What is allowed but looks odd, in sentences."""

import re

import polars as pl

from .cells import quoted

_LOCALE = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"
_LIKE_MISSING = ("nan", "na", "n/a", "null", "none", "<na>", "#n/a", "#ref!", "#value!", "#div/0!", "#name?")


def lookalikes(texts: pl.Series, column: str) -> list[str]:
    """Values that differ only by case, space or Unicode form: perhaps one thing written twice.

    Examples
    --------
    >>> lookalikes(pl.Series(["Ann", "ann", "bob"]), "rater_id")
    ["rater_id: 'Ann' and 'ann' differ only by case, space or Unicode form; they are kept apart"]
    """
    unique = pl.DataFrame({"text": texts.drop_nulls().unique()})
    plain = pl.col("text").str.normalize("NFKC").str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()
    groups = unique.group_by(plain.alias("plain")).agg(pl.col("text").sort()).filter(pl.col("text").list.len() > 1)
    if not len(groups):
        return []
    first = " and ".join(quoted(t) for t in sorted(groups["text"].to_list())[0][:2])
    more = f", and {len(groups) - 1:,} more such groups" if len(groups) > 1 else ""
    return [f"{column}: {first} differ only by case, space or Unicode form{more}; they are kept apart"]


def like_missing(labels: pl.Series) -> list[str]:
    """Labels that look like an absent value.

    Examples
    --------
    >>> like_missing(pl.Series(["good", "NaN"]))
    ["the label 'NaN' looks like a missing value; if it is one, list it as missing"]
    """
    odd = labels.filter(labels.str.to_lowercase().is_in(_LIKE_MISSING)).unique().sort()
    return [f"the label {quoted(text)} looks like a missing value; if it is one, list it as missing" for text in odd]


def odd_locales(locales: pl.Series) -> list[str]:
    """Locales, at most five, that do not look like BCP 47 tags; a language pair such as en-de does.

    Examples
    --------
    >>> odd_locales(pl.Series(["fr_FR", "en-de"]))
    ["the locale 'fr_FR' does not look like a BCP 47 tag; write 'fr-FR'"]
    """
    tags = locales.drop_nulls().unique()
    notes = []
    for tag in tags.filter(~tags.str.contains(_LOCALE)).sort().head(5):
        said = tag.replace("_", "-")
        hint = f"; write {quoted(said)}" if re.match(_LOCALE, said) else ""
        notes.append(f"the locale {quoted(tag)} does not look like a BCP 47 tag{hint}")
    return notes
