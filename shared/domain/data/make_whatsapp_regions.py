"""Writes whatsapp_regions.csv: where Meta's price lists put a recipient's country.

    python make_whatsapp_regions.py > whatsapp_regions.csv

Markets with rates of their own are a country each; what no region lists is in `other`. When Meta moves a
country, change it here.
"""

import csv
import datetime
import io
import pathlib
import sys

MARKETS = (
    "AE AR BR CL CO DE EG ES FR GB ID IL IN IT MX MY NG NL PE PK RU SA TR ZA"
).split()

REGIONS = {
    ("north_america", "North America"): "CA US",
    ("rest_of_africa", "Rest of Africa"): (
        "AO BF BI BJ BW CD CG CI CM DZ ER ET GA GH GM GW KE LR LS LY MA MG ML MR MW MZ NA NE RW SD SL SN SO SS SZ TD "
        "TG TN TZ UG ZM"
    ),
    ("rest_of_asia_pacific", "Rest of Asia Pacific"): "AF AU BD CN HK JP KH LA LK MN NP NZ PG PH SG TH TJ TM TW UZ VN",
    ("rest_of_central_and_eastern_europe", "Rest of Central & Eastern Europe"): (
        "AL AM AZ BG BY CZ GE GR HR HU LT LV MD MK PL RO RS SI SK UA"
    ),
    ("rest_of_latin_america", "Rest of Latin America"): "BO CR DO EC GT HN HT JM NI PA PR PY SV UY VE",
    ("rest_of_middle_east", "Rest of Middle East"): "BH IQ JO KW LB OM QA YE",
    ("rest_of_western_europe", "Rest of Western Europe"): "AT BE CH DK FI IE NO PT SE",
}


def main():
    path = pathlib.Path(__file__).parent / "countries.csv"
    with open(path, encoding="utf-8") as file:
        names = {row["key"]: row for row in csv.DictReader(line for line in file if not line.startswith("#"))}
    rows = []
    for code in MARKETS:
        name = names[code]["variant_en"] if code == "TR" else names[code]["name_en"]
        rows.append([name.lower().replace(" ", "_"), name, code])
    rows += [[key, name, countries] for (key, name), countries in REGIONS.items()]
    listed = {code for row in rows for code in row[2].split()}
    rows.append(["other", "Other", " ".join(sorted(set(names) - listed))])
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="\n")
    out.write(
        "# Regions of WhatsApp's prices with their countries. Made by make_whatsapp_regions.py, do not edit.\n"
        "# Source: the markets and regions of Meta's pricing of the WhatsApp Business Platform, written down by hand\n"
        "# Licence: facts; none needed\n"
        f"# Date: {datetime.date.today()}\n"
    )
    write = csv.writer(out, lineterminator="\n")
    write.writerow(["key", "name", "countries"])
    write.writerows(sorted(rows))
    out.flush()


main()
