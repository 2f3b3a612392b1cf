"""Who owns what, and on which terms: one contract of each model, and the turns they can take."""

from dataclasses import dataclass

from crm.contracts.terms import Deduction, Terms, Tier
from crm.models import Basis, ContractModel, OwnerKind, TaxCategory

_NAIRA = 100
_MILLION = 1_000_000 * _NAIRA
_PERSON, _COMPANY = OwnerKind.INDIVIDUAL, OwnerKind.COMPANY
_RENT, _SERVICES = TaxCategory.RENT, TaxCategory.SERVICES
_INSURANCE = Deduction("insurance", "Building insurance", amount_kobo=150_000 * _NAIRA)
_UPKEEP = Deduction("upkeep", "Upkeep fund", bps=500, cap_kobo=400_000 * _NAIRA)
_RISING = (Tier(20 * _MILLION, 1_000), Tier(30 * _MILLION, 1_500), Tier(None, 2_000))
_BANDS = (Tier(15 * _MILLION, 800), Tier(25 * _MILLION, 1_000), Tier(None, 1_200))


@dataclass(frozen=True, slots=True)
class Agreement:
    """An owner, the hospital, whether there is a tax number, and what was agreed."""

    name: str
    kind: OwnerKind
    hospital: str
    terms: Terms
    has_tin: bool = True


AGREEMENTS = (
    Agreement(
        "Adeyemi Properties Ltd",
        _COMPANY,
        "IKJ",
        Terms(
            model=ContractModel.PERCENTAGE,
            tax_category=_RENT,
            share_bps=1_250,
            deductions=(_INSURANCE, _UPKEEP),
            excluded_service_lines=("Pharmacy",),
        ),
    ),
    Agreement(
        "Chief Olufemi Salako",
        _PERSON,
        "IKJ",
        Terms(model=ContractModel.MARGINAL_TIERS, tax_category=_RENT, tiers=_RISING),
    ),
    Agreement(
        "Ikeja Medical Towers Plc",
        _COMPANY,
        "IKJ",
        Terms(model=ContractModel.FIXED, tax_category=_RENT, fixed_kobo=3 * _MILLION),
    ),
    Agreement(
        "Alhaja Hadiza Bello",
        _PERSON,
        "WUS",
        Terms(
            model=ContractModel.PERCENTAGE,
            tax_category=_RENT,
            share_bps=1_000,
            minimum_guarantee_kobo=2_750_000 * _NAIRA,
            is_guarantee_recoupable=True,
        ),
        has_tin=False,
    ),
    Agreement(
        "Wuse Health Partners",
        _COMPANY,
        "WUS",
        Terms(
            model=ContractModel.BAND_TIERS,
            tax_category=_SERVICES,
            basis=Basis.BILLED,
            tiers=_BANDS,
        ),
    ),
    Agreement(
        "Engr Nnamdi Okonkwo",
        _PERSON,
        "WUS",
        Terms(
            model=ContractModel.HYBRID,
            tax_category=_RENT,
            fixed_kobo=800_000 * _NAIRA,
            share_bps=400,
            cap_kobo=2 * _MILLION,
        ),
    ),
    Agreement(
        "Briggs Family Trust",
        _COMPANY,
        "PHC",
        Terms(
            model=ContractModel.PERCENTAGE,
            tax_category=_RENT,
            share_bps=900,
            minimum_payout_kobo=1_700_000 * _NAIRA,
        ),
    ),
    Agreement(
        "Mrs Ibiso Amachree",
        _PERSON,
        "PHC",
        Terms(
            model=ContractModel.PERCENTAGE,
            tax_category=_RENT,
            share_bps=120,
            deductions=(_INSURANCE,),
        ),
    ),
)
