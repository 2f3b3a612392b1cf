"""How the rules of points say no."""

from crm.kit.errors import DomainError, Gone, NotFound


class NotEnrolled(NotFound):
    """The patient has no points account yet."""

    code = "not_enrolled"


class AccountFrozen(DomainError):
    """Points do not move on this account: it is frozen or closed."""

    code = "account_frozen"
    status = 422


class NotAwarded(DomainError):
    """The event earns nothing; the subclass says why."""

    code = "not_awarded"
    status = 422


class RuleInactive(NotAwarded):
    """There is no such earning rule, or it is switched off."""

    code = "rule_inactive"


class NothingEarned(NotAwarded):
    """The amount is too small for a point."""

    code = "nothing_earned"


class CapReached(NotAwarded):
    """The member has had as many of these awards today as the rule allows."""

    code = "cap_reached"


class AlreadyAwarded(NotAwarded):
    """The event has earned its points before; `facts["transaction_id"]` says where."""

    code = "already_awarded"
    status = 409


class NothingToReverse(DomainError):
    """The points were taken back before, have expired, or never came in."""

    code = "nothing_to_reverse"


class RewardEnded(Gone):
    """The reward is not given now: its time is over or has not come, or it was paused."""

    code = "reward_ended"


class NotEligible(DomainError):
    """The reward is not for this member; `facts["reasons"]` says why."""

    code = "not_eligible"
    status = 422


class LimitReached(DomainError):
    """The member has had as many as one may; `facts["resets_on"]` is when there are more."""

    code = "limit_reached"


class OutOfStock(DomainError):
    """There are not so many left."""

    code = "out_of_stock"


class InsufficientPoints(DomainError):
    """It costs more than there is: `facts["needed"]` and `facts["available"]`."""

    code = "insufficient_points"


class SameApprover(DomainError):
    """Whoever asked for the points may not approve them."""

    code = "same_approver"
    status = 403


class AlreadyDecided(DomainError):
    """Somebody has decided it before."""

    code = "already_decided"


class CodeRefused(DomainError):
    """The code gets nothing; `facts["reason"]` says whether it was used, cancelled or is late."""

    code = "code_refused"


class CodeUnknown(NotFound):
    """There is no such code; `facts["tries_left"]` says how often one may still try."""

    code = "code_unknown"
    keeps = True


class TooManyTries(DomainError):
    """Too many wrong codes: `facts["until"]` is when one may try again."""

    code = "too_many_tries"
    status = 429


class LedgerBroken(Exception):
    """The lots do not add up to the balance. Nothing was written; the invariants say where."""
