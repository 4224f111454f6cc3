"""Countries as paper knows them: money, dates, taxes, legal forms, towns and the words around them."""

# ruff: noqa: E501  (a list of words stays on one line)

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tongue = Literal["en", "de", "fr", "es", "it"]
TaxKind = Literal["gst_india", "gst_malaysia", "sst_malaysia", "gst_singapore", "vat", "sales", "none"]


@dataclass(frozen=True, slots=True)
class Market:
    """One country.

    `signs` are the ways its currency is written; `point` and `groups` the decimal mark and the possible
    thousands marks ("lakh" groups by twos); `dates` are patterns of babel, `times` of strftime. `rates` are
    percents, the common one first. `towns` pair a name with a postcode pattern (9 = digit, A = letter) and a
    region. `address` are the shapes an address takes, one line each; a bar parts lines.
    """

    code: str
    country: tuple[str, ...]
    currency: str
    signs: tuple[str, ...]
    tongues: tuple[Tongue, ...]
    point: str
    groups: tuple[str, ...]
    dates: tuple[str, ...]
    taxes: tuple[TaxKind, ...]
    rates: tuple[str, ...]
    level: float
    legal: tuple[str, ...]
    towns: tuple[tuple[str, str, str], ...]
    streets: tuple[str, ...]
    quarters: tuple[str, ...]
    address: tuple[str, ...]
    phone: tuple[str, ...]
    tax_labels: tuple[str, ...]
    registration: tuple[str, ...]


_SLASHED = (
    "dd/MM/yyyy",
    "dd/MM/yyyy",
    "d/M/yyyy",
    "dd/MM/yy",
    "dd-MM-yyyy",
    "dd-MM-yy",
    "dd MMM yyyy",
    "dd-MMM-yyyy",
    "dd.MM.yyyy",
    "yyyy-MM-dd",
    "dd-MMM-yy",
    "d MMMM yyyy",
)
_GERMAN = ("dd.MM.yyyy", "dd.MM.yyyy", "d.M.yyyy", "dd.MM.yy", "d. MMMM yyyy", "yyyy-MM-dd")
_LATIN = (
    "dd/MM/yyyy",
    "dd/MM/yyyy",
    "d/M/yyyy",
    "dd/MM/yy",
    "dd-MM-yyyy",
    "d MMMM yyyy",
    "dd.MM.yyyy",
    "d MMM yyyy",
)

