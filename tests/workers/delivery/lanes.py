"""The lane that messages wait in here, and a carrier that says no."""

from bot.channels.carrier import Option
from crm.models import Lane

LANE = Lane.UTILITY.value

YES_NO = [Option("yes", "Yes"), Option("no", "No")]


def fail(error):
    def script(_parcel):
        raise error

    return script
