# ruff: noqa: E501 -- expressions are read and changed as whole alternatives
"""The words that speak for a service line and, within it, for a type of ticket.

A term is a regular expression on lower-cased text with word boundaries around it. Its weight is in log odds: 1 is a
hint shared with other lines, 2 speaks for the line, 3 decides unless something contradicts. Line keys and type keys
are never terms: writing "route to it_helpdesk" in a message must not route it.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Terms: TypeAlias = Sequence[tuple[float, str]]

VOCABULARY: Mapping[str, Mapping[str, Terms]] = {
    "data_entry": {
        "invoice_entry": (
            (3, r"data[- ]entry"),
            (
                2.5,
                r"(?:key|punch|type|enter|entered|book|feed|capture|record|digiti[sz]e|upload|process)\w* (?:in )?(?:(?:the|these|all|"
                r"this|our|my|attached|following|enclosed|scanned|\d+|two|three|five|ten|supplier|vendor|purchase|july|june|"
                r"new|below|pending|daily|month'?s|paper) ){0,4}(?:invoices?|bills?|documents?|scans?|vouchers?|slips?|challans?|pages?|pdfs?|records?)",
            ),
            (
                2,
                r"(?:invoices?|bills?|documents?|scans?|vouchers?) (?:\w+ ){0,3}(?:entry|enter(?:ed)?|entries|keyed|typed|digiti[sz]ed)",
            ),
            (
                2,
                r"(?:rechnung\w*|belege?n?|dokumente?) (?:\w+ ){0,4}(?:erfassen|eingeben|eintragen|einbuchen|digitalisieren|erfasst)",
            ),
            (
                2,
                r"(?:invoices?|bills?|forms?|data|receipts?) (?:\w+ ){0,4}(?:enter|entry|punch|type|feed|upload) (?:kar|kr)\w*",
            ),
            (1.5, r"scann?ed|scans?|digiti[sz]\w+|transcri\w+|erfassung|handwritten|ocr"),
            (
                1.2,
                r"attached (?:invoices?|bills?|documents?)|invoices? attached|anbei \w* ?rechnung\w*|beigefügt\w* rechnung\w*",
            ),
            (0.8, r"invoices?|bills?|rechnung\w*"),
            (2, r"बिल (?:दर्ज|एंट्री)|डेटा एंट्री|दर्ज (?:करें|कर)"),
        ),
        "purchase_order_entry": (
            (1.3, r"purchase orders?|p\.?o\.? (?:copy|copies|number|entry)|bestellung\w* erfassen|pos"),
            (1.5, r"enter (?:\w+ ){0,3}(?:pos?|orders?) in"),
        ),
        "goods_receipt_entry": (
            (1.8, r"grns?|goods receipts?|delivery (?:notes?|challans?)|lieferschein\w*|wareneing\w+"),
        ),
        "receipt_entry": (
            (
                1.5,
                r"(?:expense|till|shop|fuel|petrol|taxi|cash) (?:receipts?|slips?)|receipts? (?:attached|scans?|to (?:enter|key|type))|quittung\w*",
            ),
            (1.0, r"receipts?"),
        ),
        "inventory_entry": (
            (
                1.8,
                r"(?:inventory|stock) (?:list|count|sheet|register)s?|inventurliste\w*|item master|product catalogue|sku list",
            ),
        ),
        "claim_processing": (
            (
                2.2,
                r"claim forms?|(?:process|enter|key|register) (?:\w+ ){0,3}claims?|schadenmeldung\w*|claims? (?:processing|entry|forms?)",
            ),
        ),
        "form_entry": (
            (
                2.2,
                r"(?:survey|registration|application|customer|patient|kyc|enrol?ment|feedback|paper) forms? (?:\w+ ){0,4}(?:into|in|to|for) |"
                r"(?:enter|key|type|transcribe|digiti[sz]e|punch) (?:\w+ ){0,5}(?:forms?|cards?|records?|addresses|contacts|rows|entries|data)",
            ),
            (
                1.8,
                r"(?:into|in|to) (?:the |our |an? )?(?:excel|spread ?sheet|erp|database|crm|tally|sap|master sheet)",
            ),
            (1.5, r"formulare?|in die datenbank|in die tabelle|in excel übertragen|abtippen"),
        ),
    },
    "customer_support": {
        "complaint": (
            (2.2, r"complain\w*|beschwer\w*|reklam\w*|shikayat|consumer (?:court|forum)|शिकायत"),
            (
                1.8,
                r"(?:rude|unhelpful) (?:staff|agent|driver|service)|poor service|bad service|worst (?:service|experience)|compensation",
            ),
        ),
        "order": (
            (
                2.2,
                r"(?:my|the|meine?|mera|our) (?:order|parcel|package|delivery|shipment|bestellung|paket|lieferung)|order (?:status|number|no|id|#)",
            ),
            (
                2,
                r"track(?:ing)? (?:my|number|id|order|the|package)|out for delivery|where is my|not (?:been )?delivered|wo ist mein\w*|courier|sendungsverfolgung",
            ),
            (
                1.8,
                r"order (?:abhi|nahi|kab|kahan)|delivery (?:nahi|kab|address)|deliver(?:y|ed)|parcel|dispatched|ऑर्डर|डिलीवरी",
            ),
            (1, r"orders?|bestellung|bestellt|shipping|versand"),
        ),
        "return": (
            (
                2.2,
                r"(?:want|like|how|need|wish) (?:\w+ ){0,3}(?:return|exchange) (?:\w+ ){0,3}(?:product|item|shoes|shirt|phone|order|it)|return (?:label|policy|pickup|request)",
            ),
            (
                2,
                r"refunds?(?:ed)?|money back|replacement|rückerstattung|geld zurück|umtausch\w*|retoure|paise wapas|paisa wapas|रिफंड",
            ),
            (
                1.8,
                r"damaged (?:product|item|goods|box|package)|wrong (?:item|product|size|colou?r)|defective|warranty|garantie|kaputt angekommen",
            ),
        ),
        "loyalty": (
            (
                2.2,
                r"loyalty|reward points?|bonuspunkte|coupons?|voucher code|promo ?code|gutschein\w*|gift cards?|membership|cashback",
            ),
        ),
        "billing_question": (
            (
                2,
                r"(?:charged|billed) (?:me )?(?:twice|double|wrong\w*|extra|again|too much|for)|over ?charged|double charge\w*|doppelt abgebucht|unknown charge",
            ),
            (
                1.8,
                r"my (?:bill|subscription|plan|tariff|recharge)|meine rechnung|mobile bill|electricity bill|recharge",
            ),
            (
                1.5,
                r"subscription|abonnement|abo|cancel (?:my|our|the) (?:order|booking|plan|subscription)|kündig\w*",
            ),
        ),
        "enquiry": (
            (
                2,
                r"opening hours|store (?:timing|hours|location)s?|öffnungszeit\w*|call ?back|callback|rückruf|speak (?:to|with) (?:an? )?(?:agent|human|person|representative)",
            ),
            (
                1.8,
                r"(?:is|are) (?:\w+ ){1,4}(?:in stock|available)|do you (?:sell|ship|deliver|offer|have)|product (?:enquiry|inquiry|details)|price of|how much (?:is|does)|lieferbar|warranty",
            ),
            (
                1.6,
                r"customer (?:care|service|support)|kundenservice|helpline|hotline|app store|booking|reservation|flight|hotel|appointment|table for",
            ),
            (
                2,
                r"(?:my|a|the|new|virtual|disposable|debit|credit|bank|this|second|another) cards?|cards?(?: got| was| has| is| not| isn't| won't)|top(?:ping|ped)?[ -]?up|atm|cash withdrawal|exchange rate|card payment|contactless|my pin",
            ),
            (
                2,
                r"credit (?:score|limit|line|cards?)|interest rate|routing number|apr|(?:my|checking|savings?|current) accounts?|rewards?|(?:my )?transactions?|minimum payment|overdraft|transaction fees?|my (?:pin|bills?|spending|bank)|(?:water|electric\w*|phone|gas|internet|cable) bill|cheque|check ?book|international fees?|replacement card|blocked card|pin (?:number|code)",
            ),
            (
                1.7,
                r"transfers?(?:red)?|my (?:account|money|balance|cash)|identity|verify my|passcode|bank account|apple pay|google pay|direct debit|beneficiary",
            ),
        ),
        "social_post": (
            (
                2,
                r"instagram|facebook|tweet\w*|twitter|google review|trustpilot|social (?:media|post)|(?:bad|negative) reviews?",
            ),
        ),
    },
    "finance_accounting": {
        "payable": (
            (
                2.4,
                r"(?:payment|paid|pay|overdue|outstanding) (?:\w+ ){0,4}(?:invoices?|vendor bills?|supplier bills?|vendors?|suppliers?)|(?:invoices?|vendor bills?|rechnung\w*) (?:\w+ ){0,5}(?:overdue|unpaid|paid|due|pending|überfällig|bezahlt|payment|outstanding|offen)",
            ),
            (
                2.4,
                r"payment run|accounts payable|vendor (?:payments?|master|statement|bank|ledger|code)|supplier (?:statement|payments?|bank)|three[- ]way|3[- ]way|remittance|zahlungslauf|zahlungseingang|kreditor\w*|lieferantenkonto|mahnung\w*",
            ),
            (
                2,
                r"payment (?:advice|terms|release|status)|release (?:the )?payment|debit notes?|credit notes?|gutschrift|zahlung\w*|überweis\w+|neft|rtgs|utr|payment nahi|भुगतान",
            ),
            (1.2, r"invoices?|rechnung\w*|purchase orders?|vendors?|suppliers?|lieferant\w*"),
        ),
        "receivable": (
            (
                2.6,
                r"accounts receivable|dunning|receivables?|debtors?|debitor\w*|ageing|aging|customer invoices?|raise (?:an? |the )?invoices?|collections? (?:report|follow)|bad debts?|forderung\w*|outstanding balances?",
            ),
        ),
        "reconciliation": (
            (
                2.8,
                r"reconcil\w*|bank statements?|kontoauszug|kontoauszüge|abstimm\w+|unmatched|brs|kontenabstimmung|intercompany|mt940|camt",
            ),
        ),
        "month_end": (
            (
                2.8,
                r"month[- ]end|year[- ]end|closing entr\w+|accruals?|journal (?:entry|entries|voucher)|trial balance|general ledger|gl (?:code|coding|account|entries|posting)|depreciation|"
                r"fixed assets?|monatsabschluss|jahresabschluss|rückstellung\w*|abschreibung\w*|buchhaltung|buchung\w*|period close|prepaid|provision(?:s|ing)?|balance sheet|p&l|p & l|bilanz|books? (?:of accounts|closing)|cash ?flow statement",
            ),
        ),
        "tax": (
            (
                2.6,
                r"gst(?:r[- ]?\d\w?|in)?|tds(?! on salary)|input (?:tax )?credit|vat|umsatzsteuer\w*|ust|vorsteuer|steuerberater|tax (?:invoice|audit|filing|return|notice)|withholding tax|e-?invoic\w+|itc|जीएसटी",
            ),
        ),
        "general": (
            (
                1.8,
                r"account(?:ant|ing|s team)|ledger|finance (?:team|department)|finanzbuchhaltung|audit(?:or|ors)?|cost cent(?:er|re)|budget|expense (?:claims?|reports?)|reimburse\w*|petty cash|reisekosten\w*",
            ),
        ),
    },
    "hr_recruitment": {
        "requisition": (
            (
                2.6,
                r"(?:hire|hiring|recruit\w*|need|looking for|fill|suchen|einstellen) (?:\w+ ){0,5}(?:developers?|engineers?|agents?|executives?|accountants?|managers?|nurses?|drivers?|candidates?|people|staff|entwickler\w*|mitarbeiter\w*|positions?|analysts?)",
            ),
            (
                2.4,
                r"job (?:description|posting|opening|post|ad|requisition)s?|vacanc\w+|open positions?|requisition|headcount|stellenanzeige\w*|offene stelle\w*|recruit\w*|hiring|bharti|naukri",
            ),
        ),
        "screening": (
            (
                2.8,
                r"(?:my |attached |the )?(?:cvs?|resumes?|résumés?|curriculum vitae|lebenslauf|lebensläufe|biodata)|candidates?|applicants?|bewerb\w+|applying for|job application|shortlist\w*|screening",
            ),
        ),
        "interview": (
            (
                2.6,
                r"interviews?|vorstellungsgespräch\w*|interview (?:schedule|slot|kab)|reference checks?|background (?:check|verification)",
            ),
        ),
        "offer": (
            (
                2.6,
                r"offer letters?|job offers?|joining date|notice period|(?:employment|work) contract|arbeitsvertrag|probation|probezeit|appointment letter|compensation package|ctc",
            ),
        ),
        "onboarding": (
            (
                2.6,
                r"onboarding|induction|new joine[er]s?|new hires?|first day|orientation|einarbeitung|exit interview|resign\w*|relieving letter|experience letter|full and final|offboarding|kündigung (?:eines|von) mitarbeiter\w*|terminat\w+ (?:of )?employ\w+|employment (?:letter|verification|certificate)|arbeitszeugnis",
            ),
        ),
        "payroll": (
            (
                2.8,
                r"payroll|salary|salaries|pay ?slips?|wages?|pay ?(?:check|day|stub)s?|paychecks?|gehalt\w*|lohn\w*|provident fund|pf (?:number|account|withdrawal|balance)|epf|uan|esi|gratuity|bonus|form 16|tds on salary|w-?2|direct deposit|"
                r"401 ?\(?k\)?|overtime|tankhwah|tankha|वेतन|सैलरी|instant pay\w*|get(?:ting)? paid|got paid|was (?:last )?paid|my (?:income|earnings|pay|taxes)|take home|next pay|rollover|state taxes|federal taxes|(?:a|my|pay|salary) raise|increment|appraisal",
            ),
        ),
        "leave": (
            (
                2.6,
                r"(?:sick|casual|earned|annual|maternity|paternity|parental|unpaid|medical|my) leaves?|leave (?:balance|request|application|encashment|policy)|pto|paid time off|vacation days?|days? off|time off|vacations?|next holiday|bank holiday|public holidays?|sick days?|urlaub\w*|krankmeldung|elternzeit|chutti|छुट्टी|attendance|holiday (?:list|calendar)|timesheets?",
            ),
        ),
        "general": (
            (
                2,
                r"hr (?:team|department|policy|manager|support)|human resources|personalabteilung|employees?|mitarbeiter\w*|staff (?:handbook|policy)|health insurance|insurance (?:plans?|benefits|policy|coverage)|my insurance|(?:change|switch|new|different) insurance|benefits enrol\w*|employee id|grievance|harassment|posh",
            ),
        ),
    },
    "it_helpdesk": {
        "password_reset": (
            (
                3,
                r"(?:reset|forgot(?:ten)?|change|expired?|unlock|lost) (?:\w+ ){0,3}pass ?words?|pass ?words? (?:\w+ ){0,4}(?:reset|expired?|change|forgot|locked|bhul|nahi)|pass ?wort\w* (?:\w+ ){0,4}(?:zurücksetzen|vergessen|abgelaufen)|(?:user |my |his |her |login )*account (?:is |got |has been |was )?locked|locked (?:out|after)|konto (?:ist )?gesperrt|password|passwort|kennwort|पासवर्ड|mfa|two[- ]factor|2fa|authenticator",
            ),
        ),
        "access_request": (
            (
                2.6,
                r"(?:need|grant|request|give|provide|revoke|remove|no|lost) (?:\w+ ){0,4}(?:access|permissions?|rights)|access (?:to|for|rights|denied|request|issue|card reader)|permissions?|zugriff\w*|berechtigung\w*|admin(?:istrator|istrative)? rights|shared (?:drive|folder|mailbox)|distribution list|active directory|user (?:account|id|creation)|new (?:user|account|mailbox)|security group|sso",
            ),
        ),
        "software_install": (
            (
                2.6,
                r"(?:install\w*|upgrade|update|license|licence|activate|uninstall) (?:\w+ ){0,4}(?:software|office|adobe|acrobat|teams|zoom|visio|windows|driver|antivirus|python|version|photoshop|autocad|excel|client|vpn|app|application)|software|installier\w*|lizenz\w*|licen[sc]e (?:key|expired)|install(?:ation)?",
            ),
        ),
        "incident": (
            (
                2.6,
                r"vpn|wi-?fi|wlan|outlook|sharepoint|onedrive|laptops?|desktops?|monitors?|printers?|drucker|keyboards?|headsets?|docking|servers?|blue ?screen|virus|malware|phishing|ransomware|firewall|router|ethernet|lan|e-?mail (?:not|server|account|setup|delivery)|mailbox\w*|hard ?(?:disk|drive)|ssl|dns|ip address|usb|webcam|projector|bildschirm|rechner|computer|netzwerk\w*|internet|helpdesk|help desk|लैपटॉप|प्रिंटर|इंटरनेट",
            ),
            (
                2.2,
                r"(?:system|server|application|network|site|website|portal|erp|crm|database|tool|software|sap|tally|app|laptop|screen) (?:is |are |has |keeps |was |nahi |abhi |bilkul )?(?:\w+ )?(?:down|crash\w*|slow|hang\w*|frozen|freez\w*|not (?:working|loading|responding|opening|reachable)|unreachable|offline|chal|band|black|flicker\w*)",
            ),
            (
                2,
                r"cannot (?:log ?in|connect|print|open|access|sign in)|can'?t (?:log ?in|connect|print|sign in)|unable to (?:log ?in|connect|print|access|sign in|open)|log ?in (?:error|issue|problem|fail\w*)|error (?:code|message)|fehlermeldung|anmelden|stürzt ab|funktioniert nicht|time ?out|outage|störung",
            ),
            (
                1.2,
                r"error|bug|crash\w*|network|connect\w*|login|database|storage|backup|restore|disk|drive|folders?|hardware|device|icons?|domain|user|windows|server|alerts?|monitoring|deployment|configuration|config|query|sql|oracle",
            ),
        ),
        "hardware_request": (
            (
                2.4,
                r"(?:need|order|replace|request|new|spare|broken) (?:\w+ ){0,3}(?:laptop|monitor|mouse|keyboard|headset|charger|docking station|phone|ram|cable|adapter|printer|toner|hardware|device)|toner|docking station|ram upgrade",
            ),
        ),
    },
    "reporting_analytics": {
        "report": (
            (
                2.8,
                r"(?:prepare|create|generate|send|need|build|share|make|run|pull|produce|give|want|get|provide|draft|compile) (?:\w+ ){0,4}(?:reports?|dashboards?|mis|charts?|summary of|analysis|graphs?|statistics|pivot|breakdown|scorecard)",
            ),
            (
                2.4,
                r"(?:weekly|monthly|daily|quarterly|annual|sales|mis|performance|sla|csat|attrition|management|status|ad[- ]hoc|custom) (?:reports?|reporting|dashboards?|mis)|reports? (?:for|on|of|by|bhej|chahiye|banao)|bericht\w*|auswertung\w*|रिपोर्ट",
            ),
            (1.2, r"reports?|reporting"),
        ),
        "scheduled_report": (
            (
                2.4,
                r"(?:every|each) (?:monday|tuesday|wednesday|thursday|friday|week|month|morning|day|quarter) (?:\w+ ){0,6}(?:report|dashboard|summary|numbers|figures)|schedule (?:\w+ ){0,4}report|report (?:\w+ ){0,5}every (?:monday|week|month|day|morning|friday)|wöchentlich\w* (?:bericht|report|auswertung)\w*",
            ),
        ),
        "dashboard": (
            (
                2.8,
                r"dashboards?|power ?bi|tableau|looker|kpis?|scorecards?|kennzahl\w*|data visuali[sz]ation",
            ),
        ),
        "analysis": (
            (
                2.6,
                r"analy[sz]\w*|trends?|forecast\w*|year[- ]on[- ]year|month[- ]on[- ]month|yoy|mom|compar(?:e|ison)|drill[- ]?down|breakdown|pivot|cohort|churn (?:rate|analysis|by)|conversion rate|prognose\w*|vergleich\w*|insights?|top \d+|by (?:region|product|branch|channel|month|team|city)|pro (?:region|monat|filiale)",
            ),
            (
                1.5,
                r"figures|numbers|statistics|metrics|data (?:pull|extract|export)|extract|export|graphs?|charts?|statistik\w*|zahlen",
            ),
        ),
    },
}

URGENT: Mapping[str, str] = {
    "P1": r"emergency|(?:production|whole office|entire (?:office|team|site|company)|all users?|everyone|everybody|nobody|no one|sab log|poora office|alle (?:nutzer|kollegen|mitarbeiter)) (?:\w+ ){0,4}(?:down|"
    r"stopped|affected|blocked|cannot|can|is unable|are unable|kaam nahi|betroffen|stehen)|complete(?:ly)? (?:outage|down)|(?:server|system|network|production|website|payment system|erp) (?:is |are )?(?:completely |totally )?down(?: for (?:all|everyone|the whole))|outage|data (?:breach|leak|loss)|"
    r"ransomware|hacked|security (?:breach|incident)|fraud(?:ulent)?|business critical|critical (?:incident|outage|issue|problem)|notfall|totalausfall|kritisch\w*|sicherheitsvorfall|stolen|production (?:is )?down",
    "P2": r"urgent\w*|asap|as soon as possible|immediate(?:ly)?|right away|by (?:today|tonight|tomorrow|noon|eod|cob|end of (?:the )?day)|today (?:itself|only|without fail)|deadline|time[- ]sensitive|high priority|top priority|at the earliest|cannot work|can'?t work|"
    r"blocked|blocking|penalty|last (?:day|date)|final (?:notice|reminder)|escalat\w*|dringend\w*|sofort\w*|eilig\w*|unverzüglich|bis heute|heute noch|schnellstmöglich|jaldi|turant|abhi ke abhi|aaj hi|तुरंत|जल्दी|consumer (?:court|forum)|legal (?:action|notice)|down",
    "P4": r"no (?:rush|hurry)|not urgent|whenever (?:you|it|possible)|when(?:ever)? (?:you (?:have|get|find) (?:some |a )?(?:time|chance|moment)|convenient)|at your (?:convenience|leisure)|low priority|nice to have|fyi|for your information|just (?:curious|wondering)|"
    r"suggestion|feedback for|no action (?:needed|required)|eilt nicht|nicht (?:eilig|dringend)|keine eile|bei gelegenheit|koi jaldi nahi|next quarter|someday",
}
"""Expressions that raise or lower urgency, tried in the order P1, P4, P2; without any it is P3."""
