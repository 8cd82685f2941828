"""Remember what became of leads beside their scores, what people think of them, and what the tool costs."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('held_back_leads',
    sa.Column('lead_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('client_id', sa.Integer(), nullable=False),
    sa.Column('score', sa.Float(), nullable=False),
    sa.Column('share', sa.Float(), nullable=False),
    sa.Column('taken_at', sa.String(length=24), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('lead_id')
    )
    with op.batch_alter_table('held_back_leads', schema=None) as batch_op:
        batch_op.create_index('ix_held_back_client', ['client_id', 'taken_at'], unique=False)

    op.create_table('opinions',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('client_id', sa.Integer(), nullable=False),
    sa.Column('user_name', sa.String(length=80), nullable=False),
    sa.Column('helpful', sa.Boolean(), nullable=False),
    sa.Column('place', sa.String(length=20), nullable=False),
    sa.Column('at', sa.String(length=24), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('opinions', schema=None) as batch_op:
        batch_op.create_index('ix_opinions_client', ['client_id', 'at'], unique=False)

    with op.batch_alter_table('outcomes', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_outcomes_stage'))

    with op.batch_alter_table('scores', schema=None) as batch_op:
        batch_op.add_column(sa.Column('furthest', sa.String(length=12), nullable=True))
        batch_op.add_column(sa.Column('decided_on', sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column('days_to_contact', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('days_to_conversion', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('revenue', sa.Float(), nullable=True))
        batch_op.add_column(sa.Column('currency', sa.String(length=8), nullable=True))
        batch_op.add_column(sa.Column('foretold', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('foretold_chance', sa.Float(), nullable=True))
        batch_op.add_column(sa.Column('foretold_by', sa.String(length=10), nullable=True))
        batch_op.drop_index(batch_op.f('ix_scores_cells'))
        batch_op.create_index('ix_scores_cells', ['client_id', 'source', 'country', 'tier', 'band', 'outcome', 'qualified', 'score', 'probability'], unique=False)
        batch_op.drop_index(batch_op.f('ix_scores_day'))
        batch_op.create_index('ix_scores_day', ['client_id', 'day', 'tier', 'outcome', 'score', 'probability'], unique=False)
        batch_op.create_index('ix_scores_ended', ['client_id', 'source', 'country', 'owner', 'tier', 'outcome', 'furthest', 'currency', 'revenue', 'day', 'decided_on', 'days_to_contact', 'days_to_conversion', 'foretold', 'foretold_by', 'foretold_chance', 'batch_id', 'run_id'], unique=False, sqlite_where=sa.text("outcome <> 'new'"), postgresql_where=sa.text("outcome <> 'new'"))

    with op.batch_alter_table('spend', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=10), server_default='leads', nullable=False))



def downgrade() -> None:
    with op.batch_alter_table('spend', schema=None) as batch_op:
        batch_op.drop_column('kind')

    with op.batch_alter_table('scores', schema=None) as batch_op:
        batch_op.drop_index('ix_scores_ended', sqlite_where=sa.text("outcome <> 'new'"), postgresql_where=sa.text("outcome <> 'new'"))
        batch_op.drop_index('ix_scores_day')
        batch_op.create_index(batch_op.f('ix_scores_day'), ['client_id', 'day', 'tier', 'outcome', 'band'], unique=False)
        batch_op.drop_index('ix_scores_cells')
        batch_op.create_index(batch_op.f('ix_scores_cells'), ['client_id', 'source', 'country', 'tier', 'band', 'outcome', 'qualified'], unique=False)
        batch_op.drop_column('foretold_by')
        batch_op.drop_column('foretold_chance')
        batch_op.drop_column('foretold')
        batch_op.drop_column('currency')
        batch_op.drop_column('revenue')
        batch_op.drop_column('days_to_conversion')
        batch_op.drop_column('days_to_contact')
        batch_op.drop_column('decided_on')
        batch_op.drop_column('furthest')

    with op.batch_alter_table('outcomes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_outcomes_stage'), ['client_id', 'stage', 'lead_id', 'id', 'revenue', 'currency', 'at'], unique=False)

    with op.batch_alter_table('opinions', schema=None) as batch_op:
        batch_op.drop_index('ix_opinions_client')

    op.drop_table('opinions')
    with op.batch_alter_table('held_back_leads', schema=None) as batch_op:
        batch_op.drop_index('ix_held_back_client')

    op.drop_table('held_back_leads')
