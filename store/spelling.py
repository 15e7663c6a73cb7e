"""How the frozen values of `approvals` are written down as JSON text, and read back exactly as they were.

The schema is built from the dataclasses themselves, so a field added to one is stored without a change here.
(pydantic's own `TypeAdapter` cannot resolve `approvals.canonical.Json`, a recursive alias; what agents sent
shall not be interpreted anyway: 750 stays an integer, 750.0 a float, "2026-01-01" a string.)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic_core import CoreSchema, SchemaSerializer, SchemaValidator, core_schema, from_json, to_json

from approvals.canonical import Json

T = TypeVar("T")


class Spelling(Generic[T]):
    """Writes and reads one dataclass, in parts if wanted.

    `apart` names fields, nested ones by a mapping, that are left out by `write` and written by `write_apart`;
    `never` names fields that are written by neither, because they are kept in columns.
    """

    def __init__(
        self, shape: type[T], apart: Mapping[str, Any] | None = None, never: tuple[str, ...] = ()
    ) -> None:
        schema = _schema(shape)
        self._writer = SchemaSerializer(schema)
        self._reader = SchemaValidator(schema)
        self._apart: Any = apart
        self._left_out: Any = {**(apart or {}), **dict.fromkeys(never, True)}

    def write(self, value: T) -> str:
        """Everything, or everything that is not kept elsewhere."""
        return self._writer.to_json(value, exclude=self._left_out).decode()

    def write_apart(self, value: T) -> str:
        """Only what is kept apart."""
        return self._writer.to_json(value, include=self._apart).decode()

    def read(self, text: str) -> T:
        """The value whose parts are all in `text`."""
        value: T = self._reader.validate_json(text)
        return value

    def read_joined(self, fields: dict[str, Any]) -> T:
        """The value from decoded JSON objects that were put together again."""
        value: T = self._reader.validate_python(fields)
        return value


def write_json(value: Json) -> str:
    """JSON text, without spaces, characters as themselves."""
    return to_json(value).decode()


def read_json(text: str) -> Any:
    """What `write_json` wrote."""
    return from_json(text, allow_inf_nan=False, cache_strings="keys")


def joined(one: dict[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """`one` with the fields of `other` put in, objects within objects too."""
    for name, value in other.items():
        mine = one.get(name)
        one[name] = joined(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return one


def _schema(hint: Any) -> CoreSchema:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _either(get_args(hint))
    if origin is tuple:
        return core_schema.tuple_schema([_schema(get_args(hint)[0])], variadic_item_index=0)
    if origin is not None and issubclass(origin, Mapping):
        return core_schema.dict_schema(_schema(get_args(hint)[0]), _schema(get_args(hint)[1]))
    return _plain(getattr(hint, "__supertype__", hint))


def _either(options: tuple[Any, ...]) -> CoreSchema:
    schemas: list[CoreSchema | tuple[CoreSchema, str]] = [_schema(o) for o in options if o is not NoneType]
    one = schemas[0] if len(schemas) == 1 else core_schema.union_schema(schemas)
    assert not isinstance(one, tuple)  # noqa: S101  # for mypy: only labelled choices are tuples
    return core_schema.nullable_schema(one) if NoneType in options else one


def _plain(hint: Any) -> CoreSchema:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _fields(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return core_schema.enum_schema(hint, list(hint), sub_type="str")
    return _LEAVES[hint]()


def _fields(shape: type[Any]) -> CoreSchema:
    hints = get_type_hints(shape, localns={"Json": Any})
    names = [f.name for f in dataclasses.fields(shape)]
    takes = [
        core_schema.dataclass_field(f.name, _optional(f, _schema(hints[f.name])), kw_only=False)
        for f in dataclasses.fields(shape)
    ]
    arguments = core_schema.dataclass_args_schema(shape.__name__, takes)
    return core_schema.dataclass_schema(shape, arguments, names, slots=True)


def _optional(field: dataclasses.Field[Any], schema: CoreSchema) -> CoreSchema:
    """A field that has a default may be absent: rows written before it existed still load."""
    if field.default is not dataclasses.MISSING:
        return core_schema.with_default_schema(schema, default=field.default)
    if field.default_factory is not dataclasses.MISSING:
        return core_schema.with_default_schema(schema, default_factory=field.default_factory)
    return schema


_LEAVES: Mapping[Any, Callable[[], CoreSchema]] = {
    Any: core_schema.any_schema,
    str: lambda: core_schema.str_schema(strict=True),
    int: lambda: core_schema.int_schema(strict=True),
    float: core_schema.float_schema,
    bool: lambda: core_schema.bool_schema(strict=True),
    datetime: lambda: core_schema.datetime_schema(tz_constraint="aware"),
    timedelta: core_schema.timedelta_schema,
}
