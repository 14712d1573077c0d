"""Coupons: an entity of chaos's own, in which a second effect shows, because nothing in the table forbids it."""

from typing import ClassVar

from sqlmodel import Field, SQLModel

from domain.entity import Entity, Schema, partial


class CouponFields(SQLModel):
    """What a sender may say of a coupon."""

    mark: str = Field(min_length=1, max_length=200)
    number: int


class CouponCreate(CouponFields, Schema):
    """A new coupon."""


@partial
class CouponUpdate(CouponCreate):
    """Changes of a coupon: what is left out stays as it is."""


class Coupon(CouponFields, Entity, table=True):
    """A coupon. It has no natural key: two inserts of one job are two rows, as with a counter."""

    __tablename__ = "coupon"
    create_schema: ClassVar[type[SQLModel]] = CouponCreate
    update_schema: ClassVar[type[SQLModel]] = CouponUpdate
