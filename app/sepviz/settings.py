"""The settings of the server, from environment variables `SEPVIZ_*`."""

from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, HttpUrl, RedisDsn, SecretStr, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

MEBIBYTE = 2**20
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]", "::1")
# Settings that may contain a password: their values are never printed.
SECRET = ("redis_url",)


def _validate_redis_url(url: SecretStr) -> SecretStr:
    try:
        TypeAdapter(RedisDsn).validate_python(url.get_secret_value())
    except ValidationError:
        raise PydanticCustomError("redis_url", "not a URL such as redis://host:6379/0") from None
    if find_spec("redis") is None:
        raise PydanticCustomError("redis_extra", "the extra `redis` is missing: pip install 'sepviz[redis]'")
    return url


def _validate_addresses(text: str) -> str:
    for each in text.split(","):
        try:
            if text != "*":
                ip_network(each.strip())
        except ValueError as error:
            allowed = "addresses and networks by comma, such as 10.0.0.7,10.1.0.0/16, or * for all"
            context = {"reason": str(error), "allowed": allowed}
            raise PydanticCustomError("addresses", "{reason}; {allowed}", context) from None
    return text


class Settings(BaseSettings):
    """Settings whose defaults suit a machine of two cores."""

    model_config = SettingsConfigDict(env_prefix="SEPVIZ_", frozen=True, hide_input_in_errors=True)

    mode: Literal["local", "classroom", "public"] = Field(
        "local", description="Which clients are served: those of this computer, of the local network, or all."
    )
    public_url: HttpUrl | None = Field(
        None, description="The URL at which clients reach this server; its host name is allowed."
    )
    forwarded_allow_ips: Annotated[str, AfterValidator(_validate_addresses)] | None = Field(
        None,
        description="Trusted proxies, whose X-Forwarded-* headers are used: addresses and networks by comma, or *.",
    )
    allowed_hosts: tuple[str, ...] = Field((), description="Further host names of this server, as a JSON list.")
    workers: int = Field(2, ge=1, le=64, description="Processes that compute; torch uses one thread in each.")
    queue: int = Field(128, ge=1, description="Maximum number of waiting computations; further requests get 503.")
    deadline_seconds: float = Field(
        5, gt=0, description="How long a request waits for its computation before it gets 503."
    )
    cache_bytes: int = Field(16 * MEBIBYTE, ge=0, description="Size of the cache of responses.")
    input_cache_bytes: int = Field(32 * MEBIBYTE, ge=0, description="Size of the cache of input tensors.")
    uploads: bool = Field(True, description="Whether uploads of pictures are accepted.")
    upload_bytes: int = Field(64 * MEBIBYTE, ge=0, description="Size of the store of uploads.")
    upload_seconds: int = Field(30 * 60, ge=1, description="How long an uploaded picture is stored.")
    redis_url: Annotated[SecretStr, AfterValidator(_validate_redis_url)] | None = Field(
        None, description="The Redis in which servers share uploaded pictures and rate limits."
    )

    @property
    def hosts(self) -> list[str]:
        """The host names that are allowed; any in a classroom, where they are not known in advance."""
        if self.mode == "classroom":
            return ["*"]
        public = [self.public_url.host] if self.public_url is not None and self.public_url.host else []
        return [*LOCAL_HOSTS, *public, *self.allowed_hosts]


def assets(folder: str) -> Path:
    """The folder `templates` or `static`: inside the package when installed, at the top level in a checkout."""
    package = Path(__file__).resolve().parent
    packaged = package / folder
    return packaged if packaged.is_dir() else package.parents[1] / folder
