"""A carrier on loopback: Twilio's and SendGrid's HTTP, by their rules; it forgets nothing.

Numbers that misbehave by themselves begin with ``+234914999``; the last four digits choose:
0001 refused as invalid, 0002 as a landline, 0003 as opted out; 0004 not on WhatsApp,
0005 unreachable, 0006 unknown, 0007 filtered; 0008 answers 429, 0009 answers 500 and accepts
nothing, 0010 accepts and loses the answer, 0011 answers after five seconds, 0012 has no
receipts, 0013 has them reordered, 0014 twice; 0015 is withheld by Meta. Template names that
begin with ``reject`` are rejected. E-mail addresses that misbehave have these names before the @:
bounce, blocked, dropped, spam, leaving, refused, busy, lost, slow, silent. Everything else is a
switch in ``faults.NAMES``.

After STOP on SMS the pair lets exactly one more text pass, the product's confirmation.
"""

from bot.sandbox.app import create_sandbox
from bot.sandbox.settings import SandboxSettings

__all__ = ["SandboxSettings", "create_sandbox"]
