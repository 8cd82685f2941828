"""The table of lead fields: what each is called, which headers mean it, and how it may be used."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

CUSTOM_PREFIX = "custom:"
"""Columns of a leads frame that no field covers are named ``custom:<header>``."""

MADE_PREFIX = "made:"
"""Features that people make by an expression are named ``made:<name>``."""

OFFER_PREFIX = "offer:"
"""Columns of a leads frame that say how a lead fits the offer in force; they are worked out, never imported."""


class Kind(StrEnum):
    """What the values of a column are, which decides how they are cleaned, stored and used."""

    TEXT = "text"
    CATEGORY = "category"
    NUMBER = "number"
    MONEY = "money"
    BOOLEAN = "boolean"
    DATE = "date"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    IDENTIFIER = "identifier"


NUMERIC_KINDS = frozenset({Kind.NUMBER, Kind.MONEY})


class Group(StrEnum):
    """The family a field belongs to; the first five are also the scorecard's groups."""

    DEMOGRAPHIC = "demographic"
    FIRMOGRAPHIC = "firmographic"
    BEHAVIOURAL = "behavioural"
    ENGAGEMENT = "engagement"
    FIT = "fit"
    FINANCIAL = "financial"
    ORIGIN = "origin"
    CONTACT = "contact"
    CONSENT = "consent"
    MANAGEMENT = "management"
    OUTCOME = "outcome"


class OutcomeStage(StrEnum):
    """How far a lead has come."""

    NEW = "new"
    CONTACTED = "contacted"
    QUALIFIED = "qualified"
    CONVERTED = "converted"
    LOST = "lost"


CLOSED_STAGES = frozenset({OutcomeStage.CONVERTED, OutcomeStage.LOST})


class SpendKind(StrEnum):
    """What money was spent on: what brings leads in, or this workbench itself."""

    LEADS = "leads"
    TOOL = "tool"


class Tier(StrEnum):
    """Priority bands of a ranked list."""

    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"


@dataclass(frozen=True)
class Field:
    """One column a lead can have.

    Parameters
    ----------
    name : str
        Column name in frames and in the store.
    label : str
        What people read.
    kind : Kind
        How its values are cleaned.
    group : Group
        Family of the field.
    aliases : tuple of str
        Header spellings that mean this field, normalised by :func:`normalise_header`.
    personal : bool
        True when it identifies or describes a natural person: kept encrypted, masked by role, never logged.
    feature : bool
        True when rules and models may use it as it is.
    low, high : float or None
        Plausible range (inclusive) of numbers; outside is an issue, not an error.
    changeable : bool
        True when a person can influence it ("what would move it up").
    """

    name: str
    label: str
    kind: Kind
    group: Group
    aliases: tuple[str, ...] = ()
    personal: bool = False
    feature: bool = False
    low: float | None = None
    high: float | None = None
    changeable: bool = False


def normalise_header(header: str) -> str:
    """Reduce a header to lower-case letters and digits, so that spellings compare."""
    return "".join(character for character in header.casefold() if character.isalnum())


def _field(
    name: str,
    label: str,
    kind: Kind,
    group: Group,
    aliases: str = "",
    *,
    personal: bool = False,
    feature: bool = False,
    between: tuple[float | None, float | None] = (None, None),
    changeable: bool = False,
) -> Field:
    """Write one row of the table; aliases are given as people spell them, separated by ``|``."""
    spellings = [name, label, *(alias for alias in aliases.split("|") if alias)]
    normalised = tuple(dict.fromkeys(normalise_header(spelling) for spelling in spellings))
    return Field(name, label, kind, group, normalised, personal, feature, between[0], between[1], changeable)


COUNT = (0.0, 1_000_000.0)

