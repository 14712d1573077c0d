"""Cards with labels: entities of a team's own, related many to many by an entity between them."""

from typing import Any, ClassVar

from sqlalchemy import BigInteger, MetaData
from sqlmodel import Field, Relationship, SQLModel

from domain.entity import COLLECTION, RELATED, Entity, Schema, live_key, partial
from persistence.service import ServiceBase

METADATA = MetaData(naming_convention=Entity.metadata.naming_convention)
"""The tables of these entities alone."""

_BIGINT: Any = BigInteger

_LABELS = {
    "secondary": "card_label",
    "secondaryjoin": "and_(Label.id == CardLabel.label_id, CardLabel.deleted_at.is_(None))",
    "viewonly": True,
    "order_by": "Label.key",
}


class LabelCreate(Schema):
    """A new label."""

    key: str = Field(max_length=100)


@partial
class LabelUpdate(LabelCreate):
    """Changes of a label."""


class Label(Entity, table=True):
    """A label, known by its key."""

    __tablename__ = "label"
    __table_args__ = (live_key("label", "key"),)
    metadata: ClassVar[MetaData] = METADATA
    natural_key: ClassVar[str | None] = "key"
    create_schema: ClassVar[type[SQLModel]] = LabelCreate
    update_schema: ClassVar[type[SQLModel]] = LabelUpdate

    key: str = Field(max_length=100)


class CardCreate(Schema):
    """A new card."""

    title: str = Field(max_length=100)


@partial
class CardUpdate(CardCreate):
    """Changes of a card."""


class Card(Entity, table=True):
    """A card, which has no natural key, and may have many labels."""

    __tablename__ = "card"
    metadata: ClassVar[MetaData] = METADATA
    create_schema: ClassVar[type[SQLModel]] = CardCreate
    update_schema: ClassVar[type[SQLModel]] = CardUpdate

    title: str = Field(max_length=100)
    links: list["CardLabel"] = Relationship(back_populates="card", sa_relationship_kwargs=COLLECTION)
    labels: list[Label] = Relationship(sa_relationship_kwargs=_LABELS)


class CardLabelCreate(Schema):
    """A new label of a card."""

    card_id: int
    label_id: int


@partial
class CardLabelUpdate(CardLabelCreate):
    """Changes of it."""


class CardLabel(Entity, table=True):
    """That a card has a label: an entity, so that it is audited and soft-deleted; with the card it goes too."""

    __tablename__ = "card_label"
    metadata: ClassVar[MetaData] = METADATA
    owners: ClassVar[tuple[str, ...]] = ("card_id",)
    create_schema: ClassVar[type[SQLModel]] = CardLabelCreate
    update_schema: ClassVar[type[SQLModel]] = CardLabelUpdate

    card_id: int = Field(foreign_key="card.id", sa_type=_BIGINT)
    label_id: int = Field(foreign_key="label.id", sa_type=_BIGINT)
    card: Card = Relationship(back_populates="links", sa_relationship_kwargs=RELATED)
    label: Label = Relationship(sa_relationship_kwargs=RELATED)


class BoardCreate(Schema):
    """A new board."""

    name: str


@partial
class BoardUpdate(BoardCreate):
    """Changes of a board."""


class Board(Entity, table=True):
    """A board, which brings its pins along by itself, as its author knows it from SQLAlchemy."""

    __tablename__ = "board"
    metadata: ClassVar[MetaData] = METADATA
    create_schema: ClassVar[type[SQLModel]] = BoardCreate
    update_schema: ClassVar[type[SQLModel]] = BoardUpdate

    name: str
    pins: list["Pin"] = Relationship(back_populates="board", sa_relationship_kwargs={**COLLECTION, "lazy": "selectin"})


class PinCreate(Schema):
    """A new pin."""

    board_id: int


@partial
class PinUpdate(PinCreate):
    """Changes of it."""


class Pin(Entity, table=True):
    """A pin on a board, which it brings along."""

    __tablename__ = "pin"
    metadata: ClassVar[MetaData] = METADATA
    create_schema: ClassVar[type[SQLModel]] = PinCreate
    update_schema: ClassVar[type[SQLModel]] = PinUpdate

    board_id: int = Field(foreign_key="board.id", sa_type=_BIGINT)
    board: Board = Relationship(back_populates="pins", sa_relationship_kwargs={**RELATED, "lazy": "joined"})


class Labels(ServiceBase[Label, LabelCreate, LabelUpdate]):
    """Labels."""


class Cards(ServiceBase[Card, CardCreate, CardUpdate]):
    """Cards."""


class Boards(ServiceBase[Board, BoardCreate, BoardUpdate]):
    """Boards."""


class Pins(ServiceBase[Pin, PinCreate, PinUpdate]):
    """Pins."""


class CardLabels(ServiceBase[CardLabel, CardLabelCreate, CardLabelUpdate]):
    """Which card has which label."""
