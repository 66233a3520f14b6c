"""Words that people, companies, deals and products of the generated world are named with (all invented or common)."""

FIRST_NAMES = (
    "Ada", "Ahmed", "Aisha", "Alan", "Alice", "Amara", "Andre", "Anita", "Anna", "Arun", "Beatriz", "Ben", "Bjorn",
    "Carla", "Chen", "Clara", "Daniel", "David", "Diego", "Elena", "Elias", "Emma", "Erik", "Fatima", "Felix", "Freya",
    "Gita", "Grace", "Hana", "Hassan", "Helen", "Hugo", "Ines", "Ingrid", "Ivan", "Jamal", "Jana", "Jonas", "Jose",
    "Julia", "Karim", "Kate", "Kenji", "Laila", "Lars", "Leo", "Lina", "Lucas", "Maria", "Marta", "Mateo", "Maya",
    "Mia", "Milan", "Nadia", "Nina", "Noah", "Nora", "Olga", "Omar", "Oscar", "Paula", "Pedro", "Priya", "Rafael",
    "Rania", "Rosa", "Sam", "Sara", "Sofia", "Stefan", "Tara", "Tomas", "Uma", "Vera", "Victor", "Wei", "Yara", "Zoë",
)  # fmt: skip
LAST_NAMES = (
    "Abbott", "Almeida", "Andersen", "Bauer", "Becker", "Bergström", "Brandt", "Brown", "Castro", "Chan", "Costa",
    "Cruz", "Dahl", "Das", "Diaz", "Dubois", "Eriksen", "Farah", "Ferrari", "Fischer", "Foster", "Fuchs", "Garcia",
    "Gomez", "Gupta", "Haddad", "Hansen", "Hill", "Hoffmann", "Ibrahim", "Ito", "Jensen", "Johnson", "Kaya", "Keller",
    "Khan", "Kim", "Kowalski", "Kumar", "Larsen", "Lee", "Lopez", "Marino", "Martin", "Mendes", "Meyer", "Moreau",
    "Müller", "Nakamura", "Nguyen", "Novak", "O'Brien", "Okafor", "Olsen", "Park", "Patel", "Petrov", "Reyes", "Ricci",
    "Roberts", "Rossi", "Santos", "Sato", "Schmidt", "Silva", "Singh", "Smith", "Sousa", "Stone", "Tanaka", "Taylor",
    "Torres", "Vargas", "Walker", "Weber", "White", "Wong", "Wright", "Yilmaz", "Young", "Zhang", "Ziegler",
)  # fmt: skip
COMPANY_HEADS = (
    "Acorn", "Alder", "Amber", "Apex", "Arbor", "Aster", "Atlas", "Aurora", "Beacon", "Birch", "Bluefin", "Boreal",
    "Bright", "Cedar", "Cinder", "Clear", "Cobalt", "Compass", "Copper", "Coral", "Crescent", "Delta", "Drift", "Eagle",
    "Ember", "Evergreen", "Falcon", "Fern", "Flint", "Garnet", "Glacier", "Granite", "Harbor", "Hazel", "Heron",
    "Horizon", "Indigo", "Iron", "Ivory", "Jade", "Juniper", "Keystone", "Lantern", "Larch", "Linden", "Lumen",
    "Maple", "Marble", "Meridian", "Mistral", "Moss", "Nimbus", "North", "Oak", "Obsidian", "Olive", "Onyx", "Opal",
    "Orchard", "Osprey", "Pebble", "Pine", "Prairie", "Quartz", "Raven", "Redwood", "Ridge", "River", "Rowan",
    "Sable", "Saffron", "Sierra", "Silver", "Slate", "Solstice", "Spruce", "Sterling", "Summit", "Tamarack", "Terra",
    "Thistle", "Timber", "Topaz", "Umber", "Valley", "Vertex", "Violet", "Walnut", "Willow", "Winter", "Zephyr",
)  # fmt: skip
COMPANY_TAILS = (
    "Analytics", "Automation", "Biotech", "Capital", "Chemicals", "Components", "Data", "Dynamics", "Energy",
    "Engineering", "Foods", "Freight", "Health", "Industries", "Insurance", "Labs", "Logistics", "Machines", "Marine",
    "Materials", "Media", "Medical", "Metals", "Mobility", "Networks", "Optics", "Packaging", "Paper", "Pharma",
    "Power", "Printing", "Rail", "Retail", "Robotics", "Security", "Semiconductors", "Software", "Steel", "Systems",
    "Textiles", "Tools", "Travel", "Water", "Works",
)  # fmt: skip
COMPANY_FORMS = ("Inc.", "LLC", "GmbH", "Ltd", "AB", "S.A.", "Group", "Co.")
# industry label of Salesforce, and HubSpot's internal value of the same
INDUSTRIES = (
    ("Technology", "COMPUTER_SOFTWARE"), ("Manufacturing", "INDUSTRIAL_AUTOMATION"),
    ("Healthcare", "HOSPITAL_HEALTH_CARE"), ("Banking", "BANKING"), ("Retail", "RETAIL"), ("Energy", "OIL_ENERGY"),
    ("Transportation", "TRANSPORTATION_TRUCKING_RAILROAD"), ("Insurance", "INSURANCE"),
    ("Biotechnology", "BIOTECHNOLOGY"), ("Consulting", "MANAGEMENT_CONSULTING"),
)  # fmt: skip
# city, state, postal code, country
PLACES = (
    ("Austin", "TX", "78701", "United States"), ("Boston", "MA", "02108", "United States"),
    ("Chicago", "IL", "60601", "United States"), ("Denver", "CO", "80202", "United States"),
    ("Seattle", "WA", "98101", "United States"), ("Toronto", "ON", "M5H 2N2", "Canada"),
    ("London", "", "EC1A 1BB", "United Kingdom"), ("Berlin", "", "10115", "Germany"),
    ("München", "BY", "80331", "Germany"), ("Paris", "", "75001", "France"), ("Madrid", "", "28001", "Spain"),
    ("Milano", "MI", "20121", "Italy"), ("Stockholm", "", "111 20", "Sweden"),
    ("São Paulo", "SP", "01001-000", "Brazil"),
    ("Singapore", "", "018956", "Singapore"), ("Sydney", "NSW", "2000", "Australia"),
)  # fmt: skip
JOB_TITLES = (
    "Chief Financial Officer", "Chief Information Officer", "Head of Operations", "IT Director", "Procurement Manager",
    "Plant Manager", "VP Engineering", "VP Finance", "Project Manager", "Data Architect", "Sourcing Specialist", "CEO",
)  # fmt: skip
DEPARTMENTS = ("Finance", "IT", "Operations", "Procurement", "Engineering")
CONTACT_ROLES = ("Decision Maker", "Economic Buyer", "Evaluator", "Executive Sponsor", "Influencer", "Business User")
HUBSPOT_BUYING_ROLES = ("DECISION_MAKER", "BUDGET_HOLDER", "END_USER", "EXECUTIVE_SPONSOR", "INFLUENCER", "CHAMPION")
LEAD_SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Trade Show", "Other")
HUBSPOT_SOURCES = ("ORGANIC_SEARCH", "DIRECT_TRAFFIC", "REFERRALS", "OFFLINE", "PAID_SEARCH", "EMAIL_MARKETING")
DEAL_SUBJECTS = (
    "Analytics Platform", "Fleet Tracking", "Warehouse Automation", "Support Renewal", "Sensor Rollout",
    "Data Migration", "Security Audit", "Line Upgrade", "Field Service App", "Training Package",
    "Integration Project", "Site Expansion",
)  # fmt: skip
NEXT_STEPS = (
    "Send revised quote", "Book meeting with finance", "Share reference customer", "Agree mutual plan",
    "Legal review of contract", "Demo for operations team", "Confirm budget owner", "Security questionnaire",
)  # fmt: skip
COMPETITORS = ("Nordwind Systems", "Brightpath", "Kestrel One", "Halcyon Suite", "In-house build")
# name, product code, list price in whole units
PRODUCTS = (
    ("Platform licence", "PLT-100", 1200), ("Sensor unit", "SEN-210", 85), ("Gateway", "GTW-300", 640),
    ("Support premium", "SUP-400", 2400), ("Training day", "TRN-500", 1500), ("Integration package", "INT-600", 7800),
    ("Analytics add-on", "ANA-700", 3600), ("Field app seat", "FLD-800", 45),
)  # fmt: skip
# label of Salesforce's picklist, and the class it means: 2 competitor, 3 no decision, 4 other
SALESFORCE_LOSS_REASONS = (
    ("Lost to Competitor", 2), ("Price", 2), ("No Decision / Non-Responsive", 3), ("No Budget / Lost Funding", 3),
    ("Other", 4),
)  # fmt: skip
HUBSPOT_LOSS_REASONS = (
    ("Went with a competitor", 2), ("Cheaper offer elsewhere", 2), ("No decision made", 3), ("Budget frozen", 3),
    ("Bad timing", 3), ("Product gap", 4),
)  # fmt: skip
UNMAPPED_LOSS_REASONS = (None, "", "tbd", "???")
EMAIL_SUBJECTS = (
    "Proposal for {0}", "Re: Proposal for {0}", "Pricing questions", "Re: Pricing questions", "Next steps",
    "Re: Next steps", "Introduction", "Re: Introduction", "Contract draft", "Re: Contract draft",
)  # fmt: skip
CALL_SUBJECTS = ("Discovery call", "Follow-up call", "Pricing call", "Check-in", "Cold call")
MEETING_SUBJECTS = ("Product demo", "Needs workshop", "Executive briefing", "Contract review", "Kick-off planning")
TASK_SUBJECTS = ("Prepare quote", "Update close plan", "Send case study", "Research stakeholders", "Follow up")