FIELDS: tuple[Field, ...] = (
    # who it is
    _field("crm_id", "CRM id", Kind.IDENTIFIER, Group.CONTACT,
           "id|record id|lead id|leadid|contact id|prospect id|person id|record id - contact|hs_object_id|lead number|"
           "(do not modify) lead|18 digit id|external id|zoho id|lead key|"
           "contactid|personid|person - id|lead - id|deal - id|deal id|opportunity id|record no|zcrm_id|"
           "recordid|customer id|customerid|client id|kundennummer|numero client"),
    _field("email", "E-mail", Kind.EMAIL, Group.CONTACT,
           "email|e-mail|email address|e-mail address|mail|work email|business email|primary email|person - email|"
           "emailaddress1|email 1|contact email|"
           "person - email - work|person - email - home|person - email - other|email work|email home|"
           "personal email|email id|e-mail id|lead email|contact email address|emailadresse|e-mail-adresse|"
           "correo electronico|correo|courriel|adresse email|email addr", personal=True),
    _field("first_name", "First name", Kind.TEXT, Group.CONTACT,
           "firstname|given name|forename|person - first name|vorname|"
           "fname|first|prenom|prénom|nombre|christian name|contact first name|lead first name", personal=True),
    _field("last_name", "Last name", Kind.TEXT, Group.CONTACT,
           "lastname|surname|family name|person - last name|nachname|"
           "lname|last|second name|nom de famille|nom|apellido|apellidos|familienname|contact last name|"
           "lead last name", personal=True),
    _field("full_name", "Name", Kind.TEXT, Group.CONTACT,
           "fullname|full name|contact name|lead name|person|person - name|contact person|prospect name|"
           "contact full name|your name|customer name|client name|nombre completo|nom complet", personal=True),
    _field("phone", "Phone", Kind.PHONE, Group.CONTACT,
           "phone number|telephone|tel|work phone|business phone|phone 1|person - phone|telephone1|contact number|"
           "phone no|phone#|tel no|telephone number|main phone|office phone|home phone|"
           "person - phone - work|person - phone - home|person - phone - other|telefon|telefonnummer|"
           "telefono|teléfono|téléphone|direct phone|contact phone",
           personal=True),
    _field("mobile", "Mobile phone", Kind.PHONE, Group.CONTACT,
           "mobile|mobile phone number|cell|cell phone|mobilephone|handy|"
           "mobile number|mobile no|mobilenumber|cell number|person - phone - mobile|whatsapp number|mobil|"
           "mobiltelefon|handynummer|portable|movil|móvil", personal=True),
    _field("street", "Street", Kind.TEXT, Group.CONTACT,
           "street address|address|address 1|address line 1|address1_line1|mailing street|postal address|strasse|"
           "street 1|address line1|straße|adresse|direccion|dirección|organization - address|address1",
           personal=True),
    _field("linkedin_url", "LinkedIn profile", Kind.URL, Group.CONTACT,
           "linkedin|linkedin profile url|linkedin url|person linkedin url|linkedin link|"
           "linkedin profile|linkedinurl|linkedin bio url|hs_linkedin_url|person linkedin", personal=True),
    _field("linkedin_bio", "LinkedIn bio", Kind.TEXT, Group.CONTACT,
           "linkedin bio|bio|linkedin summary|about|biography|profile summary|linkedin headline|headline",
           personal=True),
    _field("notes", "Notes", Kind.TEXT, Group.CONTACT,
           "note|comment|comments|description|remarks|message|enquiry", personal=True),
    _field("age", "Age", Kind.NUMBER, Group.DEMOGRAPHIC, "age years|customer age|lead age years|"
           "alter|edad", personal=True,
           feature=True, between=(16, 110)),
    _field("gender", "Gender", Kind.CATEGORY, Group.DEMOGRAPHIC, "sex|salutation gender|"
           "geschlecht|genre", personal=True),
    _field("language", "Language", Kind.CATEGORY, Group.DEMOGRAPHIC, "preferred language|hs_language|locale|"
           "sprache|idioma",
           feature=True),
    # role and company
    _field("job_title", "Job title", Kind.TEXT, Group.DEMOGRAPHIC,
           "title|role|position|jobtitle|designation|job role|person - job title|job position|"
           "job_title|your role|role title|jobtitle role|berufsbezeichnung|funktion|puesto|cargo|poste", feature=True),
    _field("seniority", "Seniority", Kind.CATEGORY, Group.DEMOGRAPHIC,
           "seniority level|job level|management level|employment seniority", feature=True),
    _field("department", "Department", Kind.CATEGORY, Group.DEMOGRAPHIC,
           "job function|function|departments|business unit|"
           "abteilung|departamento",
           feature=True),
    _field("occupation", "Occupation", Kind.CATEGORY, Group.DEMOGRAPHIC,
           "what is your current occupation|current occupation|employment status|profession", feature=True),
    _field("company", "Company", Kind.TEXT, Group.FIRMOGRAPHIC,
           "company name|organization|organisation|account|account name|company / account|employer|associated company|"
           "organization - name|companyname|firm|business name|parent account|"
           "company or organization|organisation name|organization name|firma|unternehmen|empresa|"
           "entreprise|societe|société|primary associated company|business|customer company|org name"),
    _field("company_domain", "Company domain", Kind.URL, Group.FIRMOGRAPHIC,
           "domain|company domain name|associated company domain|email domain|website domain|"
           "company domain|companydomain|web domain"),
    _field("website", "Website", Kind.URL, Group.FIRMOGRAPHIC,
           "website url|web site|homepage|company website|url|websiteurl|"
           "company url|webseite|site web|sitio web|web page|webpage"),
    _field("industry", "Industry", Kind.CATEGORY, Group.FIRMOGRAPHIC,
           "sector|company industry|vertical|industry sector|industrycode|branche|"
           "industrie|industria|secteur|industry type|hs_industry|business type", feature=True),
    _field("employees", "Employees", Kind.NUMBER, Group.FIRMOGRAPHIC,
           "number of employees|no of employees|no. of employees|employee count|company size|numberofemployees|"
           "num employees|headcount|size|# employees|employees count|"
           "number of staff|staff count|team size|mitarbeiter|mitarbeiterzahl|employee number|"
           "organization size|organisation size|no of staff|company headcount|effectif|empleados",
           feature=True, between=(0, 5_000_000)),
    _field("employee_range", "Company size range", Kind.CATEGORY, Group.FIRMOGRAPHIC,
           "employee range|size range|company size range|employees range", feature=True),
    _field("annual_revenue", "Annual revenue", Kind.MONEY, Group.FIRMOGRAPHIC,
           "company revenue|annual revenue usd|yearly revenue|turnover|annualrevenue|revenue range|"
           "annual company revenue|company annual revenue|yearly turnover|annual turnover|annual sales|"
           "jahresumsatz|umsatz|chiffre d affaires|est. annual revenue|estimated annual revenue", feature=True,
           between=(0, 1e13)),
    _field("technologies", "Technologies", Kind.TEXT, Group.FIRMOGRAPHIC,
           "technology|tech stack|technology stack|technologies used|web technologies", feature=True),
    _field("company_stage", "Company stage", Kind.CATEGORY, Group.FIRMOGRAPHIC,
           "stage of company|growth stage|maturity",
           feature=True),
    _field("funding_stage", "Funding stage", Kind.CATEGORY, Group.FIRMOGRAPHIC,
           "funding|funding status|funding round|last funding round|latest funding", feature=True),
    _field("funding_amount", "Funding raised", Kind.MONEY, Group.FIRMOGRAPHIC,
           "total funding|funding raised|total money raised|amount raised", feature=True, between=(0, 1e12)),
    _field("growth_rate", "Growth rate", Kind.NUMBER, Group.FIRMOGRAPHIC,
           "growth|yoy growth|annual growth|revenue growth|employee growth", feature=True, between=(-1_000, 10_000)),
    _field("market_share", "Market share", Kind.NUMBER, Group.FIRMOGRAPHIC,
           "market position|share of market", feature=True,
           between=(0, 100)),
    # where
    _field("city", "City", Kind.CATEGORY, Group.DEMOGRAPHIC, "town|address1_city|mailing city|ort|location city|"
           "stadt|ville|ciudad|mailing city|mailingcity|billing city",
           feature=True),
    _field("region", "State or region", Kind.CATEGORY, Group.DEMOGRAPHIC,
           "state|province|state/region|state/province|state or province|county|address1_stateorprovince|"
           "state code|statecode|bundesland|mailing state|mailing state/province|federal state|region/state|"
           "provincia|stateprovince", feature=True),
    _field("postal_code", "Postal code", Kind.IDENTIFIER, Group.DEMOGRAPHIC,
           "zip|zip code|zipcode|postcode|zip/postal code|plz|"
           "postalcode|address1_postalcode|mailing zip/postal code|postleitzahl|code postal|codigo postal|"
           "pin code|pincode"),
    _field("country", "Country", Kind.CATEGORY, Group.DEMOGRAPHIC,
           "country/region|country code|mailing country|address1_country|nation|land|"
           "countrycode|country name|staat|pays|pais|país|mailing country", feature=True),
    _field("location", "Location", Kind.CATEGORY, Group.DEMOGRAPHIC,
           "geo|geography|place|area|territory", feature=True),
    _field("timezone", "Time zone", Kind.CATEGORY, Group.DEMOGRAPHIC, "time zone|hs_timezone"),
    # where it came from
    _field("source", "Lead source", Kind.CATEGORY, Group.ORIGIN,
           "source|leadsource|lead source|original source|original traffic source|source channel|channel|"
           "leadsourcecode|"
           "how did you hear about us|acquisition channel|"
           "lead - source|deal - source|latest source|latest traffic source|hs_analytics_source|"
           "hs_latest_source|original source type|quelle|lead source name|source of lead|traffic source|"
           "origin", feature=True),
    _field("source_detail", "Source detail", Kind.CATEGORY, Group.ORIGIN,
           "original source drill-down 1|source detail|lead source detail|lead origin|referrer|utm_source|"
           "hs_analytics_source_data_1|lead - source origin|utm source|source details", feature=True),
    _field("medium", "Medium", Kind.CATEGORY, Group.ORIGIN, "utm_medium|utm medium|marketing medium|"
           "traffic medium", feature=True),
    _field("campaign", "Campaign", Kind.CATEGORY, Group.ORIGIN,
           "campaign name|utm_campaign|marketing campaign|source campaign|campaignid|"
           "utm campaign|primary campaign source|campaign source|first campaign|kampagne", feature=True),
    _field("spend", "Cost of the lead", Kind.MONEY, Group.ORIGIN,
           "cost per lead|lead cost|cpl|acquisition cost|spend|ad spend|marketing spend|cost|"
           "cost of lead|lead acquisition cost|campaign cost per lead", between=(0, 1e9)),
    _field("created_at", "Created", Kind.DATE, Group.MANAGEMENT,
           "create date|created|created time|created date|creation date|date created|createdate|created on|createdon|"
           "lead created|add time|lead - lead created|signup date|sign up date|date added|record created|lead date|"
           "date of enquiry|enquiry date|"
           "created_at|createddate|created date time|lead created date|lead creation date|lead created time|"
           "lead created on|lead created at|lead creation time|person - person created|deal - deal created|"
           "deal created|registration date|registered at|registered on|erstellt am|erstellungsdatum|"
           "fecha de creacion|date de création|inquiry date|submission date|submitted at|sign up time|"
           "date entered"),
    _field("modified_at", "Last changed", Kind.DATE, Group.MANAGEMENT,
           "last modified date|modified time|last modified|modified on|modifiedon|update time|updated at|last updated|"
           "lastmodifieddate|"
           "modified date|(do not modify) modified on|lead - update time|deal - update time|"
           "person - update time|last modified time|geändert am|user modified time|changed at"),
    # what they did on the site
    _field("website_visits", "Website visits", Kind.NUMBER, Group.BEHAVIOURAL,
           "totalvisits|total visits|visits|number of visits|sessions|number of sessions|web visits|"
           "hs_analytics_num_visits|"
           "site visits|website sessions|web sessions|no of visits|visit count|"
           "number of website visits",
           feature=True, between=COUNT, changeable=True),
    _field("page_views", "Page views", Kind.NUMBER, Group.BEHAVIOURAL,
           "pageviews|number of pageviews|total page views|hs_analytics_num_page_views|pages viewed|"
           "number of page views|page view count|views|website page views", feature=True,
           between=COUNT, changeable=True),
    _field("pages_per_visit", "Pages per visit", Kind.NUMBER, Group.BEHAVIOURAL,
           "page views per visit|average pageviews|pageviews per session|"
           "pages per session|average page views|avg page views|average pages per visit|avg pages per visit",
           feature=True, between=(0, 1_000),
           changeable=True),
    _field("time_on_site", "Time on site (s)", Kind.NUMBER, Group.BEHAVIOURAL,
           "total time spent on website|time spent on website|time on site|time on site seconds|session duration|"
           "time spent|visit duration|time on website|"
           "time spent on site|time on page|total time on site|total time on website|time on site (s)|"
           "average session duration|seconds on site", feature=True, between=(0, 10_000_000), changeable=True),
    _field("time_on_site_minutes", "Time on site (min)", Kind.NUMBER, Group.BEHAVIOURAL,
           "minutes on site|time on site (minutes)|time on website minutes|"
           "average time spent (minutes)|time spent (minutes)|time spent minutes|time on site min",
           feature=True, between=(0, 100_000),
           changeable=True),
    _field("bounce_rate", "Bounce rate", Kind.NUMBER, Group.BEHAVIOURAL, "bounces", feature=True, between=(0, 100)),
    _field("downloads", "Content downloads", Kind.NUMBER, Group.BEHAVIOURAL,
           "content downloads|number of downloads|whitepaper downloads|ebook downloads|"
           "resources downloaded|content downloaded|assets downloaded", feature=True, between=COUNT,
           changeable=True),
    _field("form_submissions", "Form submissions", Kind.NUMBER, Group.BEHAVIOURAL,
           "number of form submissions|forms submitted|form fills|num_conversion_events|forms", feature=True,
           between=COUNT, changeable=True),
    _field("video_views", "Video views", Kind.NUMBER, Group.BEHAVIOURAL, "videos watched|number of video views",
           feature=True, between=COUNT, changeable=True),
    _field("property_views", "Property views", Kind.NUMBER, Group.BEHAVIOURAL,
           "properties viewed|listing views|product views|items viewed", feature=True, between=COUNT, changeable=True),
    _field("pricing_page_views", "Pricing page views", Kind.NUMBER, Group.BEHAVIOURAL,
           "pricing views|pricing page visits|price page views", feature=True, between=COUNT, changeable=True),
    _field("demo_requested", "Demo requested", Kind.BOOLEAN, Group.BEHAVIOURAL,
           "requested demo|demo request|requested a demo|demo", feature=True, changeable=True),
    _field("inquiry_submitted", "Inquiry submitted", Kind.BOOLEAN, Group.BEHAVIOURAL,
           "inquiry|enquiry submitted|submitted inquiry|contact form submitted", feature=True, changeable=True),
    _field("social_engagements", "Social engagements", Kind.NUMBER, Group.BEHAVIOURAL,
           "social media engagement|social interactions|social clicks|likes|social engagement", feature=True,
           between=COUNT, changeable=True),
    _field("campaign_responses", "Campaign responses", Kind.NUMBER, Group.BEHAVIOURAL,
           "campaign interactions|campaign clicks|number of campaign responses", feature=True, between=COUNT,
           changeable=True),
    # how they answer
    _field("emails_sent", "E-mails sent", Kind.NUMBER, Group.ENGAGEMENT,
           "emails delivered|marketing emails delivered|email sends|emails received|hs_email_delivered|"
           "email sent|number of emails sent|emails sent count|marketing emails sent", feature=True,
           between=COUNT),
    _field("email_opens", "E-mails opened", Kind.NUMBER, Group.ENGAGEMENT,
           "emails opened|email opened|opens|marketing emails opened|number of email opens|hs_email_open|"
           "email open count|opened emails|emails open|e-mail opens", feature=True,
           between=COUNT, changeable=True),
    _field("email_clicks", "E-mail clicks", Kind.NUMBER, Group.ENGAGEMENT,
           "emails clicked|clicks|marketing emails clicked|number of email clicks|link clicks|hs_email_click|"
           "email click count|clicked emails|e-mail clicks", feature=True,
           between=COUNT, changeable=True),
    _field("email_replies", "E-mail replies", Kind.NUMBER, Group.ENGAGEMENT,
           "replies|email responses|emails replied|marketing emails replied|sales emails replied|responses",
           feature=True,
           between=COUNT, changeable=True),
    _field("email_bounced", "E-mails bounced", Kind.NUMBER, Group.ENGAGEMENT,
           "emails bounced|marketing emails bounced|hard bounces", feature=True, between=COUNT),
    _field("open_rate", "Open rate", Kind.NUMBER, Group.ENGAGEMENT, "email open rate|opening rate", feature=True,
           between=(0, 100), changeable=True),
    _field("click_rate", "Click rate", Kind.NUMBER, Group.ENGAGEMENT, "email click rate|ctr|click through rate",
           feature=True, between=(0, 100), changeable=True),
    _field("calls", "Calls", Kind.NUMBER, Group.ENGAGEMENT, "number of calls|call count|calls made|"
           "phone calls|total calls|number of phone calls", feature=True,
           between=COUNT, changeable=True),
    _field("contact_attempts", "Contact attempts", Kind.NUMBER, Group.ENGAGEMENT,
           "number of contact attempts|attempts|times contacted|number of times contacted|num_contacted_notes|touches|"
           "no of contact attempts|total contact attempts|contact count",
           feature=True, between=COUNT),
    _field("meetings", "Meetings held", Kind.NUMBER, Group.ENGAGEMENT,
           "meetings attended|number of meetings|meeting count|meeting attendance|meetings booked", feature=True,
           between=COUNT, changeable=True),
    _field("events_attended", "Events attended", Kind.NUMBER, Group.ENGAGEMENT,
           "webinars attended|webinar attendance|events|number of events attended", feature=True, between=COUNT,
           changeable=True),
    _field("response_hours", "Response time (h)", Kind.NUMBER, Group.ENGAGEMENT,
           "response time|lead response time|time to respond|hours to first response|response time hours", feature=True,
           between=(0, 100_000)),
    _field("support_tickets", "Support interactions", Kind.NUMBER, Group.ENGAGEMENT,
           "support interactions|tickets|number of support tickets", feature=True, between=COUNT),
    _field("past_purchases", "Past purchases", Kind.NUMBER, Group.ENGAGEMENT,
           "purchase history|previous purchases|number of purchases|orders|number of orders",
           feature=True, between=COUNT),
    _field("past_purchase_value", "Past purchase value", Kind.MONEY, Group.ENGAGEMENT,
           "lifetime value|ltv|total purchases value|total spent|previous purchase value",
           feature=True, between=(0, 1e10)),
    _field("last_activity_at", "Last activity", Kind.DATE, Group.ENGAGEMENT,
           "last activity date|last activity time|last contacted|last engagement date|last seen|last activity on|"
           "last visit date|date of last activity|last interaction|last contact date|notes_last_updated|"
           "hs_last_activity_date|lastactivitydate|last active|last active at|last activity at|"
           "person - last activity date|lead - last activity date|time last seen|time of last session|"
           "last engaged|last touch date|letzte aktivität|last visited|last visit|last login"),
    _field("first_response_at", "First response", Kind.DATE, Group.ENGAGEMENT,
           "first contacted|first contact date|date of first contact|first response date|first touch|"
           "first responded at|first reply date|first contacted on|first call date"),
    # money a private buyer can bring
    _field("income", "Income", Kind.MONEY, Group.FINANCIAL,
           "annual income|household income|yearly income|salary|"
           "yearly salary|einkommen|annual household income", personal=True, feature=True, between=(0, 1e9)),
    _field("credit_score", "Credit score", Kind.NUMBER, Group.FINANCIAL, "fico|fico score|credit rating score",
           personal=True, feature=True, between=(300, 850)),
    _field("budget", "Budget", Kind.MONEY, Group.FINANCIAL,
           "budget amount|investment amount|planned budget|purchase budget|price range|estimated budget|"
           "budget usd|client budget|project budget", feature=True,
           between=(0, 1e11)),
    _field("budget_disclosed", "Budget disclosed", Kind.BOOLEAN, Group.FINANCIAL, "disclosed budget|budget shared",
           feature=True, changeable=True),
    _field("financing_pre_approved", "Financing pre-approved", Kind.BOOLEAN, Group.FINANCIAL,
           "pre approved|preapproved|pre-approved|financing approved|loan pre approved", feature=True, changeable=True),
    _field("location_preference_set", "Location preference set", Kind.BOOLEAN, Group.FINANCIAL,
           "location preference|preferred location set", feature=True, changeable=True),
    _field("purchase_timeline", "Purchase timeline", Kind.CATEGORY, Group.FINANCIAL,
           "timeline|timeframe|buying timeframe|purchase timeframe|time frame to buy|buying stage", feature=True),
    # may we
    _field("consent", "Consent to contact", Kind.BOOLEAN, Group.CONSENT,
           "marketing consent|gdpr consent|opt in|opted in|optin|email opt in|consent given|legal basis given|"
           "marketing opt in|permission to contact|"
           "opt-in|gdpr opt in|newsletter consent|marketing permission|einwilligung|consent to marketing|"
           "marketing consent given|consented"),
    _field("consent_source", "Source of the consent", Kind.CATEGORY, Group.CONSENT,
           "legal basis|legal basis for processing contact's data|consent origin|consent method"),
    _field("consent_at", "Date of the consent", Kind.DATE, Group.CONSENT, "consent date|opt in date|date of consent"),
    _field("do_not_call", "Do not call", Kind.BOOLEAN, Group.CONSENT,
           "donotcall|dnc|no calls|do not phone|donotphone|do not allow phone calls|"
           "do not allow phone call|do not call me|phone opt out|call opt out"),
    _field("do_not_email", "Do not e-mail", Kind.BOOLEAN, Group.CONSENT,
           "do not email|email opt out|emailoptout|opted out|opt out|unsubscribed|unsubscribed from all email|"
           "hasoptedoutofemail|donotemail|hs_email_optout|do not allow emails|"
           "do not send email|hs_email_optout_all|do not allow bulk emails|email unsubscribed|"
           "unsubscribed from email|no email"),
    _field("do_not_contact", "Do not contact", Kind.BOOLEAN, Group.CONSENT,
           "suppressed|blacklist|blocklist|never contact|"
           "dnc all|do not market|global opt out|suppression"),
    # who works it
    _field("owner", "Owner", Kind.CATEGORY, Group.MANAGEMENT,
           "lead owner|contact owner|record owner|owner name|assigned to|sales rep|account owner|hubspot owner|"
           "hubspot_owner_id|person - owner|lead - owner|ownerid|salesperson|rep|"
           "lead owner name|contact owner name|deal - owner|deal owner|opportunity owner|sales owner|agent|"
           "sales agent|account manager|assigned user|assigned sales rep|sales person|verkäufer|besitzer|"
           "lead owner id|owner email"),
    _field("rating", "Rating", Kind.CATEGORY, Group.MANAGEMENT, "lead rating|leadqualitycode|temperature"),
    # how it ended
    _field("stage", "Stage", Kind.CATEGORY, Group.OUTCOME,
           "status|lead status|lifecycle stage|lead stage|outcome|conversion status|pipeline stage|deal stage|"
           "statuscode|"
           "hs_lead_status|result|"
           "status reason|deal - status|deal - stage|deal status|opportunity stage|sales stage|"
           "lifecyclestage|current stage|lead - status|dealstage|sales status|phase|lead state|"
           "contact stage|contact status|customer status|prospect status"),
    _field("converted", "Converted", Kind.BOOLEAN, Group.OUTCOME,
           "is converted|isconverted|conversion|converted?|won|is won|deal won|purchased|became customer|bought|sale|"
           "converted flag|"
           "lead converted|has converted|converted to customer|is customer|became a customer|closed won|"
           "deal closed won|converted lead|customer converted|konvertiert|convertido|converti"),
    _field("converted_at", "Converted on", Kind.DATE, Group.OUTCOME,
           "conversion date|converted date|converteddate|close date|closed date|won time|won date|"
           "became a customer date|"
           "closedate|date won|actual close date|"
           "conversion time|converted time|converted at|converted date time|lead converted date|"
           "deal - won time|deal - deal closed on|deal closed on|deal close date|date converted|"
           "purchase date|date of conversion|date closed|closing date"),
    _field("lost_reason", "Reason for loss", Kind.CATEGORY, Group.OUTCOME,
           "loss reason|lost reason|reason lost|closed lost reason|reason for losing|"
           "deal - lost reason|reason lost|lead lost reason|reason for loss|disqualification reason|"
           "closed lost reason|verlustgrund"),
    _field("revenue", "Deal revenue", Kind.MONEY, Group.OUTCOME,
           "deal value|deal amount|amount|sale amount|won amount|total revenue|deal - value|order value|sales amount|"
           "actual revenue|"
           "deal - value|deal size|closed amount|sale value|recent deal amount|purchase amount|"
           "revenue generated|opportunity amount|booking value|deal revenue usd|contract value", between=(0, 1e12)),
    _field("currency", "Currency", Kind.CATEGORY, Group.OUTCOME, "currency code|transaction currency|deal currency|"
           "deal - currency of value|lead - currency of value|currencyisocode|currency iso code"),
    _field("stage_history", "Stage history", Kind.TEXT, Group.OUTCOME,
           "status history|stage changes|lifecycle history|stage history"),
)

