"""Words that would tell a bystander what somebody suffers from: a phone is seen by many eyes.

The list holds what costs people their work, marriage or safety when read by others (National
Health Act 2014 s. 26). It screens what staff write to patients; it does not understand, so a
reason overrides it.
"""

import re
import unicodedata
from collections.abc import Sequence

_WORDS = (
    r"hiv", r"aids", r"retroviral", r"antiretrovirals?", r"arvs?", r"cd4", r"viral load",
    r"tb", r"tuberculosis", r"hepatitis", r"syphilis", r"gonorrh?o?ea", r"chlamydia", r"herpes",
    r"stds?", r"stis?", r"sexually transmitted", r"venereal",
    r"pregnan\w*", r"antenatal", r"abortions?", r"miscarriages?", r"contracepti\w*",
    r"family planning", r"infertil\w*", r"fertility", r"ivf", r"sperm\w*",
    r"psychiatr\w*", r"schizo\w*", r"bipolar", r"depress\w*", r"suicid\w*", r"mental health",
    r"addict\w*", r"rehab\w*", r"drug abuse", r"alcoholi\w*", r"methadone",
    r"cancers?", r"chemo\w*", r"tumou?rs?", r"oncolog\w*", r"biopsy", r"biopsies",
    r"sickle cell", r"genotype", r"epilep\w*", r"leprosy", r"fgm", r"rape\w*", r"dementia",
    # Hausa, Yoruba, Igbo and Pidgin, without marks
    r"kanjamau", r"juna biyu", r"tarin fuka", r"tabin hankali",
    r"oyun", r"eedi", r"iko ife", r"jejere",
    r"afo ime", r"mminwu", r"ukwara nta", r"isi mgbaka",
    r"(?:get|carry) belle",
)  # fmt: skip
_SENSITIVE = re.compile(rf"(?<!\w)(?:{'|'.join(_WORDS)})(?!\w)")


def sensitive_words(text: str) -> Sequence[str]:
    """The sensitive words in a text, each once, in order."""
    return list(dict.fromkeys(_SENSITIVE.findall(_folded(text))))


def _folded(text: str) -> str:
    """Small letters without marks, and no trick with invisible ones."""
    spelt = unicodedata.normalize("NFKD", text.casefold())
    kept = (c for c in spelt if unicodedata.category(c) not in {"Mn", "Cf"})
    return re.sub(r"\s+", " ", "".join(kept))
