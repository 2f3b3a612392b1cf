"""The two doors a person holds: WhatsApp's 24-hour window and the SMS opt-out."""

from bot.sandbox.store import Store

WINDOW_S = 24 * 3600.0
STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE"}) | {
    "OPTOUT"
}
START_WORDS = frozenset({"START", "YES", "UNSTOP"})


def restart(store: Store, person: str, *, at: float) -> None:
    """Open the window for another 24 hours: the person has just written."""
    store.run("insert or replace into windows values (?, ?)", person, at)


def left_s(store: Store, person: str, *, at: float) -> float:
    """Seconds until the window closes; 0 when it is closed."""
    row = store.row("select last_inbound_at from windows where person = ?", person)
    return max(0.0, row["last_inbound_at"] + WINDOW_S - at) if row else 0.0


def hear(store: Store, *, sender: str, person: str, body: str) -> str | None:
    """Do the carrier's part of STOP and START; the answer is the product's."""
    word = body.strip().upper()
    if word in STOP_WORDS:
        store.run("insert or replace into opt_outs values (?, ?, 1)", sender, person)
        return "opted out"
    if word in START_WORDS and opted_out(store, sender, person):
        store.run("delete from opt_outs where sender = ? and person = ?", sender, person)
        return "opted in again"
    return None


def opted_out(store: Store, sender: str, person: str) -> bool:
    """Whether this person has closed the door to this sender."""
    sql = "select 1 from opt_outs where sender = ? and person = ?"
    return store.row(sql, sender, person) is not None


def may_pass(store: Store, sender: str, person: str) -> bool:
    """Whether a text may pass: after STOP only the one that confirms it."""
    sql = "select owes_answer from opt_outs where sender = ? and person = ?"
    with store.together():
        row = store.row(sql, sender, person)
        store.run(
            "update opt_outs set owes_answer = 0 where sender = ? and person = ?", sender, person
        )
    return row is None or bool(row["owes_answer"])
