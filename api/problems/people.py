"""Signing in, logins, rights and API keys."""

from __future__ import annotations

from collections.abc import Mapping

from api.problems.answer import Answer

ANSWERS: Mapping[str, Answer] = {
    "unauthenticated": Answer(
        "Not signed in", "Send a valid session token or API key as Authorization: Bearer.", 401
    ),
    "sign-in-refused": Answer(
        "Sign-in refused", "E-mail or password is wrong, or the account is locked for a while.", 401
    ),
    "code-needed": Answer("Code needed", "This login has a second factor: send its code too.", 401),
    "code-refused": Answer("Code refused", "The code is wrong, was used before, or is too old.", 401),
    "factor-already-on": Answer(
        "On already", "A second factor is set up; switch it off first to change it.", 409
    ),
    "oidc-refused": Answer("Sign-in refused", "{provider} did not sign you in.", 401),
    "oidc-expired": Answer(
        "Begin again", "This sign-in took too long, or was begun in another browser. Begin again.", 401
    ),
    "oidc-answer-invalid": Answer(
        "Answer not believed",
        "What {provider} answered could not be verified, so nobody was signed in. Begin again; if it stays so, tell"
        " your administrator.",
        401,
    ),
    "oidc-email-unverified": Answer(
        "Address not verified",
        "{provider} names no e-mail address that it has verified as yours. Verify it there, or use your password.",
        403,
    ),
    "oidc-no-account": Answer(
        "No account here",
        "There is no account for {email}. Your administrator can make one; signing in makes none.",
        403,
    ),
    "oidc-unavailable": Answer(
        "Cannot be reached",
        "{provider} cannot be reached just now. Try again in a moment, or sign in with your password.",
        503,
    ),
    "form-expired": Answer(
        "Form expired", "The form was opened in another session; open the page again.", 403
    ),
    "cross-site-request": Answer(
        "Cross-site request refused", "A page of another site sent this request.", 403
    ),
    "session-required": Answer("Session required", "An API key is no session.", 403),
    "forbidden": Answer("Not allowed", "Your role does not allow this.", 403),
    "role-not-allowed": Answer("Not allowed", "Your role does not allow this.", 403),
    "scope-missing": Answer("Key not allowed", "The API key lacks the scope {scope}.", 403),
    "expiry-in-the-past": Answer("Expiry in the past", "The key would have expired already."),
    "grant-not-yours": Answer("Grant not allowed", "You cannot give the role {role} there.", 403),
    "grant-outside-company": Answer(
        "Grant not allowed",
        "Somebody of a client has roles over their own company alone; {role} was to reach beyond it.",
    ),
    "person-unknown": Answer("Unknown person", "There is no such active person."),
    "email-taken": Answer("Address taken", "A login with this e-mail address exists.", 409),
    "address-invalid": Answer("No address", "Give one e-mail address, such as name@company.example."),
}
