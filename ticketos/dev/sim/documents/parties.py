"""Invented companies: names from composed parts, addresses, valid tax and bank identifiers.

The same country and seed always give the same company. No name is meant to match a real firm.
"""

from __future__ import annotations

import functools
import random
import string
from dataclasses import dataclass

from stdnum import iban, luhn
from stdnum.de import vat as german_vat
from stdnum.fr import tva as french_vat
from stdnum.gb import vat as british_vat
from stdnum.in_ import gstin

from ticketos.dev.sim.documents.truth import Country


@dataclass(frozen=True, slots=True)
class Company:
    """A legal person on a document. ``region`` is the Indian state, empty elsewhere."""

    name: str
    trade: str
    street: str
    district: str
    postcode: str
    city: str
    region: str
    country: Country
    tax_id: str
    phone: str
    email: str
    bank: str
    account: str

    @property
    def address_lines(self) -> tuple[str, ...]:
        """The postal address as printed, line by line, without the name."""
        lines: tuple[str, ...]
        if self.country == "IN":
            lines = (self.street, self.district, f"{self.city} - {self.postcode}", self.region)
        elif self.country == "GB":
            lines = (self.street, self.city, self.postcode)
        else:
            lines = (self.street, f"{self.postcode} {self.city}")
        return tuple(line for line in lines if line)

    @property
    def address(self) -> str:
        """The postal address on one line."""
        return ", ".join(self.address_lines)


_PLAIN_LETTERS = {ord("ü"): "ue", ord("ö"): "oe", ord("ä"): "ae", ord("è"): "e"}
TRADES = ("office", "electrical", "food", "packaging", "it", "tools")

