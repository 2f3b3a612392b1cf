"""The table of everything that happens by itself; business timers are rows, not entries here.

An entry: its name, when (every so many seconds, or a cron line on the Lagos clock), the job, the
lane it runs on and why. `python -m bot run NAME` runs one by hand.
"""

from workers.schedule.entries import Entry

_DELIVER = "workers.delivery.deliver"

SCHEDULE = (
    # -- beats: look for work that a lost signal, or a dead worker, left behind
    Entry("deliver-urgent", 2, _DELIVER, "urgent", "what no signal announced", ("urgent",)),
    Entry("deliver-utility", 2, _DELIVER, "utility", "the same", ("utility",)),
    Entry("deliver-bulk", 2, _DELIVER, "bulk", "the same", ("bulk",)),
    Entry("unanswered", 10, "workers.inbound.answer_waiting", "urgent", "a turn that failed"),
    Entry("leases", 5, "workers.delivery.reap", "utility", "a worker that died while sending"),
    Entry("unknown", 5, "workers.delivery.settle_unknown", "utility", "may have been sent"),
    Entry("campaigns", 2, "workers.campaigns.fan_out", "bulk", "campaigns that run"),
    Entry("progress", 5, "workers.campaigns.progress", "utility", "what became of their messages"),
    Entry("missed", 300, "workers.inbound.take_in_missed", "utility", "a door that was shut"),
    Entry("late", 30, "workers.schedule.runs.catch_up", "utility", "slots below that did not run"),
    Entry("payout-runs", 45, "workers.payouts.finish_runs", "bulk", "a run that was cut off"),
    # -- by the clock, each slot once
    Entry("holds", 60, "workers.housekeeping.release_holds", "utility", "times kept too long"),
    Entry("alerts", 60, "workers.housekeeping.alert_waiting", "utility", "people left waiting"),
    Entry("waitlist", 60, "workers.waitlist.offer_free", "utility", "times that became free"),
    Entry("no-shows", "*/10 * * * *", "workers.appointments.judge_unattended", "utility", "absent"),
    Entry("scheduled", 60, "workers.campaigns.scheduled", "utility", "messages set for later"),
    Entry("reminders", "0 * * * *", "workers.reminders.post_due", "utility", "visits ahead"),
    Entry("feedback", "*/15 * * * *", "workers.feedback.post_due", "utility", "visits past"),
    Entry("survey", "0 8 15 3,6,9,12 *", "workers.feedback.invite_owners", "utility", "quarters"),
    Entry("owners", "25 9-19 * * *", "workers.feedback.ask_owners", "utility", "owners to ask"),
    Entry("payouts", "0 0 1 * *", "workers.payouts.draft_month", "bulk", "the month before"),
    Entry("points", "0 0 * * *", "workers.loyalty.expire", "bulk", "points whose month is over"),
    Entry("codes", "5 * * * *", "workers.loyalty.close_late", "bulk", "codes not used in time"),
    Entry("points-notices", "0 10 * * *", "workers.loyalty.notify", "bulk", "points about to end"),
    Entry("points-check", "30 2 * * *", "workers.loyalty.check", "bulk", "the ledger's rules"),
    Entry("partitions", "20 0 * * *", "workers.housekeeping.make_partitions", "utility", "months"),
    Entry("templates", 60, "workers.templates.ensure", "utility", "words approved a moment ago"),
    Entry("judged", "50 * * * *", "workers.templates.ensure", "utility", "paused words", ("all",)),
    Entry("contents", "40 0 * * *", "workers.contents.ensure", "utility", "templates approved"),
    Entry("seals", "10 * * * *", "workers.housekeeping.seal_audit", "utility", "the audit log"),
    Entry("steps", "40 2 * * *", "workers.housekeeping.count_steps", "bulk", "where people stop"),
    Entry("purge", "0 3 * * *", "workers.housekeeping.purge", "utility", "what may not be kept"),
    Entry("retention", "20 3 * * *", "workers.privacy.forget_words", "bulk", "words grown old"),
    Entry(
        "privacy", "15 * * * *", "workers.privacy.watch_deadlines", "utility", "privacy's clocks"
    ),
)