# fmt: off
MARKETS: dict[str, Market] = {market.code: market for market in (
    Market("IN", ("India", "INDIA"), "INR", ("₹", "Rs.", "Rs", "INR"), ("en",), ".", ("lakh", "lakh", ",", ""), (*_SLASHED, "dd-MMM-yy", "d-MMM-yyyy", "MMMM d, yyyy"), ("gst_india", "gst_india", "gst_india", "none"), ("18", "5", "12", "28"), 60,
        ("Pvt Ltd", "Private Limited", "Pvt. Ltd.", "LLP", "& Sons", "& Co.", "Enterprises", "Traders", "Industries", "Agencies", "Limited", "(India) Pvt Ltd", ""),
        (("Mumbai", "4000 99", "Maharashtra"), ("Pune", "411099", "Maharashtra"), ("Bengaluru", "560099", "Karnataka"), ("Chennai", "600 099", "Tamil Nadu"), ("New Delhi", "1100 99", "Delhi"), ("Ahmedabad", "380099", "Gujarat"), ("Hyderabad", "500 099", "Telangana"), ("Kolkata", "700099", "West Bengal"), ("Jaipur", "302099", "Rajasthan"), ("Indore", "452099", "Madhya Pradesh"), ("Kochi", "682099", "Kerala"), ("Noida", "201399", "Uttar Pradesh"), ("Coimbatore", "641099", "Tamil Nadu"), ("Ludhiana", "141099", "Punjab")),
        ("Lakshmi Nagar Road", "Station Road", "M.G. Road", "Gandhi Marg", "Industrial Estate Road", "Market Lane", "Temple Street", "Linking Road", "Nehru Place", "Link Rd", "S.V. Road", "80 Feet Road", "Residency Road", "Mount Road", "GIDC Estate", "Outer Ring Road"),
        ("Phase II", "Sector 18", "MIDC", "Old Town", "Block C", "Andheri (E)", "Peenya Industrial Area", "Near Clock Tower", "Opp. City Mall", "Behind Bus Stand", "Koramangala 4th Block", "Kothrud", "T. Nagar", "Okhla Phase III", "Vashi"),
        ("{plot}, {street}|{quarter}|{town} - {code}|{region}", "{plot}, {street}, {quarter}|{town} {code}, {region}", "{plot} {street}|{quarter}, {town}-{code}", "{plot}, {quarter}|{street}, {town}|{region} - {code}, {country}", "{plot},{street},{quarter},|{town}-{code}"),
        ("+91 98999 99999", "+91-99-9999 9999", "099-99999999", "9899999999", "(099) 2999 9999"),
        ("GSTIN", "GSTIN/UIN", "GST No.", "GSTIN No", "GST IN", "GST Regn No", "GST Number"), ("CIN: U99999MH2099PTC999999", "PAN: AAACA9999A", "FSSAI No. 99999999999999", "")),
    Market("MY", ("Malaysia", "MALAYSIA"), "MYR", ("RM", "RM", "RM", "MYR"), ("en",), ".", (",", ""), (*_SLASHED, "dd MMM yyyy", "dd/MM/yyyy"), ("gst_malaysia", "gst_malaysia", "gst_malaysia", "sst_malaysia", "none"), ("6", "0", "6", "6"), 4,
        ("Sdn Bhd", "Sdn. Bhd.", "SDN BHD", "(M) Sdn Bhd", "Enterprise", "Trading", "& Co", "Corporation Sdn Bhd", "Holdings Sdn Bhd", "PLT", "Marketing", ""),
        (("Kuala Lumpur", "5999 9", "Wilayah Persekutuan"), ("Petaling Jaya", "47999", "Selangor"), ("Shah Alam", "40999", "Selangor Darul Ehsan"), ("Johor Bahru", "81999", "Johor"), ("Klang", "41999", "Selangor"), ("Ipoh", "31999", "Perak"), ("Seremban", "70999", "Negeri Sembilan"), ("Georgetown", "10999", "Pulau Pinang"), ("Puchong", "47199", "Selangor"), ("Melaka", "75999", ""), ("Subang Jaya", "47599", "Selangor"), ("Kajang", "43099", "Selangor Darul Ehsan"), ("Kuantan", "25999", "Pahang"), ("Skudai", "81399", "Johor"), ("Rawang", "48099", "Selangor")),
        ("Jalan Mawar", "Jalan Besar", "Jalan SS 9/99", "Jln Kenanga 9/9", "Jalan Damai", "Lorong Cempaka", "Jalan PJU 9/9", "Jalan Bunga Raya", "Persiaran Sentosa", "Jalan Perdana 9/9", "Jln Utama", "Jalan 99/999A", "Jalan Teratai", "Jalan Merbau", "Jalan USJ 9/9", "Jalan Kasturi", "Jalan Permata 9", "Jalan Anggerik"),
        ("Taman Melati", "Taman Seri Indah", "Bandar Baru Selasih", "Seksyen 9", "Taman Perindustrian Jaya", "Kawasan Perindustrian Bayu", "Medan Niaga", "Pusat Bandar Damai", "Taman Desa Murni", "Kampung Baru", "Desa Pandan", "Bandar Puteri", "Taman Sentosa", "Pusat Perdagangan Kota", "Bukit Raja"),
        ("{lot}, {street},|{quarter},|{code} {town},|{region}.", "{lot} {street}|{quarter}|{code} {town}", "{lot}, {street}, {quarter},|{code} {town}, {region}", "{lot},{street},{quarter},|{code} {town},{region}.", "{lot} & {plot2}, {street},|{quarter}, {code}|{town}, {region}", "{lot}, {street},|{quarter}, {code} {town},|{region}, {country}.", "{floor}, {quarter}|{lot}, {street}|{code} {town}"),
        ("03-9999 9999", "03-99999999", "07-999 9999", "019-999 9999", "+603-9999 9999", "(603) 9999 9999", "06-9999999"),
        ("GST ID", "GST No.", "GST Reg No", "GST ID No", "GST Reg. No.", "GST REG #", "GST No", "(GST Reg No: {})", "GST Registration No"), ("(999999-A)", "(999999-W)", "(9999999-K)", "Co. Reg No: 999999-V", "(Co.Reg: 999999-T)", "Company No: 999999-D", "Reg No: JM0999999", "(SA0999999-P)", "ROC No. 999999-X", "")),
    Market("SG", ("Singapore", "SINGAPORE"), "SGD", ("$", "S$", "SGD", ""), ("en",), ".", (",", ""), _SLASHED, ("gst_singapore", "gst_singapore", "none"), ("9", "8", "7"), 1.6,
        ("Pte Ltd", "Pte. Ltd.", "PTE LTD", "LLP", "Trading", "Enterprise", "Private Limited", "(S) Pte Ltd"),
        (("Singapore", "999999", ""),),
        ("Orchard Road", "Bukit Merah Lane 9", "Ubi Avenue 9", "Tampines Street 99", "Serangoon North Ave 9", "Kaki Bukit Road 9", "Jalan Besar", "Bedok North Street 9"), ("#09-99 Lucky Plaza", "#01-99", "#99-09 Techplace II", "Blk 999"),
        ("{number} {street}|{quarter}|{town} {code}", "{quarter}, {street}|{town} {code}", "{number} {street} {quarter}, {town} {code}"),
        ("6999 9999", "+65 6999 9999", "(65) 6999 9999"), ("GST Reg No", "GST Reg. No.", "GST No.", "GST Registration No"), ("UEN: 209999999A", "Co. Reg. No. 209999999N", "ROC: 209999999R", "")),
    Market("US", ("USA", "United States", ""), "USD", ("$", "$", "USD", "US$"), ("en",), ".", (",", ""), ("MM/dd/yyyy", "M/d/yyyy", "MM/dd/yy", "MMMM d, yyyy", "MMM d, yyyy", "MM-dd-yyyy", "yyyy-MM-dd"), ("sales", "sales", "none"), ("8.25", "6", "7.5", "8.875"), 1.1,
        ("Inc.", "LLC", "Inc", "Corp.", "Corporation", "Co.", "L.L.C.", "& Sons", "Company", ""),
        (("Austin", "78799", "TX"), ("Denver", "80299", "CO"), ("Portland", "97299", "OR"), ("Columbus", "43299", "OH"), ("Sacramento", "95899", "CA"), ("Albany", "12299", "NY"), ("Tampa", "33699", "FL"), ("Madison", "53799", "WI"), ("Boise", "83799", "ID"), ("Raleigh", "27699", "NC")),
        ("Maple Avenue", "Main Street", "Industrial Blvd", "Oak St", "Commerce Drive", "W 9th Street", "Sunset Blvd", "County Road 99", "Lakeview Dr", "5th Ave"), ("Suite 999", "Bldg 9", "Unit 9", "P.O. Box 9999", "Floor 9"),
        ("{number} {street}|{town}, {region} {code}", "{number} {street}, {quarter}|{town}, {region} {code}", "{number} {street}|{quarter}|{town} {region} {code}", "{quarter}|{town}, {region} {code}"),
        ("(999) 999-9999", "999-999-9999", "+1 999 999 9999", "1-800-999-9999"), ("Tax ID", "EIN", "Federal Tax ID", "TIN"), ("", "", "Store #9999", "Merchant ID 999999999")),
    Market("GB", ("United Kingdom", "UK", "England", ""), "GBP", ("£", "£", "GBP"), ("en",), ".", (",", ""), _SLASHED, ("vat", "vat", "none"), ("20", "0", "5", "20"), 1,
        ("Ltd", "Limited", "LLP", "& Co. Ltd", "PLC", "& Sons", "Group Ltd", ""),
        (("Leeds", "LS9 9AA", "West Yorkshire"), ("Bristol", "BS9 9AA", ""), ("Manchester", "M9 9AA", "Greater Manchester"), ("Norwich", "NR9 9AA", "Norfolk"), ("Sheffield", "S9 9AA", ""), ("London", "SE9 9AA", ""), ("Exeter", "EX9 9AA", "Devon"), ("Derby", "DE9 9AA", "Derbyshire"), ("Cardiff", "CF9 9AA", "")),
        ("Mill Lane", "Station Road", "Victoria Street", "Foundry Close", "Canal Walk", "High Street", "Church Lane", "Queens Road", "Albert Way", "The Green"), ("Unit 9", "Riverside Park", "Trade Court", "Suite 99", "Old Brewery Yard"),
        ("{number} {street}|{town}|{code}", "{quarter}, {number} {street}|{town}, {region}|{code}", "{number} {street}, {town}, {code}", "{quarter}|{street}|{town} {code}"),
        ("020 7999 9999", "+44 20 7999 9999", "01999 999999", "(0)999 999 9999"), ("VAT No.", "VAT Reg No", "VAT Registration No", "VAT number", "VAT ID"), ("Company No. 09999999", "Registered in England 09999999", "")),
    Market("DE", ("Deutschland", "Germany", ""), "EUR", ("€", "EUR", "€", "Euro"), ("de", "de", "de", "en"), ",", (".", ".", ""), _GERMAN, ("vat", "vat", "vat", "none"), ("19", "7", "19", "7"), 1,
        ("GmbH", "GmbH & Co. KG", "AG", "KG", "e.K.", "OHG", "GbR", "UG (haftungsbeschränkt)", "mbH", "e.V.", ""),
        (("Hamburg", "20999", ""), ("Berlin", "10999", ""), ("München", "80999", ""), ("Köln", "50999", ""), ("Stuttgart", "70999", ""), ("Dresden", "01099", ""), ("Bad Homburg", "61399", ""), ("Frankfurt am Main", "60999", ""), ("Nürnberg", "90499", ""), ("Bremen", "28999", ""), ("Freiburg im Breisgau", "79199", "")),
        ("Lindenstraße", "Am Alten Hafen", "Gewerbering", "Bahnhofstraße", "Mühlenweg", "Schillerplatz", "Industriestr.", "Hauptstr.", "Goethestraße", "Im Winkel", "Zeppelinallee", "An der Lahn"), ("Postfach 99 99", "Gebäude 9", "Gewerbepark Süd"),
        ("{street} {number}|{code} {town}", "{street} {number}|D-{code} {town}", "{street} {number}, {code} {town}", "{street} {number}|{code} {town}|{country}"),
        ("+49 99 999999", "099/9999-99", "(099) 99 99 99", "0999 - 99 99 99"), ("USt-IdNr.", "USt-ID", "USt.-Id-Nr.", "Umsatzsteuer-ID", "USt-Id.Nr.", "Ust-IdNr", "VAT ID"), ("HRB 99999", "Amtsgericht HRB 9999", "Steuer-Nr. 99/999/99999", "St.-Nr.: 999/999/9999", "")),
    Market("AT", ("Österreich", "Austria", ""), "EUR", ("€", "EUR", "€"), ("de",), ",", (".", ".", " "), _GERMAN, ("vat",), ("20", "10", "13"), 1,
        ("GmbH", "GesmbH", "OG", "KG", "e.U.", "AG"), (("Wien", "1099", ""), ("Graz", "8099", ""), ("Linz", "4099", ""), ("Salzburg", "5099", ""), ("Innsbruck", "6099", "")),
        ("Ringstraße", "Am Graben", "Mariengasse", "Donaulände", "Bergweg", "Kaiserallee"), ("Top 9", "Stiege 9", "Objekt 99"),
        ("{street} {number}|{code} {town}", "{street} {number}/{quarter}|A-{code} {town}", "{street} {number}|AT-{code} {town}|{country}"),
        ("+43 9 9999999", "0999/99 99 99"), ("UID-Nr.", "UID", "ATU-Nr.", "UID-Nummer"), ("FN 999999a", "DVR 9999999", "")),
    Market("FR", ("France", "FRANCE", ""), "EUR", ("€", "EUR", "€", "Euros"), ("fr",), ",", (" ", " ", ".", ""), _LATIN, ("vat", "vat", "vat", "none"), ("20", "10", "5.5", "20"), 1,
        ("SARL", "SAS", "SA", "EURL", "SASU", "SCOP", "& Fils", "et Cie", ""),
        (("Lyon", "69099", ""), ("Nantes", "44099", ""), ("Toulouse", "31099", ""), ("Lille", "59099", ""), ("Bordeaux", "33099", ""), ("Paris", "75099", ""), ("Nice", "06099", ""), ("Saint-Étienne", "42099", ""), ("Clermont-Ferrand", "63099", "")),
        ("rue des Tilleuls", "avenue du Port", "rue de la Gare", "chemin des Vignes", "place du Marché", "boulevard Voltaire", "allée des Chênes", "quai de la Loire", "impasse du Moulin"), ("ZA Les Prés", "Bât. 9", "BP 999", "Zone Industrielle Nord", "CS 99999"),
        ("{number} {street}|{code} {town}", "{number}, {street}|{quarter}|{code} {town}", "{number} {street} - {code} {town}", "{number} {street}|{quarter}|{code} {TOWN}|{country}"),
        ("09 99 99 99 99", "+33 9 99 99 99 99", "09.99.99.99.99"), ("N° TVA", "TVA intracommunautaire", "N° TVA Intracom", "TVA intracom.", "N° de TVA", "No TVA"), ("SIRET 999 999 999 99999", "RCS Lyon 999 999 999", "SIREN : 999999999", "APE 9999Z", "")),
    Market("ES", ("España", "Spain", ""), "EUR", ("€", "EUR", "€", "Euros"), ("es",), ",", (".", ".", ""), (*_LATIN, "d 'de' MMMM 'de' yyyy", "dd-MM-yyyy"), ("vat", "vat", "none"), ("21", "10", "4", "21"), 1,
        ("S.L.", "S.A.", "SL", "S.L.U.", "S. Coop.", "C.B.", "e Hijos S.L.", "SA", ""),
        (("Madrid", "28099", "Madrid"), ("Valencia", "46099", "Valencia"), ("Sevilla", "41099", "Sevilla"), ("Bilbao", "48099", "Bizkaia"), ("Zaragoza", "50099", ""), ("Málaga", "29099", "Málaga"), ("Barcelona", "08099", "Barcelona"), ("Vigo", "36299", "Pontevedra")),
        ("Calle Mayor", "C/ del Olmo", "Avda. de la Constitución", "Paseo Marítimo", "Plaza Nueva", "Calle San Juan", "Polígono Industrial Las Eras", "Ctra. de la Estación", "Ronda Norte"), ("Local 9", "Nave 99", "9º B", "Bajo", "Pol. Ind. El Prado"),
        ("{street}, {number}|{code} {town}", "{street} {number}, {quarter}|{code} {town} ({region})", "{street} nº {number}|{quarter}|{code} - {town}", "{street}, {number}|{code} {town}|{country}"),
        ("999 99 99 99", "+34 999 999 999", "999 999 999"), ("NIF", "CIF", "N.I.F.", "C.I.F.", "CIF/NIF", "NIF-IVA"), ("Reg. Mercantil T. 9999 F. 99", "")),
    Market("IT", ("Italia", "Italy", ""), "EUR", ("€", "EUR", "€", "Euro"), ("it",), ",", (".", ".", ""), (*_LATIN, "dd-MM-yyyy"), ("vat", "vat", "none"), ("22", "10", "4", "22"), 1,
        ("S.r.l.", "S.p.A.", "SRL", "S.n.c.", "S.a.s.", "SpA", "& Figli S.n.c.", "Soc. Coop.", ""),
        (("Milano", "20199", "MI"), ("Torino", "10199", "TO"), ("Bologna", "40199", "BO"), ("Firenze", "50199", "FI"), ("Padova", "35199", "PD"), ("Bari", "70199", "BA"), ("Roma", "00199", "RM"), ("Verona", "37199", "VR"), ("Genova", "16199", "GE")),
        ("Via Garibaldi", "Viale dei Pini", "Piazza del Duomo", "Via Roma", "Corso Italia", "Via delle Industrie", "Largo Mazzini", "Via S. Francesco", "Strada Provinciale 99"), ("Zona Industriale", "Int. 9", "Scala B", "C.P. 99"),
        ("{street}, {number}|{code} {town} ({region})", "{street} {number}|{code} {town} {region}", "{street}, {number} - {code} {town} ({region})", "{street} {number}|{quarter}|{code} - {town} ({region})|{country}"),
        ("09 99999999", "+39 099 999 9999", "099/999999"), ("P.IVA", "Partita IVA", "P. IVA", "C.F. e P.IVA", "P.I.", "Cod. Fisc. / P.IVA"), ("REA MI-9999999", "Cap. Soc. € 99.999 i.v.", "")),
)}
# fmt: on
MARKET_CODES: tuple[str, ...] = tuple(MARKETS)
TAX_WORDS: dict[TaxKind, tuple[str, ...]] = {
    "gst_india": ("GST",),
    "gst_malaysia": ("GST",),
    "sst_malaysia": ("SST", "Service Tax", "SST", "Sales Tax"),
    "gst_singapore": ("GST",),
    "sales": ("Tax", "Sales Tax", "TAX"),
    "none": ("Tax",),
    "vat": ("VAT",),
}
VAT_WORDS: dict[Tongue, tuple[str, ...]] = {
    "en": ("VAT", "V.A.T.", "VAT"),
    "de": ("MwSt.", "USt.", "MwSt", "USt", "Mehrwertsteuer", "Umsatzsteuer"),
    "fr": ("TVA", "T.V.A.", "TVA"),
    "es": ("IVA", "I.V.A.", "IVA"),
    "it": ("IVA", "I.V.A.", "Imposta"),
}