_FIRST = {
    "IN": (
        "Anv",
        "Kesh",
        "Tarun",
        "Vindhy",
        "Suvarn",
        "Megh",
        "Nirav",
        "Prathm",
        "Rudr",
        "Dhanv",
        "Shubh",
        "Yamun",
    ),
    "DE": (
        "Brenn",
        "Hohl",
        "Walden",
        "Ried",
        "Lind",
        "Eschen",
        "Kron",
        "Falken",
        "Mohr",
        "Tann",
        "Wiesen",
        "Birk",
    ),
    "FR": ("Beau", "Mont", "Clair", "Val", "Bris", "Chante", "Roch", "Font", "Grand", "Haute", "Lav", "Mar"),
    "GB": ("Ash", "Brack", "Cold", "Elms", "Fern", "Hather", "Kings", "Lang", "Marl", "Oak", "Thorn", "Whit"),
}
_SECOND = {
    "IN": ("ika", "alok", "amitra", "apura", "adeep", "anand", "avati", "esh", "agiri", "alaya"),
    "DE": ("hofer", "bacher", "mann", "felder", "kamp", "brück", "hagen", "müller", "städter", "löher"),
    "FR": ("lieu", "mont", "court", "ville", "champ", "roux", "vigne", "fleur", "bois", "rière"),
    "GB": ("ford", "well", "combe", "ley", "worth", "bridge", "mere", "stead", "hurst", "by"),
}
_BUSINESS = {
    "IN": {
        "office": ("Stationers", "Office Solutions"),
        "electrical": ("Electricals", "Power Systems"),
        "food": ("Agro Foods", "Provisions"),
        "packaging": ("Packaging", "Polymers"),
        "it": ("Infotech", "Technologies"),
        "tools": ("Hardware", "Engineering Works"),
    },
    "DE": {
        "office": ("Bürobedarf", "Büroausstattung"),
        "electrical": ("Elektrotechnik", "Elektrogroßhandel"),
        "food": ("Feinkost", "Lebensmittelhandel"),
        "packaging": ("Verpackungen", "Kartonagen"),
        "it": ("Systemhaus", "Datentechnik"),
        "tools": ("Werkzeughandel", "Befestigungstechnik"),
    },
    "FR": {
        "office": ("Bureautique", "Papeterie"),
        "electrical": ("Électricité", "Énergie"),
        "food": ("Alimentation", "Saveurs"),
        "packaging": ("Emballages", "Cartonnages"),
        "it": ("Informatique", "Numérique"),
        "tools": ("Outillage", "Quincaillerie"),
    },
    "GB": {
        "office": ("Stationery", "Office Supplies"),
        "electrical": ("Electrical", "Lighting"),
        "food": ("Foods", "Provisions"),
        "packaging": ("Packaging", "Cartons"),
        "it": ("Systems", "Digital"),
        "tools": ("Tools", "Fixings"),
    },
}
_LEGAL = {
    "IN": ("Pvt Ltd", "Private Limited", "LLP", "& Sons", "Enterprises", "Limited"),
    "DE": ("GmbH", "GmbH & Co. KG", "AG", "KG", "e.K.", "OHG"),
    "FR": ("SARL", "SAS", "SA", "EURL"),
    "GB": ("Ltd", "Limited", "LLP", "& Co. Ltd"),
}
# (state code of the tax number, state, city, first three digits of the postcode)
_INDIAN_PLACES = (
    ("27", "Maharashtra", "Mumbai", "400"),
    ("27", "Maharashtra", "Pune", "411"),
    ("29", "Karnataka", "Bengaluru", "560"),
    ("33", "Tamil Nadu", "Chennai", "600"),
    ("07", "Delhi", "New Delhi", "110"),
    ("24", "Gujarat", "Ahmedabad", "380"),
    ("36", "Telangana", "Hyderabad", "500"),
    ("19", "West Bengal", "Kolkata", "700"),
)
_PLACES = {
    "DE": (
        ("Hamburg", "20"),
        ("Berlin", "10"),
        ("München", "80"),
        ("Köln", "50"),
        ("Stuttgart", "70"),
        ("Dresden", "01"),
    ),
    "FR": (
        ("Lyon", "69"),
        ("Nantes", "44"),
        ("Toulouse", "31"),
        ("Lille", "59"),
        ("Bordeaux", "33"),
        ("Paris", "75"),
    ),
    "GB": (
        ("Leeds", "LS"),
        ("Bristol", "BS"),
        ("Manchester", "M"),
        ("Norwich", "NR"),
        ("Sheffield", "S"),
        ("London", "SE"),
    ),
}
_STREETS = {
    "IN": (
        "Lakshmi Nagar Road",
        "Station Road",
        "Gandhi Marg",
        "Industrial Estate Road",
        "Market Lane",
        "Temple Street",
    ),
    "DE": ("Lindenstraße", "Am Alten Hafen", "Gewerbering", "Bahnhofstraße", "Mühlenweg", "Schillerplatz"),
    "FR": ("rue des Tilleuls", "avenue du Port", "rue de la Gare", "chemin des Vignes", "place du Marché"),
    "GB": ("Mill Lane", "Station Road", "Victoria Street", "Foundry Close", "Canal Walk"),
}
_DISTRICTS = ("Phase II", "Sector 18", "MIDC", "Old Town", "Block C", "Ring Road", "Near Clock Tower")
_BANKS = {
    "IN": ("Narmada Bank", "Union Trust Bank of India", "Deccan Commercial Bank"),
    "DE": ("Elbe Bank", "Volkskasse Nord", "Handelsbank Süd"),
    "FR": ("Banque du Rhône", "Crédit Maritime"),
    "GB": ("Northway Bank", "Albion Trade Bank"),
}


