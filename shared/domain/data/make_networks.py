"""Writes networks.csv: which network a numbering-plan prefix was first given to.

    pip install phonenumbers && python make_networks.py > networks.csv

Run it again when a new `phonenumbers` comes out, and read the difference: a network's name is the
key under which rate trees hold its price.
"""

import csv
import datetime
import importlib.metadata
import io
import sys

from phonenumbers.carrierdata import CARRIER_DATA


# English names of networks that some ranges carry in another script only. Without them such a range
# would fall to the network of the range around it.
ENGLISH = {
    "МегаФон": "MegaFon",
    "數碼通": "SmarTone",
    "新移動通訊": "Sun Mobile",
    "香港移動通訊": "CSL Mobile",
}


def name(names):
    """The English name; a few ranges have it only under another language."""
    found = names.get("en") or next((n for n in names.values() if n.isascii()), "")
    found = found or next(ENGLISH[n] for n in names.values() if n in ENGLISH)
    try:
        # A few names were stored as Latin-1 readings of their UTF-8.
        found = found.encode("latin-1").decode("utf-8")
    except UnicodeError:
        pass
    return " ".join(found.split())


def main():
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="\n")
    version = importlib.metadata.version("phonenumbers")
    out.write(
        "# Network by leading digits of an international number. Made by make_networks.py, do not edit.\n"
        f"# Source: carrier data of the Python package phonenumbers {version}, drawn {datetime.date.today()}.\n"
        "# Copyright (C) 2011-2026 The Libphonenumber Authors, Apache License 2.0.\n"
        "# The network a range was given to: for a number that was ported since, only a first guess.\n"
    )
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["prefix", "network"])
    rows.writerows(sorted((prefix, name(names)) for prefix, names in CARRIER_DATA.items()))
    out.flush()


main()
