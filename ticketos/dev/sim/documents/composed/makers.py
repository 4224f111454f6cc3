"""Invented businesses of every market: names from parts, addresses, registration and tax numbers.

No name is meant to match a real firm. Tax numbers carry right check digits where their scheme has them.
"""

# ruff: noqa: E501  (a list of words stays on one line)

from __future__ import annotations

import random
import re
import string
from dataclasses import dataclass

from stdnum import luhn
from stdnum.at import uid as austrian_vat
from stdnum.de import vat as german_vat
from stdnum.es import cif as spanish_cif
from stdnum.fr import tva as french_vat
from stdnum.gb import vat as british_vat
from stdnum.in_ import gstin
from stdnum.it import iva as italian_vat

from ticketos.dev.sim.documents.composed.markets import Market, Tongue

# fmt: off
_SYLLABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "IN": (("Anv", "Kesh", "Tar", "Vindhy", "Suv", "Megh", "Nir", "Pratham", "Rudr", "Dhan", "Shubh", "Yam", "Har", "Lax", "Ganesh", "Om", "Bal", "Chand", "Jay", "Mah"), ("ika", "alok", "amitra", "apura", "adeep", "anand", "avati", "esh", "agiri", "alaya", "endra", "a", "it", "ini")),
    "MY": (("Seng", "Hock", "Wan", "Kim", "Tek", "Soon", "Chin", "Lian", "Teck", "Guan", "Maju", "Bina", "Cemer", "Har", "Setia", "Perm", "Ked", "Sin", "Yong", "Ban", "Eng", "Ah"), (" Heng", " Huat", " Lee", " Fatt", " Onn", "lang", "apan", "jaya", "mas", "indo", " Tat", " Joo", " Hin", " Meng", "tama", " Poh")),
    "SG": (("Tan", "Lim", "Hup", "Kian", "Chye", "Poh", "Eastern", "Merlion", "Straits", "Joo", "Swee"), (" Huat", " Seng", " Chiat", "line", " Bay", " Lian", " Kee", "tech", " Aik")),
    "US": (("North", "Blue", "Cedar", "Lake", "Red", "Pine", "Iron", "Sun", "River", "Granite", "Prairie", "Silver"), ("wood", "ridge", "stone", "field", "creek", " Valley", " Peak", "brook", " Harbor", "line")),
    "GB": (("Ash", "Brack", "Cold", "Elms", "Fern", "Hather", "Kings", "Lang", "Marl", "Oak", "Thorn", "Whit"), ("ford", "well", "combe", "ley", "worth", "bridge", "mere", "stead", "hurst", "by")),
    "DE": (("Brenn", "Hohl", "Walden", "Ried", "Lind", "Eschen", "Kron", "Falken", "Mohr", "Tann", "Wiesen", "Birk", "Stein", "Hart"), ("hofer", "bacher", "mann", "felder", "kamp", "brück", "hagen", "müller", "städter", "löher", "er", "wald")),
    "FR": (("Beau", "Mont", "Clair", "Val", "Bris", "Chante", "Roch", "Font", "Grand", "Haute", "Lav", "Mar"), ("lieu", "mont", "court", "ville", "champ", "roux", "vigne", "fleur", "bois", "rière", "in", "ard")),
    "ES": (("Arroy", "Castell", "Font", "Riv", "Mont", "Torr", "Val", "Serr", "Herr", "Alam"), ("ano", "era", "illo", "ales", "blanco", "osa", "ero", "ante", "ares")),
    "IT": (("Bell", "Mont", "Ross", "Ferr", "Font", "Gall", "Mor", "Pell", "Sant", "Vill"), ("ini", "etti", "ana", "ari", "oni", "ese", "ucci", "ato", "egrini")),
}
_SYLLABLES["AT"] = _SYLLABLES["DE"]
# What a business of a trade calls itself: trade → tongue → words. The trade's goods are in goods.py.
TRADE_NAMES: dict[str, dict[Tongue, tuple[str, ...]]] = {
    "office": {"en": ("Stationers", "Office Supplies", "Stationery", "Books & Stationery", "Paper Mart", "Office Solutions", "Book Store"), "de": ("Bürobedarf", "Bürowelt", "Schreibwaren"), "fr": ("Bureautique", "Papeterie", "Fournitures"), "es": ("Papelería", "Material de Oficina"), "it": ("Cartoleria", "Forniture Ufficio")},
    "hardware": {"en": ("Hardware", "Tools", "Hardware & Electrical", "Building Materials", "Ironmongers", "Hardware Trading", "D.I.Y. Centre"), "de": ("Werkzeughandel", "Baumarkt", "Eisenwaren"), "fr": ("Outillage", "Quincaillerie", "Bricolage"), "es": ("Ferretería", "Suministros"), "it": ("Ferramenta", "Utensileria")},
    "food": {"en": ("Restaurant", "Cafe", "Kitchen", "Bakery", "Food Court", "Bistro", "Seafood Restaurant", "Noodle House", "Coffee", "Catering", "Food & Beverage", "Curry House", "Grill"), "de": ("Gasthaus", "Restaurant", "Bäckerei", "Café"), "fr": ("Restaurant", "Brasserie", "Boulangerie", "Café"), "es": ("Restaurante", "Bar", "Cafetería", "Panadería"), "it": ("Ristorante", "Trattoria", "Pizzeria", "Bar")},
    "grocery": {"en": ("Supermarket", "Mini Market", "Mart", "Provision Store", "Grocers", "Hypermarket", "Fresh Market", "Superstore", "Foods", "Convenience Store"), "de": ("Markt", "Feinkost", "Lebensmittel"), "fr": ("Alimentation", "Épicerie", "Supermarché"), "es": ("Supermercado", "Alimentación"), "it": ("Supermercato", "Alimentari")},
    "petrol": {"en": ("Service Station", "Petroleum", "Filling Station", "Petrol Mart", "Fuels", "Auto Fuel"), "de": ("Tankstelle", "Mineralöl"), "fr": ("Station Service", "Carburants"), "es": ("Estación de Servicio", "Carburantes"), "it": ("Stazione di Servizio", "Petroli")},
    "pharmacy": {"en": ("Pharmacy", "Chemist", "Medical Hall", "Health Care", "Farmasi", "Medicals"), "de": ("Apotheke",), "fr": ("Pharmacie",), "es": ("Farmacia",), "it": ("Farmacia",)},
    "clothing": {"en": ("Fashion", "Boutique", "Textiles", "Garments", "Apparel", "Department Store", "Shoes"), "de": ("Moden", "Textilhaus"), "fr": ("Mode", "Vêtements"), "es": ("Moda", "Textil"), "it": ("Moda", "Abbigliamento")},
    "electrical": {"en": ("Electricals", "Power Systems", "Electrical", "Lighting", "Electronics"), "de": ("Elektrotechnik", "Elektrogroßhandel"), "fr": ("Électricité", "Énergie"), "es": ("Electricidad", "Iluminación"), "it": ("Elettroforniture", "Impianti")},
    "packaging": {"en": ("Packaging", "Polymers", "Cartons", "Industries"), "de": ("Verpackungen", "Kartonagen"), "fr": ("Emballages", "Cartonnages"), "es": ("Envases", "Embalajes"), "it": ("Imballaggi", "Cartotecnica")},
    "services": {"en": ("Consulting", "Technologies", "Infotech", "Solutions", "Services", "Digital", "Logistics", "Engineering"), "de": ("Systemhaus", "Datentechnik", "Beratung", "Logistik"), "fr": ("Informatique", "Conseil", "Services"), "es": ("Consultoría", "Servicios", "Sistemas"), "it": ("Servizi", "Consulenze", "Informatica")},
    "parts": {"en": ("Auto Parts", "Motor", "Tyre & Battery", "Workshop", "Machinery"), "de": ("Autoteile", "Maschinenbau"), "fr": ("Pièces Auto", "Mécanique"), "es": ("Recambios", "Talleres"), "it": ("Ricambi", "Officina")},
}
_FANCY = ("Star", "Golden", "Royal", "Happy", "Lucky", "Prime", "Super", "City", "Green", "Sunrise", "Diamond", "New", "Global", "Top", "Fresh", "Family", "Orchid", "Unique", "Mega", "Classic", "Pearl", "Evergreen", "Harmony", "Rainbow", "Crystal", "Metro", "Pacific")
_CAPITALS = "ABCDEFGHJKLMNPRSTUVWXYZ"
# fmt: on
RECEIPT_TRADES = (
    "food",
    "food",
    "food",
    "grocery",
    "grocery",
    "hardware",
    "office",
    "petrol",
    "pharmacy",
    "clothing",
    "electrical",
    "parts",
)
SHEET_TRADES = ("office", "hardware", "electrical", "packaging", "services", "grocery", "parts", "services")


