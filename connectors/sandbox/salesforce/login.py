"""Logins: the OAuth token endpoint with four grants, and SOAP login() as simple-salesforce sends it."""

import base64
import html
import re
import time
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import orjson

from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.salesforce.org import Org

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SOAP_VERSIONS = tuple(f"{number}.0" for number in range(31, 65))  # login() is gone from 65.0
XML = "text/xml; charset=utf-8"
Form = dict[str, str]


class OAuthRefusal(Exception):  # noqa: N818 - the service refuses; nothing went wrong in it
    """A refusal of the token endpoint: OAuth's error and description."""


class Login:
    """The endpoints that need no session; none of them counts as an API call."""

    def __init__(self, org: Org) -> None:
        """Knows one client application and one user."""
        self._org = org
        self._grants: dict[str, Callable[[Form], Form]] = {
            "client_credentials": self._client_credentials,
            "password": self._password,
            "refresh_token": self._refresh_token,
            JWT_GRANT: self._jwt_bearer,
        }

    def token(self, call: Call) -> Answer:
        """POST /services/oauth2/token."""
        form = dict(parse_qsl(call.body.decode("utf-8", errors="replace")))
        form.update(_basic_credentials(call), base_url=call.base_url)
        grant = self._grants.get(form.get("grant_type", ""))
        try:
            if grant is None:
                raise OAuthRefusal("unsupported_grant_type", "grant type not supported")
            extra = grant(form)
        except OAuthRefusal as refusal:
            error, description = refusal.args
            return Answer.of({"error": error, "error_description": description}, status=400)
        org = self._org
        return Answer.of(
            {
                "access_token": org.tokens.issue(),
                "signature": "c2FuZGJveA==",
                "instance_url": call.base_url,
                "id": f"{call.base_url}/id/{org.org_id}/{org.user_id}",
                "token_type": "Bearer",
                "issued_at": str(int(org.state.clock.timestamp() * 1000)),
                **extra,
            }
        )

    def revoke(self, call: Call) -> Answer:
        """POST /services/oauth2/revoke: an access or refresh token is over."""
        form = dict(parse_qsl(call.body.decode("utf-8", errors="replace")))
        token = form.get("token") or call.query.get("token") or ""
        if not self._org.tokens.revoke(token):
            error = {"error": "unsupported_token_type", "error_description": "this token type is not supported"}
            return Answer.of(error, status=400)
        return Answer()

    def soap(self, call: Call) -> Answer:
        """POST /services/Soap/u/{version}: the login operation only."""
        text = call.body.decode("utf-8", errors="replace")
        credentials = self._org.state.credentials
        if call.path_params["version"] not in SOAP_VERSIONS:
            return _soap_fault("UNSUPPORTED_API_VERSION", "SOAP login() is not available in this API version")
        expected = credentials.salesforce_password + credentials.salesforce_security_token
        trusted_network = "organizationId" in text  # no security token is sent with an organization id
        given = _element(text, "password")
        is_known = given == expected or (trusted_network and given == credentials.salesforce_password)
        if _element(text, "username") != credentials.salesforce_username or not is_known:
            message = "Invalid username, password, security token; or user locked out."
            return _soap_fault("INVALID_LOGIN", message)
        org = self._org
        url = f"{call.base_url}/services/Soap/u/{call.path_params['version']}/{org.org_id[:15]}"
        body = (
            f"<loginResponse><result><passwordExpired>false</passwordExpired><sandbox>true</sandbox>"
            f"<serverUrl>{url}</serverUrl><sessionId>{org.tokens.issue()}</sessionId><userId>{org.user_id}</userId>"
            f"<userInfo><organizationId>{org.org_id}</organizationId>"
            f"<sessionSecondsValid>7200</sessionSecondsValid></userInfo></result></loginResponse>"
        )
        return Answer(_envelope(body), media_type=XML)

    def _client_credentials(self, form: Form) -> Form:
        self._check_client(form)
        return {"scope": "api", "api_instance_url": "https://api.salesforce.com"}

    def _password(self, form: Form) -> Form:
        self._check_client(form)
        credentials = self._org.state.credentials
        expected = credentials.salesforce_password + credentials.salesforce_security_token
        if (form.get("username"), form.get("password")) != (credentials.salesforce_username, expected):
            raise OAuthRefusal("invalid_grant", "authentication failure")
        return {}

    def _refresh_token(self, form: Form) -> Form:
        """An app with rotation gets the next refresh token, and its own is spent; without rotation none is sent."""
        self._check_client(form)
        given, rotates = form.get("refresh_token", ""), self._org.state.rotates_refresh_tokens
        following = self._org.tokens.rotate(given) if rotates else self._org.tokens.find_refresh(given)
        if following is None:
            raise OAuthRefusal("invalid_grant", "expired access/refresh token")
        return {"scope": "refresh_token api", **({"refresh_token": following} if rotates else {})}

    def _jwt_bearer(self, form: Form) -> Form:
        """Checks the assertion; its signature only once the app has a certificate (edit `register_certificate`)."""
        assertion = form.get("assertion", "")
        claims = _claims(assertion)
        credentials = self._org.state.credentials
        if claims.get("iss") != credentials.salesforce_client_id:
            raise OAuthRefusal("invalid_client_id", "client identifier invalid")
        if not _is_signed(assertion, self._org.state.salesforce_certificate):
            raise OAuthRefusal("invalid_grant", "invalid assertion")
        expires = str(claims.get("exp", ""))  # simple-salesforce sends text
        if not expires.isdecimal():
            raise OAuthRefusal("invalid_grant", "invalid assertion")
        if int(expires) < time.time():  # the signer has no other clock than the wall's
            raise OAuthRefusal("invalid_grant", "expired assertion")
        if not _is_audience(str(claims.get("aud", "")), form["base_url"]):
            raise OAuthRefusal("invalid_grant", "audience is invalid")
        if claims.get("sub") != credentials.salesforce_username:
            raise OAuthRefusal("invalid_grant", "user hasn't approved this consumer")
        return {"scope": "api"}

    def _check_client(self, form: Form) -> None:
        credentials = self._org.state.credentials
        if form.get("client_id") != credentials.salesforce_client_id:
            raise OAuthRefusal("invalid_client_id", "client identifier invalid")
        if form.get("client_secret") != credentials.salesforce_client_secret:
            raise OAuthRefusal("invalid_client", "invalid client credentials")


