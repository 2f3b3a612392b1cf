"""How the rules of payouts say no."""

from crm.kit.errors import Denied, DomainError, Locked


class DuplicatePeriod(DomainError):
    """This contract has a payout for the month; `existing_id` says which."""

    code = "duplicate_period"


class ContractInactive(DomainError):
    """The contract does not run in that time."""

    code = "contract_inactive"
    status = 422


class PeriodOpen(DomainError):
    """The month is not over."""

    code = "period_not_closed"
    status = 422


class FuturePeriod(DomainError):
    """The month has not begun."""

    code = "future_period"
    status = 422


class NegativeNet(DomainError):
    """Nothing would be left to pay."""

    code = "negative_net"
    status = 422


class TotalMismatch(DomainError):
    """The caller expected another amount; `net_kobo` is ours."""

    code = "total_mismatch"
    status = 422


class NotDraftable(DomainError):
    """Something the computation needs is missing; `reason` says what."""

    code = "not_draftable"
    status = 422


class RunInProgress(DomainError):
    """A run of this month is at work just now."""

    code = "run_in_progress"


class InvalidTransition(DomainError):
    """It does not stand where this step begins; `allowed` are the steps that do."""

    code = "invalid_transition"


class FourEyes(Denied):
    """Whoever drafted or submitted a payout does not approve it, and the house approves none."""

    code = "four_eyes"


class SecondFactorNeeded(Denied):
    """Money is approved by somebody who signed in with a second factor."""

    code = "second_factor_needed"


class BankAccountChanged(Locked):
    """The owner's account changed; `until` is when it may be paid into."""

    code = "bank_account_changed"


class BankAccountNotReady(DomainError):
    """The owner has no account, or nobody verified it."""

    code = "bank_unverified"
    status = 422


class FiguresChanged(DomainError):
    """Revenue came in since it was drafted: reject it and draft it again."""

    code = "figures_changed"


class AlreadyCarried(DomainError):
    """A later payout began with what this one left over; that one must go first."""

    code = "already_carried"


class CarriedMeanwhile(DomainError):
    """The rest it was to begin with went into another payout just now: draft it again."""

    code = "carried_meanwhile"


class NothingToPay(DomainError):
    """No approved payout is left to put into the file."""

    code = "nothing_to_pay"