@dataclass(frozen=True, slots=True)
class Maker:
    """A business. `address` is its lines as printed; `brand` a shop name over the company's, or empty."""

    name: str
    brand: str
    branch: str
    trade: str
    registration: str
    address: tuple[str, ...]
    region: str
    tax_id: str
    phones: tuple[str, str]
    mail: str
    web: str
    bank: str
    account: str
    bic: str


def maker(market: Market, tongue: Tongue, seed: object, trades: tuple[str, ...]) -> Maker:
    """The business of a market and seed; its name suits the tongue."""
    rng = random.Random(f"maker/{market.code}/{seed}")
    trade = rng.choice(trades)
    stem = _stem(rng, market)
    legal = rng.choice(market.legal)
    name = _name(rng, stem, rng.choice(TRADE_NAMES[trade][tongue]), legal)
    town, code, region = rng.choice(market.towns)
    host = re.sub(r"[^a-z0-9]", "", stem.casefold()) or "shop"
    brand = (
        rng.choice((stem, f"{rng.choice(_FANCY)} {rng.choice(TRADE_NAMES[trade][tongue])}"))
        if rng.random() < 0.18
        else ""
    )
    state = _INDIAN_STATES.get(region, "27")
    return Maker(
        name=name,
        brand=brand,
        branch=rng.choice((town, rng.choice(market.quarters))) if rng.random() < 0.2 else "",
        trade=trade,
        registration=filled(rng, rng.choice(market.registration)),
        address=_address(rng, market, town, code, region),
        region=region,
        tax_id=_tax_id(rng, market.code, state, stem),
        phones=(filled(rng, (shape := rng.choice(market.phone))), filled(rng, shape)),
        mail=f"{rng.choice(('accounts', 'info', 'sales', 'office', 'hello', 'contact'))}@{host}.example",
        web=f"www.{host}.example",
        bank=rng.choice(_BANKS).format(stem=_stem(rng, market)),
        account=_account(rng, market.code),
        bic="".join(rng.choices(_CAPITALS, k=4)) + market.code + filled(rng, "9A"),
    )


