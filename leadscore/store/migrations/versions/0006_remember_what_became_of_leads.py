"""Remember what became of leads beside their scores, what people think of them, and what the tool costs."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

DAY = 'substr(CASE WHEN {0}.at > {0}.recorded_at THEN {0}.recorded_at ELSE {0}.at END, 1, 10)'
TOLD = f"""SELECT o.client_id, o.lead_id, max(CASE o.stage WHEN 'qualified' THEN 2 WHEN 'contacted' THEN 1 ELSE 0 END) AS step,
    min(CASE WHEN o.stage = 'contacted' THEN {DAY.format('o')} END) AS contacted_on,
    max(CASE WHEN o.stage = 'converted' THEN o.id END) AS sale, max(CASE WHEN o.stage = 'lost' THEN o.id END) AS loss
    FROM outcomes o GROUP BY o.client_id, o.lead_id"""
FOUND = f"""SELECT s.lead_id, s.outcome, s.day, t.step, t.contacted_on, {DAY.format('d')} AS decided_on, d.revenue, d.currency
    FROM scores s JOIN ({TOLD}) t ON t.lead_id = s.lead_id AND t.client_id = s.client_id LEFT JOIN outcomes d ON d.id =
    CASE s.outcome WHEN 'converted' THEN t.sale WHEN 'lost' THEN t.loss END WHERE s.outcome <> 'new'"""
STOOD = """SELECT h.lead_id, h.run_id, h.blended, h.probability FROM score_history h UNION ALL
    SELECT h.lead_id, h.run_id, h.blended, h.probability FROM scores h WHERE h.outcome IN ('converted', 'lost')"""
KNOWN = "SELECT o.lead_id, min(o.recorded_at) AS at FROM outcomes o WHERE o.stage IN ('converted', 'lost') GROUP BY o.lead_id"
BEFORE = f"""SELECT h.lead_id, h.blended, h.probability, row_number() OVER (PARTITION BY h.lead_id ORDER BY h.run_id DESC) AS place
    FROM ({STOOD}) h JOIN ({KNOWN}) k ON k.lead_id = h.lead_id JOIN score_runs r ON r.id = h.run_id AND r.created_at < k.at"""


def remember_endings() -> None:
    """Tell beside each score what its lead's outcomes tell; what held-out leads foretold comes with the next scoring."""
    sqlite = op.get_bind().dialect.name == 'sqlite'
    passed = ('CAST(julianday({0}) - julianday(f.day) AS INTEGER)' if sqlite
              else '(CAST({0} AS date) - CAST(f.day AS date))')
    tenths = 'b.blended * 10 + 0.000001'
    whole = f'CAST({tenths} AS INTEGER)' if sqlite else f'CAST(floor({tenths}) AS INTEGER)'
    op.execute(f"""UPDATE scores SET furthest = CASE WHEN f.outcome = 'converted' THEN 'converted' WHEN f.step = 2 THEN
        'qualified' WHEN f.step = 1 THEN 'contacted' END, decided_on = f.decided_on,
        days_to_contact = CASE WHEN f.contacted_on >= f.day THEN {passed.format('f.contacted_on')} END,
        days_to_conversion = CASE WHEN f.outcome = 'converted' AND f.decided_on >= f.day
        THEN {passed.format('f.decided_on')} END, revenue = CASE WHEN f.outcome = 'converted' THEN f.revenue END,
        currency = CASE WHEN f.outcome = 'converted' THEN coalesce(f.currency, '') END
        FROM ({FOUND}) f WHERE scores.lead_id = f.lead_id""")
    op.execute(f"""UPDATE scores SET foretold = {whole}, foretold_chance = b.probability, foretold_by = 'before'
        FROM ({BEFORE}) b WHERE b.place = 1 AND scores.lead_id = b.lead_id AND scores.outcome IN ('converted', 'lost')""")


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
    remember_endings()
    with op.batch_alter_table('scores', schema=None) as batch_op:
        batch_op.create_index('ix_scores_ended', ['client_id', 'source', 'country', 'owner', 'tier', 'outcome', 'furthest', 'currency', 'revenue', 'day', 'decided_on', 'days_to_contact', 'days_to_conversion', 'foretold', 'foretold_by', 'foretold_chance', 'batch_id', 'run_id'], unique=False, sqlite_where=sa.text("outcome <> 'new'"), postgresql_where=sa.text("outcome <> 'new'"))
        batch_op.drop_index(batch_op.f('ix_scores_cells'))
        batch_op.create_index('ix_scores_cells', ['client_id', 'source', 'country', 'tier', 'band', 'outcome', 'qualified', 'score', 'probability', 'day', 'batch_id', 'run_id'], unique=False)
        batch_op.drop_index(batch_op.f('ix_scores_day'))
        batch_op.create_index('ix_scores_day', ['client_id', 'day', 'tier', 'outcome', 'score', 'probability', 'source', 'batch_id', 'run_id'], unique=False)
        for name in ('owner', 'country', 'industry'):
            batch_op.create_index(f'ix_scores_{name}', ['client_id', sa.literal_column(f"coalesce({name}, '')")], unique=False)

    with op.batch_alter_table('spend', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=10), server_default='leads', nullable=False))



def downgrade() -> None:
    with op.batch_alter_table('spend', schema=None) as batch_op:
        batch_op.drop_column('kind')

    with op.batch_alter_table('scores', schema=None) as batch_op:
        for name in ('owner', 'country', 'industry'):
            batch_op.drop_index(f'ix_scores_{name}')
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
