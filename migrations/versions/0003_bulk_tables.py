"""What a bulk job keeps beside its row: refused records, what became of every row, and the bytes that were uploaded."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "job_reject",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=True),
        sa.Column("header", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_reject_job_id_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "line", "number", name=op.f("pk_job_reject")),
    )
    op.create_table(
        "job_report",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("batch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_line", sa.BigInteger(), nullable=False),
        sa.Column("runs", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_report_job_id_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "batch", name=op.f("pk_job_report")),
    )
    op.create_table(
        "job_upload",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_upload_job_id_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_job_upload")),
    )
    # The bytes are compressed already: to try it again would cost time for every chunk, and gain nothing.
    op.execute("ALTER TABLE job_upload ALTER COLUMN data SET STORAGE EXTERNAL")
    op.execute("INSERT INTO job_kind (name) VALUES ('bulk_update') ON CONFLICT DO NOTHING")


def downgrade() -> None:
    """Take the change back."""
    op.execute("DELETE FROM job_kind WHERE name = 'bulk_update'")
    op.drop_table("job_upload")
    op.drop_table("job_report")
    op.drop_table("job_reject")
