"""What the invented companies sell: descriptions in each language, units, price ranges, tax classes."""

# ruff: noqa: E501  (a product is a row of the table, and a row stays on one line)

from __future__ import annotations

from dataclasses import dataclass

from ticketos.dev.sim.documents.truth import Country, Language

# Percent by tax class. "standard" is the common rate of the country.
TAX_RATES: dict[Country, dict[str, str]] = {
    "IN": {"standard": "18", "reduced": "5", "middle": "12", "high": "28"},
    "DE": {"standard": "19", "reduced": "7", "middle": "19", "high": "19"},
    "FR": {"standard": "20", "reduced": "5.5", "middle": "10", "high": "20"},
    "GB": {"standard": "20", "reduced": "0", "middle": "20", "high": "20"},
}
CURRENCIES: dict[Country, str] = {"IN": "INR", "DE": "EUR", "FR": "EUR", "GB": "GBP"}
# One unit of the price list in the country's money: price lists below are in euro-like units.
PRICE_LEVEL: dict[Country, int] = {"IN": 60, "DE": 1, "FR": 1, "GB": 1}

UNITS: dict[str, dict[Language, tuple[str, ...]]] = {
    "piece": {"en": ("pcs", "Nos", "ea"), "de": ("Stk", "Stück", "St."), "fr": ("pce", "u")},
    "kilo": {"en": ("kg",), "de": ("kg",), "fr": ("kg",)},
    "hour": {"en": ("hrs", "h"), "de": ("Std", "h"), "fr": ("h",)},
    "box": {"en": ("box", "Box"), "de": ("Karton", "Ktn"), "fr": ("carton",)},
    "metre": {"en": ("m", "mtr"), "de": ("m",), "fr": ("m",)},
    "litre": {"en": ("l", "ltr"), "de": ("l", "Ltr"), "fr": ("l",)},
}
# UN/ECE Recommendation 20 codes, for the structured forms.
UNIT_CODES = {"piece": "C62", "kilo": "KGM", "hour": "HUR", "box": "BX", "metre": "MTR", "litre": "LTR"}


@dataclass(frozen=True, slots=True)
class Product:
    """An article: low and high price in whole units, tax class, tariff (HSN) code."""

    names: tuple[str, str, str]
    unit: str
    low: int
    high: int
    tax: str
    hsn: str

    def name(self, language: Language) -> str:
        """The description in the language."""
        return self.names[("en", "de", "fr").index(language)]


def _p(en: str, de: str, fr: str, unit: str, low: int, high: int, tax: str, hsn: str) -> Product:
    return Product((en, de, fr), unit, low, high, tax, hsn)


