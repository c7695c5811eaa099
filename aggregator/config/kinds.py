"""The kinds of values that tables are made of, and what every table is."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from aggregator.config import asking, publishing, values
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
SourceUrl = Annotated[str, PlainValidator(asking.source_url)]
SourceUrls = Annotated[
    list[SourceUrl],
    BeforeValidator(asking.one_or_more),
    Field(min_length=1, max_length=asking.MAX_URLS),
]
InstanceUrl = Annotated[str, PlainValidator(asking.instance_url)]
HeaderName = Annotated[str, PlainValidator(asking.header_name)]
HeaderValue = Annotated[str, PlainValidator(asking.header_value)]
Username = Annotated[str, PlainValidator(asking.username)]
SecretFile = Annotated[str, PlainValidator(asking.secret_file)]
SourceProxy = Annotated[str, PlainValidator(asking.source_proxy)]
ListenAt = Annotated[tuple[str, int] | str, PlainValidator(values.listen)]
BaseUrl = Annotated[str, PlainValidator(values.base_url)]
AllowPrivate = Annotated[Allowance, PlainValidator(values.allowance)]
ProxyUrl = Annotated[str, PlainValidator(asking.proxy_url)]
Contact = Annotated[str, PlainValidator(values.contact)]
Token = Annotated[str, PlainValidator(publishing.token)]
Language = Annotated[str, PlainValidator(publishing.language)]
TitleTemplate = Annotated[str, PlainValidator(publishing.title_template)]
Description = Annotated[str, PlainValidator(publishing.description)]
Icon = Annotated[str, PlainValidator(publishing.icon)]
FilePath = Annotated[str, PlainValidator(values.store_path)]


class Table(BaseModel):
    """A table of config.toml; a key that it does not have is a mistake."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