def _basic_credentials(call: Call) -> Form:
    scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    client_id, _, secret = base64.b64decode(encoded).decode("utf-8", errors="replace").partition(":")
    return {"client_id": client_id, "client_secret": secret}


def _claims(assertion: str) -> dict[str, object]:
    parts = assertion.split(".")
    if len(parts) != 3:
        raise OAuthRefusal("invalid_grant", "invalid assertion")
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError as error:
        raise OAuthRefusal("invalid_grant", "invalid assertion") from error
    return claims if isinstance(claims, dict) else {}


def _is_signed(assertion: str, public_key: str | None) -> bool:
    """Whether the private half of the app's certificate signed it, by RS256 and nothing else."""
    if public_key is None:
        return True
    # heavy, and only for tests of this login
    import jwt

    try:
        jwt.decode(assertion, public_key, algorithms=["RS256"], options={"verify_aud": False, "verify_exp": False})
    except jwt.PyJWTError:
        return False
    return True


def _is_audience(audience: str, base_url: str) -> bool:
    """The login hosts, or the org's own address."""
    return audience.rstrip("/") == base_url or (urlsplit(audience).hostname or "").endswith(".salesforce.com")


def _element(xml: str, name: str) -> str:
    found = re.search(rf"<(?:\w+:)?{name}>(.*?)</", xml, re.DOTALL)
    return html.unescape(found[1]) if found else ""


def _soap_fault(code: str, message: str) -> Answer:
    body = (
        f"<soapenv:Fault><faultcode>{code}</faultcode><faultstring>{code}: {message}</faultstring><detail>"
        f'<sf:LoginFault xmlns:sf="urn:fault.partner.soap.sforce.com"><sf:exceptionCode>{code}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{message}</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault>"
    )
    return Answer(_envelope(body), status=500, media_type=XML)


def _envelope(body: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope'
        ' xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    ).encode()
