"""Pages behind signed links: sign-off and survey, for people without a login."""
