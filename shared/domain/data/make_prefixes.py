"""Writes prefixes.csv and networks.csv: to whom leading digits of numbers were given, and the networks named there.

    pip install phonenumbers && python make_prefixes.py

Run it again when a new `phonenumbers` comes out, and read the difference: a network's name is the key under
which rate trees hold its price. A network that networks.csv has already keeps its MCCMNCs, so what was
corrected by hand there stays.
"""

import csv
import datetime
import importlib.metadata
import pathlib
import random
import re
import unicodedata

import phonenumbers
from phonenumbers.carrierdata import CARRIER_DATA

HERE = pathlib.Path(__file__).parent

# English names of networks that some ranges carry in another script only. Without them such a range
# would fall to the network of the range around it.
ENGLISH = {
    "МегаФон": "MegaFon",
    "數碼通": "SmarTone",
    "新移動通訊": "Sun Mobile",
    "香港移動通訊": "CSL Mobile",
}

# Networks that operators.csv knows under an older or another name, and those whose main MCCMNC is not the first.
MCCMNCS = {
    "AD Andorra Telecom": "21303", "AL One": "27601", "AM Team Telecom Armenia": "28301", "AM Ucom": "28310",
    "AT A1 TA": "23201", "AT T-Mobile AT": "23203", "AT Three": "23205 23210", "AZ Nar Mobile": "40004",
    "BG A1": "28401", "BG Yettel": "28405", "BM Cellular One": "35000", "BR TIM": "72402 72403 72404 72408",
    "DZ Ooredoo": "60303", "EE Telia Eesti AS": "24801", "EG Orange": "60201", "FR Orange France": "20801 20800",
    "GB O2": "23410 23402 23411", "GB Three": "23420", "GH Telecel": "62002", 
    "GT Tigo": "70402", "HK HKT": "45416 45419", "HN Celtel (Tigo)": "70802", "HR A1 Telekom": "21910",
    "HR Hrvatski Telekom": "21901", "HU Magyar Telekom": "21630", "HU One": "21670", "HU Yettel Hungary": "21601",
    "ID XL": "51011", "IE 3": "27205", "IR IR-MCI": "43211", "IR Irancell": "43235", "IT 3 Italia": "22299", "JE JT": "23450", "JE Sure": "23455",
    "JP NTT Docomo": "44010", "JP Rakuten Communications": "44053", "JP Softbank": "44020", "KE Telkom": "63907",
    "KG ALFA Telecom": "43705", "KG Nur Telecom": "43709", "KG Sky mobile": "43701", "KW Ooredoo": "41903",
    "KZ T2": "40177", "LB Touch": "41503", "LT Tele 2": "24603", "LT Telia": "24601", "LU POST": "27001",
    "MA Inwi": "60402", "MA Maroc Telecom": "60401", "MA Orange": "60400", "ME Telekom": "29702",
    "ME Telenor": "29701", "MG Yas": "64604", "ML Sotelma": "61001", "MO 3": "45503 45505", "MT epic": "27801",
    "MV Ooredoo": "47202", "NG 9mobile": "62190", "NP NCell": "42902", "NZ Spark": "53005 53000",
    "OM Omantel": "42202", "OM Ooredoo": "42203", "PE Entel": "71607", "PK Jazz": "41001 41007", "PT MEO": "26806",
    "PT NOS": "26803", "QA ooredoo": "42701", "RS A1": "22005", "RU Beeline": "25099 25028", "RU T2": "25020",
    "SE TeliaSonera": "24001", "SG SingTel": "52501 52502", "SI A1": "29340", "SI Telekom Slovenije": "29341",
    "SK T-Mobile (Slovak Telekom)": "23102 23104", "SK Telefonica O2": "23106", "SN Yas": "60802",
    "SZ Swazi MTN": "65310", "TN Ooredoo": "60503", "TR Turk Telekom": "28603 28604", "TW FarEasTone": "46601",
    "TW T Star": "46689", "TW Taiwan Mobile": "46697 46699", "TZ Yas": "64002", "UA Vodafone": "25501",
    "UA lifecell": "25506", "UG Airtel": "64101 64122", "UY Antel": "74801 74800", "UZ MobiUZ": "43407",
    "VE Digitel GSM": "73402 73401 73403", "ZA Telkom Mobile": "65502",
}

