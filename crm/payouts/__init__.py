"""Payouts: what owners are due, drafted by the month, approved by a second person, paid."""
