"""Signing in and out: staff by password, patients and owners by a code to their phone."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from flask import request
from pydantic import Field, StringConstraints

from bot.channels.carrier import Channel
from crm import one_time_codes, patients, sign_in, users
from crm.api.kit import Body, Data, Door, Empty, Out, call, needs, public
from crm.api.kit.fields import Email, PhoneText
from crm.kit.errors import DomainError
from crm.kit.permissions import PERMISSIONS, Kind, Permission
from crm.models import AccountKind, CodePurpose, SignIn
from crm.sign_in import Device, Tokens

door = Door("sign_in", __name__)

Secret = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=False)]
SixDigits = Annotated[str, StringConstraints(pattern=r"^\d{6}$")]


class PasswordBody(Body):
    """E-mail, password and, where one is set up, the authenticator's code."""

    email: Email
    password: Secret
    code: SixDigits | None = None


class TokensOut(Out):
    """What to send with each request, and what to renew it with."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 -- the scheme's name
    expires_in_s: int

    @classmethod
    def of(cls, tokens: Tokens) -> "TokensOut":
        """From what signing in gave."""
        return cls(
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_in_s=tokens.expires_in_s,
        )


@door.post("/auth/sign-in")
@public("one signs in here")
@door.input(PasswordBody)
@door.output(Data[TokensOut])
def with_password(json_data: PasswordBody) -> Data[TokensOut]:
    """Sign in with e-mail and password."""
    _, tokens = sign_in.with_password(
        call.session,
        call.wiring.passwords,
        call.wiring.tokens,
        email=json_data.email,
        password=json_data.password,
        code=json_data.code,
        device=_device(),
        now=call.now,
    )
    return Data(data=TokensOut.of(tokens))


class CodeRequest(Body):
    """The phone of a patient or an owner."""

    phone: PhoneText
    channel: Literal["sms", "whatsapp"] = "sms"
    kind: Literal["patient", "owner"] = "patient"
    language: Literal["en", "pcm"] = "en"


class CodeSentOut(Out):
    """The challenge to answer; it looks the same for numbers we do not know."""

    challenge_id: UUID
    expires_at: datetime


@door.post("/auth/codes")
@public("one asks for a code before signing in")
@door.input(CodeRequest)
@door.output(Data[CodeSentOut], status_code=202)
def send_code(json_data: CodeRequest) -> Data[CodeSentOut]:
    """Send a six-digit code to a phone we know."""
    id_, ends = one_time_codes.send(
        call.session,
        channel=Channel(json_data.channel),
        value=json_data.phone,
        kind=AccountKind(json_data.kind),
        purpose=CodePurpose.SIGN_IN,
        language=json_data.language,
        now=call.now,
    )
    return Data(data=CodeSentOut(challenge_id=id_, expires_at=ends))


class CodeBody(Body):
    """The code, and for a family's phone whose records are meant."""

    code: SixDigits
    account_id: UUID | None = None


class ChoosePerson(DomainError):
    """The phone speaks for several people: say which; `facts["choices"]` names them."""

    code = "choose_person"


@door.post("/auth/codes/<uuid:challenge_id>/verify")
@public("the code is what one signs in with")
@door.input(CodeBody)
@door.output(Data[TokensOut])
def with_code(challenge_id: UUID, json_data: CodeBody) -> Data[TokensOut]:
    """Sign in with the code that came."""
    challenge = one_time_codes.check(
        call.session, challenge_id, json_data.code, purpose=CodePurpose.SIGN_IN, now=call.now
    )
    people = _people(challenge.kind, challenge.address_id)
    chosen = _choose(people, json_data.account_id)
    one_time_codes.spend(call.session, challenge, now=call.now)
    tokens = sign_in.start(
        call.session, call.wiring.tokens, challenge.kind, chosen, device=_device(), now=call.now
    )
    return Data(data=TokensOut.of(tokens))


def _people(kind: AccountKind, address_id: UUID) -> dict[UUID, str]:
    """Whose records this address may open, by first name."""
    if kind is AccountKind.OWNER:
        from crm import owners  # noqa: PLC0415

        return {owner.id: owner.name for owner in owners.held_by(call.session, address_id)}
    held = patients.held_by(call.session, address_id)
    return {patient.id: patient.first_name for patient, _ in held}


def _choose(people: dict[UUID, str], wanted: UUID | None) -> UUID:
    if not people:
        raise one_time_codes.WrongCode("That code is not right, or it has expired.")
    if wanted in people:
        return wanted
    if len(people) == 1 and wanted is None:
        return next(iter(people))
    choices = [{"account_id": str(id_), "name": name} for id_, name in people.items()]
    raise ChoosePerson("This phone speaks for several people: say for whom.", choices=choices)


class RefreshBody(Body):
    """The newest refresh token."""

    refresh_token: Secret


@door.post("/auth/refresh")
@public("the refresh token is the proof")
@door.input(RefreshBody)
@door.output(Data[TokensOut])
def refresh(json_data: RefreshBody) -> Data[TokensOut]:
    """Renew the tokens; the refresh token counts once."""
    tokens = sign_in.refresh(
        call.session, call.wiring.tokens, json_data.refresh_token, now=call.now
    )
    return Data(data=TokensOut.of(tokens))


