"""Who pays beside the patient."""

from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from crm.models.base import Base, Dated, Identified


class InsurancePolicy(Identified, Dated, Base):
    """A patient's cover with one health maintenance organisation (HMO)."""

    __tablename__ = "insurance_policies"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient_profiles.id"), index=True)
    provider: Mapped[str]
    """The HMO's name."""
    plan: Mapped[str | None]
    policy_number_sealed: Mapped[bytes | None]
    expires_on: Mapped[date | None]
    """The last day of cover, in Lagos."""
