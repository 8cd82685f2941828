"""Settings from the environment or a .env file; reading them is an explicit call, never an import."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_FOLDER = Path(__file__).resolve().parent.parent

MEGABYTE = 1024 * 1024


def _either(name: str) -> AliasChoices:
    """Read a setting under our name or under the one every client of such servers uses."""
    return AliasChoices(f"LEADSCORE_{name}", name)


class Settings(BaseSettings):
    """Everything the environment can change. Names and defaults are documented in README.md."""

    model_config = SettingsConfigDict(env_prefix="LEADSCORE_", env_file=".env", extra="ignore", frozen=True,
                                      populate_by_name=True)

    home: Path = PROJECT_FOLDER
    database_url: str | None = None
    secret_key: str | None = Field(default=None, repr=False)
    old_secret_key: str | None = Field(default=None, repr=False)
    max_upload_mb: int = Field(default=200, ge=1)
    max_rows: int = Field(default=2_000_000, ge=1)
    max_columns: int = Field(default=1_000, ge=1)
    max_cell_characters: int = Field(default=32_767, ge=1)
    reader_memory_mb: int = Field(default=1_536, ge=256)
    reader_seconds: int = Field(default=60, ge=1)
    session_idle_minutes: int = Field(default=30, ge=1)
    session_hours: int = Field(default=10, ge=1)
    secure_cookie: bool = False
    backup_folder: Path | None = None
    backup_passphrase: str | None = Field(default=None, repr=False, min_length=8)
    openai_api_key: str | None = Field(default=None, repr=False, validation_alias=_either("OPENAI_API_KEY"))
    openai_base_url: str = Field(default="https://api.openai.com/v1", validation_alias=_either("OPENAI_BASE_URL"))
    chat_model: str = "gpt-4o-mini"
    embeddings: str = "local"

    @property
    def data_folder(self) -> Path:
        """Where the SQLite file, the secret key and staged uploads live."""
        return self.home / "data"

    @property
    def models_folder(self) -> Path:
        """Where the registry keeps model versions."""
        return self.home / "models"

    @property
    def backups(self) -> Path:
        """Where backups are written unless another place is named."""
        return self.backup_folder or self.home / "backups"

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the store."""
        return self.database_url or f"sqlite:///{self.data_folder / 'leadscore.db'}"

    @property
    def max_upload_bytes(self) -> int:
        """Upload limit of the browser in bytes."""
        return self.max_upload_mb * MEGABYTE


def load_settings() -> Settings:
    """Read the settings from the environment and .env."""
    return Settings()
