"""How the rules of contracts say no."""

from crm.kit.errors import DomainError


class ContractOverlap(DomainError):
    """This owner has a contract with this hospital in that time already."""

    code = "contract_overlap"


class ContractOver(DomainError):
    """The contract was ended or cancelled."""

    code = "contract_over"


class AlreadyRenewed(DomainError):
    """Another contract follows this one, named by `facts["contract_id"]`."""

    code = "already_renewed"


class MonthClosed(DomainError):
    """A payout of that month was approved; `facts["closed_through"]` is the last closed day."""

    code = "month_closed"