_BANKS = (
    "{stem} Bank",
    "Bank of {stem}",
    "{stem} Commercial Bank",
    "Volksbank {stem}",
    "Banque {stem}",
    "Union {stem} Bank",
)
_INDIAN_STATES = {
    "Maharashtra": "27",
    "Karnataka": "29",
    "Tamil Nadu": "33",
    "Delhi": "07",
    "Gujarat": "24",
    "Telangana": "36",
    "West Bengal": "19",
    "Rajasthan": "08",
    "Madhya Pradesh": "23",
    "Kerala": "32",
    "Uttar Pradesh": "09",
    "Punjab": "03",
}


def filled(rng: random.Random, shape: str) -> str:
    """The shape with a digit for each 9 and a capital for each lone A next to one."""
    text = re.sub("9", lambda _: rng.choice(string.digits), shape)
    return re.sub(r"(?<=[\d\-])A(?=[\dA)]|$)|A(?=A|$)", lambda _: rng.choice(_CAPITALS), text)


def _stem(rng: random.Random, market: Market) -> str:
    first, second = _SYLLABLES[market.code]
    draw = rng.random()
    if draw < 0.6:
        return rng.choice(first) + rng.choice(second)
    if draw < 0.75:
        return f"{rng.choice(_FANCY)} {rng.choice(first)}{rng.choice(second)}"
    if draw < 0.85:
        return (
            "".join(rng.choices(_CAPITALS, k=rng.choice((2, 3))))
            + rng.choice(("", " ", "-"))
            + rng.choice(("", "One", "Tech", "99", "Mart", "Max"))
        )
    if draw < 0.93:
        return f"{rng.choice(first)}{rng.choice(second)} {rng.choice(('&', 'and', 'et', '+'))} {rng.choice(first)}{rng.choice(second)}"
    return " ".join(rng.sample(_FANCY, 2))


def _name(rng: random.Random, stem: str, business: str, legal: str) -> str:
    draw = rng.random()
    if draw < 0.62:
        name = f"{stem} {business} {legal}"
    elif draw < 0.74:
        name = f"{business} {stem} {legal}"
    elif draw < 0.88 and legal:
        name = f"{stem} {legal}"
    else:
        name = f"{stem} {business}" + (f" ({legal})" if legal and rng.random() < 0.2 else f" {legal}")
    return " ".join(name.split())


