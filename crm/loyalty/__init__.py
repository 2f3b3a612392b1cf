"""Points: earned, taken back, spent, expired; tiers, rewards and the codes that get them.

The account's row in `loyalty_points` is the lock under which its points move. The ledger is the
balance: what the row says is what the transactions add up to, and what the open lots hold.
"""

from crm.loyalty.accounts import enrol
from crm.loyalty.earning import Award, award, earn
from crm.loyalty.reversing import Reversal, reverse, reverse_transaction

__all__ = [
    "Award",
    "Reversal",
    "award",
    "earn",
    "enrol",
    "reverse",
    "reverse_transaction",
]
