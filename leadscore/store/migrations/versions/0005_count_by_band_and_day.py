"""Let reports count scores by band and by the day a lead came in."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('scores', schema=None) as batch_op:
        batch_op.add_column(sa.Column('band', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('day', sa.String(length=10), nullable=True))
    whole = 'CAST(score AS INTEGER)' if op.get_bind().dialect.name == 'sqlite' else 'CAST(floor(score) AS INTEGER)'
    op.execute(f"UPDATE scores SET band = {whole}, day = (SELECT substr(coalesce(l.created_at, l.stored_at), 1, 10) "
               "FROM leads l WHERE l.id = scores.lead_id)")
    with op.batch_alter_table('scores', schema=None) as batch_op:
        batch_op.create_index('ix_scores_cells', ['client_id', 'source', 'country', 'tier', 'band', 'outcome', 'qualified'], unique=False)
        batch_op.create_index('ix_scores_day', ['client_id', 'day', 'tier', 'outcome', 'band'], unique=False)
    with op.batch_alter_table('outcomes', schema=None) as batch_op:
        batch_op.create_index('ix_outcomes_stage', ['client_id', 'stage', 'lead_id', 'id', 'revenue', 'currency', 'at'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('outcomes', schema=None) as batch_op:
        batch_op.drop_index('ix_outcomes_stage')
    with op.batch_alter_table('scores', schema=None) as batch_op:
        batch_op.drop_index('ix_scores_day')
        batch_op.drop_index('ix_scores_cells')
        batch_op.drop_column('day')
        batch_op.drop_column('band')
