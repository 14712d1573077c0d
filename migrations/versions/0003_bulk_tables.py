"""What a bulk job keeps beside its row: refused records, what became of every row, and the bytes that were uploaded."""

import sqlalchemy as sa
from alembic import op

from domain.column_types import json_value, key_text, long_bytes, long_text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "job_reject",
        sa.Column("job_id", key_text(), nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", long_text(), nullable=False),
        sa.Column("message", long_text(), nullable=False),
        sa.Column("raw", long_text(), nullable=True),
        sa.Column("header", long_text(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_reject_job_id_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "line", "number", name=op.f("pk_job_reject")),
    )
    op.create_table(
        "job_report",
        sa.Column("job_id", key_text(), nullable=False),
        sa.Column("batch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_line", sa.BigInteger(), nullable=False),
        sa.Column("runs", json_value(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_report_job_id_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "batch", name=op.f("pk_job_report")),
    )
    op.create_table(
        "job_upload",
        sa.Column("job_id", key_text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", long_bytes(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_upload_job_id_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_job_upload")),
    )
    # The bytes are compressed already: to try it again would cost time for every chunk, and gain nothing.
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE job_upload ALTER COLUMN data SET STORAGE EXTERNAL")
    # Perhaps a worker has named it already.
    known = "SELECT 1 FROM job_kind AS known WHERE known.name = 'bulk_update'"
    op.execute(f"INSERT INTO job_kind (name) SELECT 'bulk_update' WHERE NOT EXISTS ({known})")


def downgrade() -> None:
    """Take the change back."""
    op.execute("DELETE FROM job_kind WHERE name = 'bulk_update'")
    op.drop_table("job_upload")
    op.drop_table("job_report")
    op.drop_table("job_reject")
