"""Writes operators.csv: mobile operators by their MCCMNC.

    apt-get download mobile-broadband-provider-info && dpkg -x mobile-broadband-provider-info_*.deb info
    python make_operators.py info/usr/share/mobile-broadband-provider-info/serviceproviders.xml > operators.csv

Codes that disagree with mccs.csv are left out and told on stderr. The source does not say whether a network
still runs, so the status of all is empty.
"""

import csv
import datetime
import io
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

# Several providers name one code, most of them resellers of its operator. Where the source marks none as
# the operator, and it is not the first one, it is named here.
OPERATORS = {
    "20408": "KPN", "20412": "Telfort", "20610": "Orange", "20801": "Orange", "20810": "SFR", "21403": "Orange",
    "21406": "Vodafone", "21902": "Tele2", "21910": "VIPNET", "23207": "tele.ring", "23420": "3",
    "23450": "JT", "24001": "Telia", "24005": "Tele2", "24202": "NetCom", "25501": "MTS", "26201": "T-Mobile",
    "26202": "Vodafone", "26203": "E-Plus", "26205": "E-Plus", "26277": "E-Plus", "26803": "Optimus",
    "27099": "Orange", "27203": "Meteor", "302880": "Bell Mobility", "40428": "Aircel", "40437": "Aircel",
    "40441": "Aircel", "40442": "Aircel", "44020": "SoftBank", "45404": "3", "45416": "PCCW", "50501": "Telstra",
    "50502": "Optus", "50503": "Vodafone", "72416": "Oi", "44051": "KDDI", "23403": "Airtel-Vodafone",
}
# The source gives Uganda one code of Russia.
WRONG = {("250", "UG")}


def main(path):
    here = pathlib.Path(__file__).parent
    with open(here / "mccs.csv", encoding="utf-8") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        countries_of = {row["key"]: row["countries"].split() for row in rows}
    found = {}
    for country in ElementTree.parse(path).getroot().iter("country"):
        for provider in country.iter("provider"):
            for network in provider.iter("network-id"):
                mcc, mnc = network.get("mcc"), network.get("mnc")
                code = country.get("code").upper()
                if (mcc, code) in WRONG:
                    continue
                if code not in countries_of.get(mcc, []):
                    print(f"{mcc}{mnc}: {code} is not in mccs.csv", file=sys.stderr)
                    continue
                name = " ".join(provider.find("name").text.split())
                new = (mcc, mnc, code, name, provider.get("primary") == "true")
                known = found.setdefault(mcc + mnc, new)
                if new[4] and not known[4]:
                    found[mcc + mnc] = new
    for key, name in OPERATORS.items():
        if key in found:
            mcc, mnc, code, _, _ = found[key]
            found[key] = (mcc, mnc, code, name, True)
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="\n")
    out.write(
        "# Mobile operators by MCCMNC. Made by make_operators.py, do not edit.\n"
        "# Source: Debian package mobile-broadband-provider-info, version 20230416\n"
        "# Licence: public domain\n"
        f"# Date: {datetime.date.today()}\n"
        "# It is far from complete: a platform imports its own list over it.\n"
    )
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["key", "mcc", "mnc", "country", "name", "status"])
    for key, (mcc, mnc, code, name, _) in sorted(found.items()):
        rows.writerow([key, mcc, mnc, code, name, ""])
    out.flush()


main(*sys.argv[1:])
