"""What the carrier says when it refuses, word for word where the vendor's words are known.

Codes below 30000 answer the call at once; the others come later, in a receipt.
"""

REASONS = {
    20001: "Parameter missing or invalid",
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "An internal server error has occurred",
    20503: "Service is unavailable. Please try again",
    21211: "Invalid 'To' Phone Number",
    21602: "Message body is required",
    21603: "A 'From' or 'MessagingServiceSid' parameter is required to send a message",
    21604: "A 'To' phone number is required",
    21606: "The 'From' phone number provided is not a valid message-capable Twilio phone number"
    " for this destination",
    21609: "The 'StatusCallback' URL is not a valid URL",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number has exceeded the maximum number of queued messages",
    21612: "The 'To' phone number is not currently reachable via SMS",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21620: "Invalid media URL(s)",
    21623: "Number of media files exceeds allowed limit",
    21654: "ContentSid Required",
    21655: "The ContentSid is Invalid",
    21656: "The ContentVariables Parameter is invalid",
    21701: "The Messaging Service does not exist",
    30003: "Unreachable destination handset",
    30005: "Unknown destination handset",
    30007: "Message filtered",
    30008: "Unknown error",
    63003: "Channel could not find To address",
    63007: "Twilio could not find a Channel with the specified From address",
    63013: "Channel policy violation",
    63016: "Failed to send freeform message because you are outside the allowed window."
    " If you are using WhatsApp, please use a Message Template.",
    63021: "Channel invalid content error",
    63024: "Invalid message recipient",
    63028: "Number of parameters provided does not match the expected number of parameters",
    63032: "We cannot send this message to this user because of a WhatsApp limitation",
    63049: "Meta chose not to deliver this marketing message",
}
HTTP_STATUS = {20003: 401, 20404: 404, 20429: 429, 20500: 500, 20503: 503}


class ApiError(Exception):
    """The carrier answers a call with an error document."""

    def __init__(self, code: int, detail: str = "") -> None:
        """Name the code, and what in this call brought it about."""
        self.code = code
        self.status = HTTP_STATUS.get(code, 400)
        self.message = f"{reason(code)}: {detail}" if detail else reason(code)
        super().__init__(self.message)

    def document(self) -> dict[str, object]:
        """The body of the answer."""
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }

    def headers(self) -> dict[str, str]:
        """The headers that belong to the answer."""
        return {"Retry-After": "1"} if self.status == HTTP_STATUS[20429] else {}


def reason(code: int | None) -> str:
    """A code in words."""
    return REASONS.get(code or 0, f"Error {code}")
