"""What an operator may set, from the environment (`SEPVIZ_*`)."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

MEBIBYTE = 2**20


class Settings(BaseSettings):
    """Defaults suit one machine of two cores."""

    model_config = SettingsConfigDict(env_prefix="SEPVIZ_", frozen=True)

    workers: int = Field(2, ge=1, le=64, description="Threads that compute; torch has one thread in each.")
    cache_bytes: int = Field(8 * MEBIBYTE, ge=0, description="Responses that are kept.")
    input_cache_bytes: int = Field(64 * MEBIBYTE, ge=0, description="Input tensors that are kept.")
    upload_bytes: int = Field(64 * MEBIBYTE, ge=0, description="Decoded pictures that are kept.")
    upload_seconds: int = Field(30 * 60, ge=1, description="How long an uploaded picture is kept.")


def assets(folder: str) -> Path:
    """`templates` or `static`: inside the package when installed, beside it in a checkout."""
    here = Path(__file__).resolve().parent
    packaged = here / folder
    return packaged if packaged.is_dir() else here.parent / folder
