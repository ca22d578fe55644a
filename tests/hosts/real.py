"""Name a real Zammad to put under the contract, by four variables of the environment."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Real(BaseSettings):
    """Where it is, and who may do what there; ZAMMAD_TEST_URL and so on."""

    model_config = SettingsConfigDict(env_prefix="ZAMMAD_TEST_")

    url: str = ""
    token: SecretStr = SecretStr("")
    """Of an agent, under whom the host under test works; he is given access to the groups that the test makes."""
    admin_token: SecretStr = SecretStr("")
    """Of an administrator, who makes groups, users, companies, webhook and triggers, and deletes tickets."""
    mail_command: str = ""
    """A shell command that takes a raw mail on its standard input and hands it to the host's mail processing."""


def configured() -> bool:
    """Tell whether all four are set."""
    real = Real()
    return bool(
        real.url and real.token.get_secret_value() and real.admin_token.get_secret_value() and real.mail_command
    )