def _address(rng: random.Random, market: Market, town: str, code: str, region: str) -> tuple[str, ...]:
    number = str(rng.choice((rng.randint(1, 99), rng.randint(1, 499), rng.randint(1, 30))))
    parts = {
        "number": number + (rng.choice("ABab") if rng.random() < 0.08 else ""),
        "plot": f"{rng.choice(('Plot No.', 'Shop No.', 'Unit', 'No.', 'Flat', 'S-', 'H.No.', '#'))} {number}",
        "plot2": str(rng.randint(1, 90)),
        "lot": f"{rng.choice(('No.', 'No', 'Lot', 'NO', 'No.', 'Lot No.', 'PT', 'Blok', ''))} {number}{rng.choice(('', '', '-G', 'A', ' & ' + str(int(number) + 1), '-1'))}".strip(),
        "floor": rng.choice(("Ground Floor", "Lot G-12", "Level 2", "1st Floor", "LG-09")),
        "street": filled(rng, rng.choice(market.streets)),
        "quarter": filled(rng, rng.choice(market.quarters)),
        "town": town,
        "TOWN": town.upper(),
        "code": filled(rng, code).replace(" ", "" if market.code == "MY" else " "),
        "region": region,
        "country": rng.choice(market.country),
    }
    lines = [line.strip() for line in rng.choice(market.address).format(**parts).split("|")]
    cleaned = (re.sub(r"\(\)|\s+(?=,)|[,\s]+(?=\.$)", "", line).strip(" -") for line in lines)
    return tuple(line for line in (re.sub(r",\s*,", ",", line) for line in cleaned) if line.strip(" ,."))


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices(string.digits, k=count))


def _tax_id(rng: random.Random, country: str, state: str, stem: str) -> str:
    if country == "IN":
        letter = next((char for char in stem.upper() if char in string.ascii_uppercase), "A")
        pan = (
            "".join(rng.choices(string.ascii_uppercase, k=3))
            + "C"
            + letter
            + f"{rng.randint(1, 9999):04d}"
            + rng.choice("ABCDEFGHJK")
        )
        body = f"{state}{pan}1Z"
        return str(gstin.validate(body + luhn.calc_check_digit(body, string.digits + string.ascii_uppercase)))
    if country == "MY":
        return f"00{_digits(rng, 10)}"
    if country == "SG":
        return rng.choice(
            (
                f"M{rng.randint(2, 9)}-{_digits(rng, 7)}-{rng.choice(_CAPITALS)}",
                f"20{_digits(rng, 7)}{rng.choice(_CAPITALS)}",
            )
        )
    if country == "US":
        return f"{rng.randint(10, 98)}-{_digits(rng, 7)}"
    spaced = rng.random() < 0.2
    while True:
        body = str(rng.randint(1, 9)) + _digits(rng, 7)
        if country == "FR":
            siren = body + luhn.calc_check_digit(body)
            found = f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"
            if french_vat.is_valid(found):
                return f"{found[:2]} {found[2:4]} {found[4:]}" if spaced else found
        elif country == "ES":
            found = f"{rng.choice('AB')}{body[:7]}"
            found += spanish_cif.calc_check_digits(found)[0]
            if spanish_cif.is_valid(found):
                return found if rng.random() < 0.6 else "ES" + found
        elif country == "IT":
            stem_digits = f"{body[:7]}{rng.randint(1, 95):03d}"
            found = (
                stem_digits + italian_vat.calc_check_digit(stem_digits)
                if hasattr(italian_vat, "calc_check_digit")
                else stem_digits + luhn.calc_check_digit(stem_digits)
            )
            if italian_vat.is_valid(found):
                return found if rng.random() < 0.5 else "IT" + found
        else:
            valid, prefix = {
                "DE": (german_vat.is_valid, "DE"),
                "AT": (austrian_vat.is_valid, "ATU"),
                "GB": (british_vat.is_valid, "GB"),
            }[country]
            base = body[:7] if country == "AT" else body
            for last in string.digits:
                if valid(("U" if country == "AT" else "") + base + last):
                    return (
                        prefix + base + last
                        if not (country == "GB" and spaced)
                        else f"{prefix} {base[:3]} {base[3:7]} {base[7:]}{last}"
                    )


def _account(rng: random.Random, country: str) -> str:
    from stdnum import iban

    if country in ("IN", "MY", "SG", "US"):
        return _digits(rng, rng.choice((10, 12, 14)))
    length = {"DE": 18, "AT": 16, "FR": 23, "ES": 20, "IT": 23, "GB": 18}[country]
    body = "NWAY" if country == "GB" else "X" if country == "IT" else ""
    body += _digits(rng, length - len(body))
    return str(iban.format(country + str(iban.calc_check_digits(f"{country}00{body}")) + body))