FIELD_BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}
PERSONAL_FIELDS = frozenset(field.name for field in FIELDS if field.personal)


@dataclass(frozen=True)
class CustomField:
    """A column of the user's own that no field covers.

    Parameters
    ----------
    header : str
        The header as the user wrote it.
    kind : Kind
        Inferred from the values.
    personal : bool
        True when its values identify people (addresses, numbers, free text): kept encrypted.
    """

    header: str
    kind: Kind
    personal: bool = False

    @property
    def name(self) -> str:
        """Column name in a leads frame."""
        return CUSTOM_PREFIX + self.header


@dataclass(frozen=True)
class MadeFeature:
    """A feature that a person made of a lead's columns.

    It is never changed: another expression is another name, so that a model and a policy that use it keep meaning what
    they meant.

    Parameters
    ----------
    name : str
        Short name; lower-case letters, digits and underscores.
    label : str
        What people read.
    expression : str
        What it is made of, in the language of ``features.expressions``.
    group : str
        Family it counts to.
    """

    name: str
    label: str
    expression: str
    group: str

    @property
    def column(self) -> str:
        """Column name in a features frame."""
        return MADE_PREFIX + self.name


def label_of(name: str, headers: dict[str, str] | None = None) -> str:
    """Give a column the name its reader knows: the file's own header, the custom header, or the field's label."""
    if headers and name in headers:
        return headers[name]
    if name.startswith(CUSTOM_PREFIX):
        return name.removeprefix(CUSTOM_PREFIX)
    field = FIELD_BY_NAME.get(name)
    return field.label if field else name.removeprefix(MADE_PREFIX).replace("_", " ").capitalize()