# Words that do not tell networks of one country apart.
COMMON = set(
    "gsm mobile mobil mobiles movil telecom telecommunications telekom communications communication wireless "
    "cellular cell ltd limited llc inc sa ag bv gmbh plc group pty telecomunicaciones telecomunicacoes networks "
    "network company co corporation corp the of and".split()
)


def network(names):
    """The English name; a few ranges have it only under another language."""
    found = names.get("en") or next((n for n in names.values() if n.isascii()), "")
    found = found or next(ENGLISH[n] for n in names.values() if n in ENGLISH)
    try:
        # A few names were stored as Latin-1 readings of their UTF-8.
        found = found.encode("latin-1").decode("utf-8")
    except UnicodeError:
        pass
    return " ".join(found.split())


def country(prefix, countries):
    """The country that all numbers in use with this prefix are in; none if there are several."""
    code = next(prefix[:length] for length in (1, 2, 3) if int(prefix[:length]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(code)]
    if len(regions) == 1:
        return regions[0] if regions[0] in countries else ""
    draw = random.Random(prefix)
    seen = set()
    for length in range(7, 16):
        for _ in range(40):
            if length < len(prefix):
                break
            digits = prefix + "".join(draw.choice("0123456789") for _ in range(length - len(prefix)))
            try:
                number = phonenumbers.parse("+" + digits)
            except phonenumbers.NumberParseException:
                continue
            seen.add(phonenumbers.region_code_for_number(number))
    seen -= {None}
    return seen.pop() if len(seen) == 1 and seen <= set(countries) else ""


def words(name):
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    found = re.findall(r"[a-z0-9]+", plain.replace("&", "").replace("'", ""))
    return found


def is_same(one, other, country):
    """Whether two names of one country mean one network: the same words, but for common ones and its own."""
    a, b = words(one), words(other)
    if "".join(a) == "".join(b):
        return True
    common = COMMON.union(words(country), ["china", "slovak", "israel", "lao"])
    a, b = [w for w in a if w not in common], [w for w in b if w not in common]
    if not a or not b:
        return False
    return "".join(a) == "".join(b) or a[0] == b[0] and len(a[0]) > 2 and (set(a) <= set(b) or set(b) <= set(a))


def read(name):
    path = HERE / name
    if not path.exists():
        return []
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def write(name, head, columns, rows):
    with open(HERE / name, "w", encoding="utf-8", newline="\n") as file:
        file.write(head)
        out = csv.writer(file, lineterminator="\n")
        out.writerow(columns)
        out.writerows(rows)


def main():
    version = importlib.metadata.version("phonenumbers")
    source = (
        f"# Source: carrier data of the Python package phonenumbers {version}\n"
        "# Licence: Apache License 2.0, Copyright (C) 2011-2026 The Libphonenumber Authors\n"
        f"# Date: {datetime.date.today()}\n"
    )
    countries = {row["key"]: row["name_en"] for row in read("countries.csv")}
    prefixes = sorted((prefix, country(prefix, countries), network(names)) for prefix, names in CARRIER_DATA.items())
    write(
        "prefixes.csv",
        "# Country and network by leading digits of an international number. Made by make_prefixes.py, do not edit.\n"
        + source
        + "# The network a range was given to: for a number that was ported since, only a first guess.\n",
        ["key", "country", "network"],
        prefixes,
    )
    operators = read("operators.csv")
    known = {row["key"]: row["mccmncs"] for row in read("networks.csv") if "mccmncs" in row}
    rows = []
    for code, name in sorted({(code, name) for _, code, name in prefixes if code}):
        own = [row for row in operators if row["country"] == code]
        exact = [row["key"] for row in own if row["name"] == name]
        same = [row["key"] for row in own if row["name"] != name and is_same(row["name"], name, countries[code])]
        key = f"{code} {name}"
        found = MCCMNCS.get(key, " ".join(exact + same))
        rows.append([key, code, name, known.get(key, found)])
    write(
        "networks.csv",
        "# Networks of numbering plans with their MCCMNCs, the main one first. Made by make_prefixes.py, which keeps the\n"
        "# MCCMNCs that are here: correct them here.\n"
        + source.replace("phonenumbers " + version, f"phonenumbers {version}; MCCMNCs matched by name with operators.csv")
        + "# Those without an MCCMNC found no operator of their name.\n",
        ["key", "country", "network", "mccmncs"],
        rows,
    )


main()
