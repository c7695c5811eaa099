"""The kinds of values that tables are made of, and what every table is."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from aggregator.config import publish_values, request_values, values
from aggregator.model import Allowance

Duration = Annotated[timedelta, PlainValidator(values.duration)]
Interval = Annotated[timedelta, PlainValidator(values.interval)]
Name = Annotated[str, PlainValidator(values.name)]
Title = Annotated[str, PlainValidator(values.title)]
Tag = Annotated[str, PlainValidator(values.tag)]
Zone = Annotated[str, PlainValidator(values.timezone)]
Encoding = Annotated[str, PlainValidator(values.encoding)]
Weight = Annotated[float, PlainValidator(values.weight)]
Budget = Annotated[float, PlainValidator(values.budget)]
SourceUrl = Annotated[str, PlainValidator(request_values.source_url)]
SourceUrls = Annotated[
    list[SourceUrl],
    BeforeValidator(request_values.one_or_more),
    Field(min_length=1, max_length=request_values.MAX_URLS),
]
InstanceUrl = Annotated[str, PlainValidator(request_values.instance_url)]
HeaderName = Annotated[str, PlainValidator(request_values.header_name)]
HeaderValue = Annotated[str, PlainValidator(request_values.header_value)]
Username = Annotated[str, PlainValidator(request_values.username)]
SecretFile = Annotated[str, PlainValidator(request_values.secret_file)]
SourceProxy = Annotated[str, PlainValidator(request_values.source_proxy)]
ListenAt = Annotated[tuple[str, int] | str, PlainValidator(values.listen)]
BaseUrl = Annotated[str, PlainValidator(values.base_url)]
AllowPrivate = Annotated[Allowance, PlainValidator(values.allowance)]
ProxyUrl = Annotated[str, PlainValidator(request_values.proxy_url)]
Contact = Annotated[str, PlainValidator(values.contact)]
Token = Annotated[str, PlainValidator(publish_values.token)]
Language = Annotated[str, PlainValidator(publish_values.language)]
TitleTemplate = Annotated[str, PlainValidator(publish_values.title_template)]
Description = Annotated[str, PlainValidator(publish_values.description)]
Icon = Annotated[str, PlainValidator(publish_values.icon)]
FilePath = Annotated[str, PlainValidator(values.store_path)]


class Table(BaseModel):
    """A table of config.toml; a key that it does not have is a mistake."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
