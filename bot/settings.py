"""What the operator sets in the environment. Nothing else is read from it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from store import location


class LogFormat(StrEnum):
    """How the log is written, always to stderr."""

    TEXT = "text"
    JSON = "json"


class SettingsError(Exception):
    """The environment cannot be used; one line a problem, each naming its variable."""


class Settings(BaseSettings):
    """The environment of `hitl serve`, by the names of the contract."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", populate_by_name=True, frozen=True
    )

    slack_bot_token: SecretStr | None = Field(None, alias="SLACK_BOT_TOKEN")
    slack_signing_secret: SecretStr | None = Field(None, alias="SLACK_SIGNING_SECRET")
    #: set: Socket Mode, and no public endpoint
    slack_app_token: SecretStr | None = Field(None, alias="SLACK_APP_TOKEN")
    database_url: str = Field("sqlite+aiosqlite:///hitl.db", alias="HITL_DATABASE_URL")
    config: Path = Field(Path("hitl.yml"), alias="HITL_CONFIG")
    api_host: str = Field("127.0.0.1", alias="HITL_API_HOST")
    api_port: int = Field(8765, alias="HITL_API_PORT", ge=0, le=65535)
    slack_host: str = Field("0.0.0.0", alias="HITL_SLACK_HOST")  # noqa: S104  # Slack must reach it; signed
    slack_port: int = Field(3000, alias="HITL_SLACK_PORT", ge=0, le=65535)
    #: another base URL than Slack's: GovSlack, the stand-in, a test
    slack_api_url: str = Field("https://slack.com/api/", alias="HITL_SLACK_API_URL")
    log: LogFormat = Field(LogFormat.TEXT, alias="HITL_LOG")
    #: requests a second that one agent may post before it is asked to wait (429)
    rate_limit: float = Field(100.0, alias="HITL_RATE_LIMIT", gt=0)

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        wrong = location.flaw(url)
        if wrong is not None:
            raise ValueError(wrong)
        return url

    @field_validator("slack_api_url")
    @classmethod
    def _ends_with_slash(cls, url: str) -> str:
        if not url.startswith(("https://", "http://")):
            raise ValueError("must be an http or https address, such as https://slack.com/api/")
        return url if url.endswith("/") else url + "/"

    @property
    def socket_mode(self) -> bool:
        """True when Slack is spoken to over a WebSocket."""
        return self.slack_app_token is not None

    def missing_for_slack(self) -> tuple[str, ...]:
        """The variables without which there is no Slack."""
        missing = [] if self.slack_bot_token else ["SLACK_BOT_TOKEN"]
        if not self.slack_signing_secret and not self.slack_app_token:
            missing.append("SLACK_SIGNING_SECRET (or SLACK_APP_TOKEN for Socket Mode)")
        return tuple(missing)


def read() -> Settings:
    """The settings. Raises `SettingsError` naming each variable that is wrong, and never its value."""
    try:
        return Settings()
    except ValidationError as wrong:
        lines = (
            f"{error['loc'][0]}: {error['msg'].removeprefix('Value error, ')}" for error in wrong.errors()
        )
        raise SettingsError("\n".join(lines)) from None
