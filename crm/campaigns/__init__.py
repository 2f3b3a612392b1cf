"""Campaigns: whom a text is for, who of them hears it, and what became of each."""

from crm.campaigns.audience import Share, owners_matching, shares
from crm.campaigns.fanning import AHEAD, BATCH, fan_out, running, start_due
from crm.campaigns.filters import compile_filter
from crm.campaigns.listing import (
    Wanted,
    addresses_of,
    names_of,
    reasons,
    recipients_of,
    search,
)
from crm.campaigns.outcomes import finish, follow
from crm.campaigns.previews import Preview, Sample, preview
from crm.campaigns.recipients import counted
from crm.campaigns.refusals import (
    ApprovalRequired,
    AudienceChanged,
    BudgetExceeded,
    EmptyAudience,
    InvalidState,
    SameApprover,
    TemplateUnfit,
)
from crm.campaigns.scheduled import Processed, process_scheduled
from crm.campaigns.steps import (
    MOVES,
    Plan,
    approve,
    cancel,
    draft,
    execute,
    get,
    pause,
    resume,
    retry_failed,
)
from crm.campaigns.trying import try_out

__all__ = [
    "AHEAD",
    "BATCH",
    "MOVES",
    "ApprovalRequired",
    "AudienceChanged",
    "BudgetExceeded",
    "EmptyAudience",
    "InvalidState",
    "Plan",
    "Preview",
    "Processed",
    "SameApprover",
    "Sample",
    "Share",
    "TemplateUnfit",
    "Wanted",
    "addresses_of",
    "approve",
    "cancel",
    "compile_filter",
    "counted",
    "draft",
    "execute",
    "fan_out",
    "finish",
    "follow",
    "get",
    "names_of",
    "owners_matching",
    "pause",
    "preview",
    "process_scheduled",
    "reasons",
    "recipients_of",
    "resume",
    "retry_failed",
    "running",
    "search",
    "shares",
    "start_due",
    "try_out",
]
