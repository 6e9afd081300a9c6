"""Writes countries.csv: countries with their codes and names.

    npm pack cldr-core@48.2.0 cldr-localenames-full@48.2.0
    for archive in cldr-*.tgz; do mkdir -p "${archive%.tgz}" && tar xzf "$archive" -C "${archive%.tgz}" --strip 1; done
    python make_countries.py cldr-core-48.2.0 cldr-localenames-full-48.2.0 > countries.csv

Names are those of the Unicode CLDR, as ISO's own lists of official names are not free; the codes are the
ones of ISO 3166-1. Run it again when a new CLDR comes out, and read the difference: alpha-2 codes are the
keys under which rate trees hold their prices.
"""

import csv
import datetime
import io
import json
import pathlib
import sys

# Codes of CLDR that are no countries: parts of others, groups, tests, and codes that were given up.
NO_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
# Numbering plans know these as places of their own (`domain::destination::CountryCode`).
PLACES = {"AC", "TA"}
# CLDR has codes of its own for those, which ISO has not.
NO_NUMERIC = {"AC", "TA", "XK"}


def main(core, names):
    def read(path):
        return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))

    codes = read(f"{core}/supplemental/codeMappings.json")["supplemental"]["codeMappings"]
    version = read(f"{core}/package.json")["version"]

    def territories(language):
        file = read(f"{names}/main/{language}/territories.json")
        return file["main"][language]["localeDisplayNames"]["territories"]

    english, french = territories("en"), territories("fr")
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="\n")
    out.write(
        "# Countries by ISO 3166-1 alpha-2 code. Made by make_countries.py, do not edit.\n"
        f"# Source: Unicode CLDR {version}, packages cldr-core and cldr-localenames-full\n"
        "# Licence: Unicode License v3, Copyright (C) 2004-2025 Unicode, Inc.\n"
        f"# Date: {datetime.date.today()}\n"
    )
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["key", "alpha3", "numeric", "name_en", "name_fr", "variant_en"])
    for key in sorted(english):
        is_country = len(key) == 2 and key in codes and (key not in NO_COUNTRIES or key in PLACES)
        if not is_country:
            continue
        numeric = "" if key in NO_NUMERIC else codes[key].get("_numeric", "")
        variant = english.get(f"{key}-alt-variant") or english.get(f"{key}-alt-short") or ""
        rows.writerow([key, codes[key].get("_alpha3", ""), numeric, english[key], french[key], variant])
    out.flush()


main(*sys.argv[1:])
