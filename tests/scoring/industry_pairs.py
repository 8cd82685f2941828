"""Pairs of an ideal use case and a lead's industry, labelled by hand as neighbours or strangers."""

NEAR_PAIRS = (
    ("B2B SaaS mid-market", "Computer Software"), ("B2B SaaS mid-market", "Information Technology and Services"),
    ("SaaS", "Internet"), ("Software", "IT Services"), ("Fintech", "Banking"), ("Fintech", "Financial Services"),
    ("Banking", "Insurance"), ("Banks", "Capital Markets"), ("Retail", "E-commerce"), ("Online retail", "Retail"),
    ("E-commerce", "Apparel & Fashion"), ("Hospitals", "Medical Devices"), ("Healthcare", "Pharmaceuticals"),
    ("Hospital & Health Care", "Medical Practice"), ("Biotech", "Pharma"), ("Education", "E-Learning"),
    ("Universities", "Higher Education"), ("Schools", "Professional Training & Coaching"),
    ("Marketing agencies", "Advertising"), ("Marketing and Advertising", "Media Production"),
    ("Logistics", "Transportation/Trucking/Railroad"), ("Freight companies", "Warehousing"),
    ("Hotels", "Leisure, Travel & Tourism"), ("Hotels and resorts", "Restaurants"), ("Real estate", "Construction"),
    ("Manufacturing", "Machinery"), ("Industrial manufacturing", "Automotive"), ("Steel", "Mining & Metals"),
    ("Energy", "Renewables & Environment"), ("Oil and gas", "Utilities"), ("Law firms", "Legal Services"),
    ("Accounting firms", "Financial Services"), ("Cybersecurity", "Computer Software"),
    ("Telecom", "Wireless"), ("Consumer goods", "Retail"), ("Food & Beverages", "Restaurants"),
)
FAR_PAIRS = (
    ("B2B SaaS mid-market", "Hospital & Health Care"), ("B2B SaaS mid-market", "Construction"),
    ("B2B SaaS mid-market", "Restaurants"), ("SaaS", "Farming"), ("Software", "Real Estate"),
    ("Software", "Mining & Metals"), ("Fintech", "Restaurants"), ("Banking", "Hospitals"), ("Banking", "Farming"),
    ("Retail", "Government Administration"), ("Retail", "Law Practice"), ("E-commerce", "Mining & Metals"),
    ("E-commerce", "Hospital & Health Care"), ("Hospitals", "Automotive"), ("Healthcare", "Oil & Energy"),
    ("Healthcare", "Banking"), ("Education", "Steel"), ("Universities", "Restaurants"), ("Schools", "Insurance"),
    ("Marketing agencies", "Oil & Energy"), ("Logistics", "Education Management"),
    ("Freight companies", "Law Practice"),
    ("Hotels", "Computer Software"), ("Hotels and resorts", "Chemicals"), ("Real estate", "Pharmaceuticals"),
    ("Manufacturing", "Insurance"), ("Industrial manufacturing", "Entertainment"), ("Energy", "Apparel & Fashion"),
    ("Oil and gas", "Higher Education"), ("Law firms", "Automotive"), ("Accounting firms", "Farming"),
    ("Cybersecurity", "Food & Beverages"), ("Telecom", "Dairy"), ("Consumer goods", "Legal Services"),
)
# Names that the table of industries does not know; the border was not chosen on these.
UNKNOWN_NEAR_PAIRS = (
    ("Food & Beverages", "Breweries"), ("Farming", "Viticulture"), ("Automotive", "Tyre dealers"),
    ("Construction", "Roofing contractors"), ("Insurance", "Actuarial advisers"), ("Logistics", "Couriers"),
    ("Education", "Kindergartens"), ("Healthcare", "Dentists"), ("Retail", "Bookshops"), ("Energy", "Wind farms"),
)
UNKNOWN_FAR_PAIRS = (
    ("Healthcare", "Breweries"), ("Software", "Roofing contractors"), ("Banking", "Kindergartens"),
    ("Retail", "Actuarial advisers"), ("Farming", "Couriers"), ("Hotels", "Tyre dealers"), ("Law firms", "Breweries"),
    ("Energy", "Bookshops"), ("Software", "Dentists"), ("Construction", "Viticulture"),
)
