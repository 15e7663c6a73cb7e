"""The container files keep the agents' endpoint off the network and the order of starting right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture(scope="module")
def services(house: Path) -> dict[str, Any]:
    """compose.yml's services, merge keys resolved."""
    loaded = yaml.safe_load((house / "compose.yml").read_text(encoding="utf-8"))
    found = loaded["services"]
    assert isinstance(found, dict)
    return found


def test_no_port_leaves_this_machine(services: dict[str, Any]) -> None:
    """Every published port is bound to loopback, so no container is reachable from another machine."""
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_the_schema_is_upgraded_before_the_bot_starts(services: dict[str, Any]) -> None:
    """The bot waits for `hitl db upgrade` to have succeeded, and that for a healthy database."""
    assert services["upgrade"]["command"] == ["db", "upgrade"]
    assert services["bot"]["depends_on"]["upgrade"] == {"condition": "service_completed_successfully"}
    assert services["upgrade"]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    assert services["postgres"]["healthcheck"]["test"]


def test_no_secret_has_a_default(services: dict[str, Any]) -> None:
    """Passwords and tokens come from outside, and starting without one says which is missing."""
    values = {**services["bot"]["environment"], **services["postgres"]["environment"]}
    secrets = {
        name: value for name, value in values.items() if name.endswith(("TOKEN", "SECRET", "PASSWORD"))
    }
    assert len(secrets) == 4
    assert {name for name, value in secrets.items() if ":?" not in value} == set()


def test_the_image_runs_as_nobody_special(house: Path) -> None:
    """The image's last user is not root, and it starts `hitl serve` under a health check."""
    lines = (house / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER ")][-1] == "USER hitl"
    assert lines[-2:] == ['ENTRYPOINT ["hitl"]', 'CMD ["serve"]']
    assert any(line.startswith("HEALTHCHECK ") for line in lines)