# fmt: off
CATALOGUE: dict[str, tuple[Product, ...]] = {
    "office": (
        _p("Copier paper A4 80 gsm", "Kopierpapier A4 80 g", "Papier copie A4 80 g", "box", 18, 40, "middle", "4802"),
        _p("Ball pen blue", "Kugelschreiber blau", "Stylo bille bleu", "piece", 1, 3, "standard", "9608"),
        _p("Lever arch file 80 mm", "Ordner 80 mm", "Classeur à levier 80 mm", "piece", 2, 6, "standard", "4820"),
        _p("Toner cartridge black", "Tonerkartusche schwarz", "Cartouche toner noir", "piece", 45, 130, "standard", "8443"),
        _p("Notebook ruled 192 pages", "Notizbuch liniert 192 Seiten", "Cahier ligné 192 pages", "piece", 2, 7, "middle", "4820"),
        _p("Office chair with armrests", "Bürostuhl mit Armlehnen", "Fauteuil de bureau avec accoudoirs", "piece", 90, 340, "standard", "9403"),
        _p("Whiteboard 120 x 90 cm", "Whiteboard 120 x 90 cm", "Tableau blanc 120 x 90 cm", "piece", 40, 95, "standard", "9610"),
        _p("Envelopes C5 with window", "Briefumschläge C5 mit Fenster", "Enveloppes C5 à fenêtre", "box", 12, 30, "middle", "4817"),
    ),
    "electrical": (
        _p("LED panel light 40 W", "LED-Panel 40 W", "Dalle LED 40 W", "piece", 22, 60, "middle", "9405"),
        _p("Copper cable 3 x 2.5 mm²", "Kupferleitung 3 x 2,5 mm²", "Câble cuivre 3 x 2,5 mm²", "metre", 2, 5, "standard", "8544"),
        _p("Circuit breaker 16 A", "Leitungsschutzschalter 16 A", "Disjoncteur 16 A", "piece", 4, 15, "standard", "8536"),
        _p("Distribution board 12 way", "Kleinverteiler 12-polig", "Tableau électrique 12 modules", "piece", 25, 80, "standard", "8537"),
        _p("Socket outlet white", "Steckdose weiß", "Prise murale blanche", "piece", 3, 9, "standard", "8536"),
        _p("Air conditioner 1.5 ton split", "Split-Klimagerät 5 kW", "Climatiseur split 5 kW", "piece", 480, 900, "high", "8415"),
        _p("Cable tray galvanised", "Kabelrinne verzinkt", "Chemin de câbles galvanisé", "metre", 6, 14, "standard", "7308"),
        _p("Installation work on site", "Montagearbeiten vor Ort", "Travaux d'installation sur site", "hour", 35, 78, "standard", "9954"),
    ),
    "food": (
        _p("Basmati rice premium", "Basmatireis Premium", "Riz basmati premium", "kilo", 2, 5, "reduced", "1006"),
        _p("Sunflower oil refined", "Sonnenblumenöl raffiniert", "Huile de tournesol raffinée", "litre", 2, 4, "reduced", "1512"),
        _p("Green tea loose leaf", "Grüner Tee lose", "Thé vert en vrac", "kilo", 12, 40, "reduced", "0902"),
        _p("Apple juice 100 %", "Apfelsaft 100 %", "Jus de pomme 100 %", "litre", 1, 3, "middle", "2009"),
        _p("Wheat flour", "Weizenmehl", "Farine de blé", "kilo", 1, 2, "reduced", "1101"),
        _p("Dark chocolate 70 %", "Zartbitterschokolade 70 %", "Chocolat noir 70 %", "box", 14, 35, "standard", "1806"),
        _p("Cashew nuts roasted", "Cashewkerne geröstet", "Noix de cajou grillées", "kilo", 9, 18, "middle", "2008"),
        _p("Sparkling water 1 l", "Mineralwasser 1 l", "Eau gazeuse 1 l", "box", 4, 9, "standard", "2201"),
    ),
    "packaging": (
        _p("Corrugated carton 5 ply", "Wellpappkarton 2-wellig", "Carton ondulé double cannelure", "piece", 1, 4, "middle", "4819"),
        _p("Stretch film 500 mm", "Stretchfolie 500 mm", "Film étirable 500 mm", "piece", 6, 14, "standard", "3920"),
        _p("Packing tape brown 48 mm", "Packband braun 48 mm", "Ruban adhésif brun 48 mm", "piece", 1, 3, "standard", "3919"),
        _p("Bubble wrap roll 1 m", "Luftpolsterfolie 1 m", "Film bulle 1 m", "metre", 1, 2, "standard", "3921"),
        _p("Euro pallet new", "Europalette neu", "Palette Europe neuve", "piece", 14, 24, "middle", "4415"),
        _p("Shipping labels 100 x 150", "Versandetiketten 100 x 150", "Étiquettes d'expédition 100 x 150", "box", 16, 38, "standard", "4821"),
        _p("Kraft paper 70 gsm", "Kraftpapier 70 g", "Papier kraft 70 g", "kilo", 2, 4, "middle", "4804"),
    ),
    "it": (
        _p("Laptop 14 inch 16 GB", "Notebook 14 Zoll 16 GB", "Ordinateur portable 14 pouces 16 Go", "piece", 620, 1450, "standard", "8471"),
        _p("Docking station USB-C", "Dockingstation USB-C", "Station d'accueil USB-C", "piece", 85, 190, "standard", "8471"),
        _p("Network switch 24 port", "Netzwerk-Switch 24 Port", "Commutateur réseau 24 ports", "piece", 140, 420, "standard", "8517"),
        _p("System administration", "Systemadministration", "Administration système", "hour", 60, 115, "standard", "9983"),
        _p("Monitor 27 inch", "Monitor 27 Zoll", "Écran 27 pouces", "piece", 160, 380, "standard", "8528"),
        _p("Backup service monthly fee", "Datensicherung Monatspauschale", "Sauvegarde forfait mensuel", "piece", 40, 160, "standard", "9983"),
        _p("Patch cable Cat 6 2 m", "Patchkabel Cat 6 2 m", "Câble réseau Cat 6 2 m", "piece", 3, 8, "standard", "8544"),
        _p("Software support and maintenance", "Softwarepflege und Support", "Maintenance et support logiciel", "hour", 70, 130, "standard", "9983"),
    ),
    "tools": (
        _p("Cordless drill 18 V", "Akkuschrauber 18 V", "Perceuse sans fil 18 V", "piece", 80, 210, "standard", "8467"),
        _p("Hex bolts M8 x 40 zinc", "Sechskantschrauben M8 x 40 verzinkt", "Boulons M8 x 40 zingués", "box", 8, 22, "standard", "7318"),
        _p("Safety gloves size 9", "Schutzhandschuhe Größe 9", "Gants de protection taille 9", "piece", 2, 9, "middle", "6116"),
        _p("Angle grinder disc 125 mm", "Trennscheibe 125 mm", "Disque à tronçonner 125 mm", "piece", 1, 4, "standard", "6804"),
        _p("Threaded rod M10", "Gewindestange M10", "Tige filetée M10", "metre", 2, 5, "standard", "7318"),
        _p("Epoxy primer grey", "Epoxidgrundierung grau", "Primaire époxy gris", "litre", 12, 28, "high", "3208"),
        _p("Tool cabinet 7 drawers", "Werkzeugschrank 7 Schubladen", "Servante d'atelier 7 tiroirs", "piece", 210, 560, "standard", "9403"),
        _p("Machine repair on site", "Maschinenreparatur vor Ort", "Réparation de machine sur site", "hour", 45, 90, "standard", "9987"),
    ),
}
# fmt: on
VARIANTS = ("", "", "", " (Type A)", " Pro", " XL", " Eco", " Set")
