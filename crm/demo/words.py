"""What the demo's people are called and what they say."""

from collections.abc import Mapping, Sequence

# By people: women's names, men's names, surnames.
NAMES: Mapping[str, tuple[Sequence[str], Sequence[str], Sequence[str]]] = {
    "yoruba": (
        ("Folake", "Bukola", "Yetunde", "Titilayo", "Abosede", "Ronke", "Morenike", "Simisola"),
        ("Babatunde", "Olumide", "Kayode", "Femi", "Segun", "Wale", "Gbenga", "Tayo"),
        ("Adeyemi", "Ogunleye", "Balogun", "Akinola", "Oyelaran", "Fashola", "Adebayo", "Salako"),
    ),
    "igbo": (
        ("Adaeze", "Chioma", "Ngozi", "Ifeoma", "Amaka", "Nneka", "Uchenna", "Oluchi"),
        ("Emeka", "Chinedu", "Obinna", "Ikenna", "Kelechi", "Nnamdi", "Ugochukwu", "Chidi"),
        ("Okafor", "Eze", "Nwosu", "Okonkwo", "Onyekachi", "Ibekwe", "Anyanwu", "Umeh"),
    ),
    "hausa": (
        ("Aisha", "Halima", "Zainab", "Hadiza", "Maryam", "Rakiya", "Fatima", "Amina"),
        ("Musa", "Ibrahim", "Sani", "Yakubu", "Abdullahi", "Umar", "Bashir", "Nuhu"),
        ("Bello", "Lawal", "Danladi", "Garba", "Suleiman", "Abubakar", "Yusuf", "Shehu"),
    ),
    "delta": (
        ("Boma", "Ibiso", "Tamuno", "Ebiere", "Data", "Onome", "Eki", "Idongesit"),
        ("Tonye", "Sotonye", "Dokubo", "Preye", "Efe", "Osaro", "Ubong", "Ebi"),
        ("Briggs", "Amadi", "Harry", "Wokoma", "Dappa", "Edet", "Omoruyi", "Okpara"),
    ),
}
LANGUAGES = {"yoruba": "yo", "igbo": "ig", "hausa": "ha", "delta": "pcm"}

# Who comes to which hospital.
PEOPLES: Mapping[str, Mapping[str, float]] = {
    "IKJ": {"yoruba": 5, "igbo": 3, "hausa": 1, "delta": 1},
    "WUS": {"hausa": 5, "yoruba": 2, "igbo": 3, "delta": 1},
    "PHC": {"delta": 5, "igbo": 4, "yoruba": 1},
}
STREETS: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "IKJ": (
        ("Allen Avenue", "Ikeja", "Ikeja"),
        ("Herbert Macaulay Way", "Yaba", "Lagos Mainland"),
        ("Ikorodu Road", "Maryland", "Kosofe"),
    ),
    "WUS": (
        ("Adetokunbo Ademola Crescent", "Wuse 2", "Municipal"),
        ("Gana Street", "Maitama", "Municipal"),
        ("Nnamdi Azikiwe Road", "Kubwa", "Bwari"),
    ),
    "PHC": (
        ("Trans-Amadi Road", "Port Harcourt", "Obio-Akpor"),
        ("Olu Obasanjo Road", "Port Harcourt", "Port Harcourt"),
        ("Ada George Road", "Port Harcourt", "Obio-Akpor"),
    ),
}
HMOS = (
    ("Hygeia HMO", "Bronze"),
    ("AXA Mansard Health", "Silver"),
    ("Reliance HMO", "Red Beryl"),
    ("Leadway Health", "Pro"),
    ("Avon HMO", "Premium Life"),
)
ALLERGIES = ("penicillin", "sulphonamides", "groundnuts", "chloroquine itching", "latex")
COMPLAINTS = ("fever since Sunday", "check-up", "tooth pain", "back pain", "blurred vision")

GOOD = (
    "The doctor listened and explained everything well.",
    "Very clean, and I was seen on time. Thank you.",
    "Nurse at the desk was so kind to my mother.",
    "E sweet me, dem no waste my time at all.",
    "Quick, friendly and professional.",
    "",
    "",
    "",
)
MIXED = (
    "Doctor was good but I waited over an hour.",
    "The pharmacy had only half of what was written.",
    "Parking is a problem on market days.",
    "",
    "",
)
BAD = (
    "I waited three hours and nobody told me why.",
    "The bill was not what I was told on the phone.",
    "The man at the desk shouted at an old woman.",
    "Toilet was dirty and there was no water.",
)
URGENT = (
    "They gave my son the wrong medicine and he had a rash all night.",
    "I am still bleeding since the tooth was removed.",
)
OWNER_SAID = (
    "Statements are clear and on time.",
    "Please send the breakdown by department as well.",
    "The August payment came four days late.",
    "",
    "",
)
CONTACTED = "Called and apologised; the patient was calm."
RESOLVED = "Spoke with the team on duty; the rota was changed and the patient told."

CANCEL_REASONS = ("cannot_come", "feeling_better", "other_reason")
"""What patients pick when they cancel."""
