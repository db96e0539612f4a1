"""What an operator may set, from the environment (`SEPVIZ_*`)."""

from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, HttpUrl, RedisDsn, SecretStr, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

MEBIBYTE = 2**20
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]", "::1")
# Settings that may hold a password: nothing prints them.
SECRET = ("redis_url",)


def _redis_url(url: SecretStr) -> SecretStr:
    try:
        TypeAdapter(RedisDsn).validate_python(url.get_secret_value())
    except ValidationError:
        raise PydanticCustomError("redis_url", "it is no address such as redis://host:6379/0") from None
    if find_spec("redis") is None:
        raise PydanticCustomError("redis_extra", "the extra `redis` is missing: pip install 'sepviz[redis]'")
    return url


def _addresses(text: str) -> str:
    for each in text.split(","):
        try:
            if text != "*":
                ip_network(each.strip())
        except ValueError as error:
            fits = "addresses and networks by comma, such as 10.0.0.7,10.1.0.0/16, or * for everybody"
            raise PydanticCustomError("addresses", "{why}; {fits}", {"why": str(error), "fits": fits}) from None
    return text


class Settings(BaseSettings):
    """Defaults suit one machine of two cores."""

    model_config = SettingsConfigDict(env_prefix="SEPVIZ_", frozen=True, hide_input_in_errors=True)

    mode: Literal["local", "classroom", "public"] = Field(
        "local", description="Who may come: this computer, the local network, or everybody."
    )
    public_url: HttpUrl | None = Field(None, description="Where others find this server; its name is then a known one.")
    forwarded_allow_ips: Annotated[str, AfterValidator(_addresses)] | None = Field(
        None, description="Proxies that are believed when they say who asks: addresses and networks by comma, or *."
    )
    allowed_hosts: tuple[str, ...] = Field((), description="Further names of this server, as a JSON list.")
    workers: int = Field(2, ge=1, le=64, description="Threads that compute; torch has one thread in each.")
    queue: int = Field(128, ge=1, description="Computations that wait at most; more are answered 503.")
    deadline_seconds: float = Field(5, gt=0, description="How long a computation is waited for; then 503.")
    cache_bytes: int = Field(16 * MEBIBYTE, ge=0, description="Responses that are kept.")
    input_cache_bytes: int = Field(32 * MEBIBYTE, ge=0, description="Input tensors that are kept.")
    uploads: bool = Field(True, description="Whether pictures are taken.")
    upload_bytes: int = Field(64 * MEBIBYTE, ge=0, description="Decoded pictures that are kept.")
    upload_seconds: int = Field(30 * 60, ge=1, description="How long an uploaded picture is kept.")
    redis_url: Annotated[SecretStr, AfterValidator(_redis_url)] | None = Field(
        None, description="Where servers share uploaded pictures and the limits of addresses."
    )

    @property
    def hosts(self) -> list[str]:
        """The names that this server answers to: in a classroom nobody knows them before."""
        if self.mode == "classroom":
            return ["*"]
        named = [self.public_url.host] if self.public_url is not None and self.public_url.host else []
        return [*LOCAL_NAMES, *named, *self.allowed_hosts]


def assets(folder: str) -> Path:
    """`templates` or `static`: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    packaged = package / folder
    return packaged if packaged.is_dir() else package.parents[1] / folder
