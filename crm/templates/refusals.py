"""How templates say no."""

from crm.kit.errors import DomainError, Invalid


class VariableMissing(Invalid):
    """A value is missing, unknown, or not of its type; nothing is sent with a gap in it."""

    code = "template_variable_missing"


class Unrenderable(Invalid):
    """The words cannot be sent on this channel."""

    code = "template_invalid"


class NotApproved(DomainError):
    """No version of this template may be sent."""

    code = "template_not_approved"
    status = 422


class WrongStatus(DomainError):
    """A version takes one step after another: draft, submitted, approved or rejected, archived."""

    code = "invalid_transition"


class SameAuthor(DomainError):
    """Whoever wrote the words does not approve them."""

    code = "four_eyes"
    status = 403


class Taken(DomainError):
    """There is such a template already."""

    code = "template_exists"
