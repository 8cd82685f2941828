"""Which industries are neighbours of an offer's ideal customers: equal names, people's own word, else close meaning."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from leadscore.scoring.offer import Offer

EXACT, ADJACENT, OTHER = "exact", "adjacent", "other"
NEAR = 0.24
"""Cosine from which two described industries count as neighbours; tests/scoring/test_industries.py measures it on
labelled pairs."""
DIGITS = 4
"""Cosines are rounded, so that no score rests on how a processor orders its additions."""

KNOWN: tuple[tuple[str, str], ...] = (
    ("software|saas|software as a service|computer software|cloud software|it software|apps|applications",
     "software, cloud applications, computer programs, internet technology"),
    ("it services|information technology|information technology and services|information technology & services|"
     "it|it consulting|managed services|cloud services|systems integration",
     "information technology services, computer systems, software, cloud"),
    ("internet|online media|web services|platform", "internet technology, websites, online software"),
    ("computer hardware|hardware|semiconductors|electronics|consumer electronics|electronic manufacturing",
     "electronics, computer hardware, chips, devices, manufacturing"),
    ("computer & network security|cybersecurity|cyber security|information security",
     "computer network security, information technology, software"),
    ("telecommunications|telecom|wireless|telco", "telecommunications, phone and internet networks, wireless"),
    ("fintech|financial technology|payments", "finance, payments, banking, software, internet technology"),
    ("banking|bank|banks|investment banking|credit unions", "bank, finance, loans, credit, money, investment"),
    ("financial services|finance|capital markets|investment management|asset management|wealth management",
     "finance, investment, money, banking, funds"),
    ("insurance|insurer|reinsurance|insurtech", "insurance, policies, risk, claims, finance"),
    ("venture capital & private equity|venture capital|private equity", "investment funds, capital, finance, startups"),
    ("accounting|audit|tax|bookkeeping", "accounting, tax, audit, finance, business services"),
    ("legal|law|law practice|legal services|law firms", "law, lawyers, attorneys, legal services, courts"),
    ("management consulting|consulting|professional services|business consulting|business services",
     "business consulting, advice to companies, professional services, management"),
    ("staffing and recruiting|human resources|recruiting|staffing|hr", "recruiting, human resources, jobs, employees"),
    ("marketing and advertising|marketing|advertising|digital marketing|marketing agency|public relations and "
     "communications|public relations", "marketing, advertising, campaigns, brands, media"),
    ("media|media production|broadcast media|publishing|newspapers|online publishing|printing",
     "media, publishing, news, broadcasting, content"),
    ("entertainment|music|motion pictures and film|film|gaming|computer games|performing arts",
     "entertainment, film, music, games, shows"),
    ("retail|supermarkets|stores|wholesale|apparel retail", "retail, shops, stores, selling goods to consumers"),
    ("e-commerce|ecommerce|online retail|online shop", "online shops, retail, selling goods on the internet"),
    ("consumer goods|fmcg|cosmetics|luxury goods & jewelry|sporting goods|furniture",
     "consumer goods, household products, brands, sold in shops"),
    ("apparel & fashion|fashion|apparel|textiles|clothing", "clothes, fashion, textiles, apparel brands, shops"),
    ("food & beverages|food|beverages|food production|dairy|wine and spirits|food & drink|food manufacturing",
     "food, drinks, groceries, beverages"),
    ("restaurants|catering|food service", "restaurants, meals, catering, food, hospitality"),
    ("hospitality|hotels|hotel", "hotels, hospitality, guests, travel, restaurants"),
    ("leisure, travel & tourism|travel|tourism|airlines|travel agency|travel and tourism",
     "travel, tourism, trips, flights, hotels, holidays"),
    ("health|healthcare|health care|hospital & health care|hospital|hospitals|medical practice|clinics",
     "hospitals, doctors, patients, health care, medicine"),
    ("medical devices|medical equipment|medtech", "medical equipment, health care, hospitals, devices"),
    ("pharmaceuticals|pharma|biotechnology|biotech|life sciences",
     "medicines, drugs, biology, medical research, health"),
    ("mental health care|health, wellness and fitness|wellness|fitness|wellness and fitness services",
     "health, wellness, fitness, sport, well-being"),
    ("education|higher education|universities|schools|primary/secondary education|edtech|e-learning|"
     "education management|"
     "professional training & coaching", "schools, universities, students, teaching, learning, training"),
    ("research|think tanks", "research, science, universities, studies"),
    ("government|government administration|public sector|public administration|public policy|municipality",
     "government, public administration, authorities, citizens, policy"),
    ("defense & space|defense|military|defence", "military, defence, weapons, aerospace, government"),
    ("aviation & aerospace|aerospace|aviation", "aircraft, aerospace, aviation, engines, engineering"),
    ("nonprofit|non-profit|nonprofit organization management|ngo|charity|philanthropy|fund-raising",
     "charity, donations, volunteers, social cause, non-profit organisation"),
    ("real estate|commercial real estate|property|property management",
     "real estate, houses, property, rent, buildings"),
    ("construction|civil engineering|building materials|architecture & planning|architecture",
     "construction, buildings, building materials, engineering, contractors"),
    ("manufacturing|industrial|industrial automation|machinery|mechanical or industrial engineering|"
     "electrical/electronic manufacturing", "factories, machines, industrial production, manufacturing, engineering"),
    ("automotive|automobile|cars|car dealers", "cars, vehicles, automobile production, dealers, parts"),
    ("chemicals|plastics|paper & forest products", "chemicals, plastics, industrial production, materials"),
    ("mining & metals|mining|metals|steel", "mines, metals, steel, ore, raw materials"),
    ("oil & energy|oil and gas|energy|utilities|renewables & environment|renewable energy|solar",
     "energy, electricity, power, oil, gas, utilities"),
    ("logistics|logistics and supply chain|transportation|transportation/trucking/railroad|freight|shipping|"
     "warehousing|package/freight delivery|supply chain", "freight, shipping, trucks, transport, delivery, warehouses"),
    ("farming|agriculture|agribusiness|fishery|ranching", "farms, agriculture, crops, animals, food production"),
    ("environmental services|waste management|recycling", "environment, waste, recycling, water, energy"),
    ("facilities services|security and investigations|cleaning|facility management",
     "building services, cleaning, security guards, property maintenance"),
    ("events services|events|design|graphic design", "events, design, creative agency, marketing"),
)
"""Common names of industries (any of them, separated by ``|``) and a few words on what they do."""

_DESCRIPTION = {name: words for names, words in KNOWN for name in names.split("|")}
_NAMES = re.compile(r"(?<!\w)(" + "|".join(
    re.escape(name) for name in sorted(_DESCRIPTION, key=len, reverse=True)) + r")(?!\w)")


def described(industry: str) -> str:
    """Give the text by whose meaning an industry is compared: what it does, or its name where nobody knows it."""
    text = tidy(industry)
    known = list(dict.fromkeys(_DESCRIPTION[name] for name in _NAMES.findall(text)))
    return "; ".join(known) if known else text


def tidy(industry: str) -> str:
    """Reduce spellings of one name to the same: case, outer and doubled spaces, underscores as CRMs write them."""
    return " ".join(industry.replace("_", " ").casefold().split())


def match_industries(industries: Sequence[str], offer: Offer, closeness: np.ndarray) -> list[str]:
    """Say of each industry whether it is one of the offer's ideal customers, next to one, or neither.

    People's own word (``also_adjacent``, ``never_adjacent``) stands above closeness; an equal name above both.

    Parameters
    ----------
    industries : sequence of str
    offer : Offer
    closeness : ndarray of shape (n_industries, n_use_cases)
        Cosines of :func:`described` names.

    Returns
    -------
    list of {"exact", "adjacent", "other"}
    """
    ideal, also, never = ({tidy(name) for name in names} for names in
                          (offer.ideal_use_cases, offer.also_adjacent, offer.never_adjacent))
    best = np.round(closeness.max(axis=1), DIGITS) if closeness.size else np.zeros(len(industries))
    return [_match(tidy(name), float(cosine), ideal, also, never)
            for name, cosine in zip(industries, best, strict=True)]


def _match(name: str, cosine: float, ideal: set[str], also: set[str], never: set[str]) -> str:
    if name in ideal:
        return EXACT
    if name in never:
        return OTHER
    return ADJACENT if name in also or cosine >= NEAR else OTHER