@functools.lru_cache(maxsize=4096)
def company(country: Country, seed: int, role: str = "supplier") -> Company:
    """The company of this country, seed and role (``supplier`` or ``buyer``)."""
    rng = random.Random(f"{role}/{country}/{seed}")
    trade = rng.choice(TRADES)
    stem = rng.choice(_FIRST[country]) + rng.choice(_SECOND[country])
    name = f"{stem} {rng.choice(_BUSINESS[country][trade])} {rng.choice(_LEGAL[country])}"
    street, district, postcode, city, region, state = _place(rng, country)
    host = stem.lower().translate(_PLAIN_LETTERS)
    return Company(
        name=name,
        trade=trade,
        street=street,
        district=district,
        postcode=postcode,
        city=city,
        region=region,
        country=country,
        tax_id=_tax_id(rng, country, state, stem),
        phone=_phone(rng, country),
        email=f"{rng.choice(('accounts', 'info', 'sales'))}@{host}.example",
        bank=rng.choice(_BANKS[country]),
        account=_account(rng, country),
    )


def _place(rng: random.Random, country: Country) -> tuple[str, str, str, str, str, str]:
    house = rng.randint(1, 189)
    road = rng.choice(_STREETS[country])
    if country == "IN":
        state, region, city, prefix = rng.choice(_INDIAN_PLACES)
        street = f"{rng.choice(('Plot No.', 'Shop', 'Unit', 'No.'))} {house}, {road}"
        return street, rng.choice(_DISTRICTS), prefix + _digits(rng, 3), city, region, state
    city, prefix = rng.choice(_PLACES[country])
    if country == "GB":
        inward = "".join(rng.choices("ABDEFGHJLNPQRSTUWXYZ", k=2))
        postcode = f"{prefix}{rng.randint(1, 9)} {rng.randint(1, 9)}{inward}"
    else:
        postcode = prefix + _digits(rng, 3)
    return (f"{road} {house}" if country == "DE" else f"{house} {road}"), "", postcode, city, "", ""


def _tax_id(rng: random.Random, country: Country, state: str, stem: str) -> str:
    """A tax number with valid check digits, verified by the validator of its country."""
    if country == "IN":
        pan = (
            "".join(rng.choices(string.ascii_uppercase, k=3))
            + "C"
            + stem[0]
            + _serial(rng)
            + rng.choice("ABCDEFGHJK")
        )
        body = f"{state}{pan}1Z"
        return gstin.validate(body + luhn.calc_check_digit(body, string.digits + string.ascii_uppercase))
    while True:  # a check digit not found by formula is searched: at most a few hundred cheap attempts
        body = str(rng.randint(1, 9)) + _digits(rng, 7)
        if country == "FR":
            siren = body + luhn.calc_check_digit(body)
            candidate = f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"
            if french_vat.is_valid(candidate):
                return candidate
        for last in string.digits:
            candidate = body + last
            if country == "DE" and german_vat.is_valid(candidate):
                return "DE" + candidate
            if country == "GB" and british_vat.is_valid(candidate):
                return "GB" + candidate


def _account(rng: random.Random, country: Country) -> str:
    if country == "IN":
        return _digits(rng, 12)
    body = {
        "DE": lambda: _digits(rng, 18),
        "GB": lambda: "NWAY" + _digits(rng, 14),
        "FR": lambda: _french_account(_digits(rng, 21)),
    }[country]()
    return iban.format(country + iban.calc_check_digits(f"{country}00{body}") + body)


def _french_account(body: str) -> str:
    """Bank, branch and account with the national key, which the IBAN check covers as well."""
    bank, branch, account = int(body[:5]), int(body[5:10]), int(body[10:])
    return f"{body}{97 - (89 * bank + 15 * branch + 3 * account) % 97:02d}"


def _phone(rng: random.Random, country: Country) -> str:
    prefix = {"IN": "+91 98", "DE": "+49 40 ", "FR": "+33 1 ", "GB": "+44 20 "}[country]
    return f"{prefix}{_digits(rng, 3)} {_digits(rng, 5)}"


def _serial(rng: random.Random) -> str:
    """Four digits of a serial that is never 0000, which the validators refuse."""
    return f"{rng.randint(1, 9999):04d}"


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices(string.digits, k=count))
