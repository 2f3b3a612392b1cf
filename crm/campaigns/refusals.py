"""Why a campaign does not go on."""

from crm.kit.errors import Denied, DomainError, Invalid


class InvalidState(DomainError):
    """A campaign takes one step after another; see `MOVES`."""

    code = "invalid_state"


class AudienceChanged(DomainError):
    """More or fewer people would hear it than the caller has seen."""

    code = "audience_changed"


class ApprovalRequired(Denied):
    """A second person approves it first."""

    code = "approval_required"


class SameApprover(Denied):
    """Whoever made a campaign does not approve it."""

    code = "four_eyes"


class BudgetExceeded(DomainError):
    """It would cost more than it may."""

    code = "budget_exceeded"
    status = 422


class EmptyAudience(DomainError):
    """Nobody would hear it."""

    code = "empty_audience"
    status = 422


class TemplateUnfit(Invalid):
    """The template cannot be sent on a channel of the plan, or is for something else."""

    code = "template_not_approved"
