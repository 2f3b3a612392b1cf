"""A conversation played again from its messages against today's code, and the differences.

Nothing is sent and nothing is kept: the talk lives in memory, and what today's code asks the house
beyond what it answered then is undone.
"""

from conversations.replay.again import Turn, replay
from conversations.replay.columns import side_by_side
from conversations.replay.past import NoSuchTalk

__all__ = ["NoSuchTalk", "Turn", "replay", "side_by_side"]