@door.post("/auth/sign-out")
@needs(Permission.OWN_READ)
@door.output(Empty, status_code=204)
def sign_out() -> Empty:
    """End this sign-in."""
    actor = call.actor
    if actor.session_id is not None:
        sign_in.end(call.session, actor.session_id, account_id=actor.id, now=call.now)
    return Empty()


# -- me -------------------------------------------------------------------------------------------


class GrantOut(Out):
    """A role, at one hospital or at all."""

    role: str
    hospital_id: UUID | None


class MeOut(Out):
    """Who the caller is and what they may do."""

    id: UUID | None
    kind: Kind
    name: str
    grants: list[GrantOut]
    permissions: list[str]
    has_second_factor: bool


@door.get("/me")
@needs(Permission.OWN_READ)
@door.output(Data[MeOut])
def me() -> Data[MeOut]:
    """Who I am and what I may do."""
    actor = call.actor
    permissions = {p.value for role in actor.roles for p in PERMISSIONS[role]}
    shown = MeOut(
        id=actor.id,
        kind=actor.kind,
        name=actor.name,
        grants=[GrantOut(role=role, hospital_id=place) for role, place in actor.grants],
        permissions=sorted(permissions),
        has_second_factor=actor.is_strongly_signed_in,
    )
    return Data(data=shown)


class SignInOut(Out):
    """One device that is signed in."""

    id: UUID
    device: str
    address: str
    created_at: datetime
    used_at: datetime
    is_this_one: bool

    @classmethod
    def of(cls, signed: SignIn) -> "SignInOut":
        """From its row."""
        return cls(
            id=signed.id,
            device=signed.device,
            address=signed.address,
            created_at=signed.created_at,
            used_at=signed.used_at,
            is_this_one=signed.id == call.actor.session_id,
        )


@door.get("/me/sign-ins")
@needs(Permission.OWN_READ)
@door.output(Data[list[SignInOut]])
def my_sign_ins() -> Data[list[SignInOut]]:
    """Where I am signed in."""
    alive = sign_in.alive(call.session, call.actor.id, now=call.now)
    return Data(data=[SignInOut.of(each) for each in alive])


@door.delete("/me/sign-ins/<uuid:sign_in_id>")
@needs(Permission.OWN_READ)
@door.output(Empty, status_code=204)
def end_sign_in(sign_in_id: UUID) -> Empty:
    """Sign one of my devices out."""
    sign_in.end(call.session, sign_in_id, account_id=call.actor.id, now=call.now)
    return Empty()


class NewPasswordBody(Body):
    """The password of today, and the one from now on."""

    password: Secret
    new_password: Secret


@door.post("/me/password")
@needs(Permission.OWN_READ)
@door.input(NewPasswordBody)
@door.output(Empty, status_code=204)
def change_password(json_data: NewPasswordBody) -> Empty:
    """Choose a new password; every other device is signed out."""
    user = users.myself(call.session, call.actor)
    users.check_password(
        call.session, call.wiring.passwords, user, json_data.password, now=call.now
    )
    users.set_password(
        call.session, call.wiring.passwords, user, json_data.new_password, now=call.now
    )
    sign_in.end_all(
        call.session,
        user.id,
        reason="the password was changed",
        now=call.now,
        but=call.actor.session_id,
    )
    return Empty()


class SecondFactorOut(Out):
    """What to put into an authenticator."""

    secret: str
    uri: str


@door.post("/me/second-factor")
@needs(Permission.OWN_READ)
@door.output(Data[SecondFactorOut], status_code=201)
def begin_second_factor() -> Data[SecondFactorOut]:
    """Begin to set up an authenticator; it counts from the first right code on."""
    secret, uri = users.begin_second_factor(call.session, users.myself(call.session, call.actor))
    return Data(data=SecondFactorOut(secret=secret, uri=uri))


class SecondFactorBody(Body):
    """The authenticator's code."""

    code: SixDigits


@door.post("/me/second-factor/confirm")
@needs(Permission.OWN_READ)
@door.input(SecondFactorBody)
@door.output(Empty, status_code=204)
def confirm_second_factor(json_data: SecondFactorBody) -> Empty:
    """Switch the authenticator on."""
    user = users.myself(call.session, call.actor)
    users.confirm_second_factor(call.session, user, json_data.code, now=call.now)
    return Empty()


class RemoveBody(Body):
    """The password, to be sure."""

    password: Secret = Field(description="Today's password.")


@door.post("/me/second-factor/remove")
@needs(Permission.OWN_READ)
@door.input(RemoveBody)
@door.output(Empty, status_code=204)
def remove_second_factor(json_data: RemoveBody) -> Empty:
    """Switch the authenticator off."""
    user = users.myself(call.session, call.actor)
    users.check_password(
        call.session, call.wiring.passwords, user, json_data.password, now=call.now
    )
    users.remove_second_factor(call.session, user)
    return Empty()


def _device() -> Device:
    return Device(request.remote_addr or "", request.headers.get("User-Agent", "unknown"))
