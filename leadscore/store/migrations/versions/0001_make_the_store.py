"""Make the store."""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('audit_events',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('at', sa.String(length=32), nullable=False),
    sa.Column('client_id', sa.Integer(), nullable=True),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('object', sa.String(length=120), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('prev', sa.String(length=64), nullable=False),
    sa.Column('mac', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('seq')
    )
    with op.batch_alter_table('audit_events', schema=None) as batch_op:
        batch_op.create_index('ix_audit_client', ['client_id', 'seq'], unique=False)

    op.create_table('clients',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('settings', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.String(length=24), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('name')
    )
    op.create_table('counters',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('next_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.PrimaryKeyConstraint('name')
    )
    op.create_table('facts',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('name')
    )
    op.create_table('sign_in_attempts',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('account_hash', sa.String(length=64), nullable=False),
    sa.Column('address_hash', sa.String(length=64), nullable=False),
    sa.Column('succeeded', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('at', sa.String(length=24), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('sign_in_attempts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sign_in_attempts_account_hash'), ['account_hash'], unique=False)
        batch_op.create_index(batch_op.f('ix_sign_in_attempts_address_hash'), ['address_hash'], unique=False)

    op.create_table('users',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('password_hash', sa.String(length=255), nullable=False),
    sa.Column('disabled', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.String(length=24), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('name')
    )
    op.create_table('activities',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('client_id', sa.Integer(), nullable=False),
    sa.Column('lead_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('batch_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('amount', sa.Float(), nullable=True),
    sa.Column('at', sa.String(length=24), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('activities', schema=None) as batch_op:
        batch_op.create_index('ix_activities_lead', ['client_id', 'lead_id'], unique=False)

    op.create_table('batches',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('client_id', sa.Integer(), nullable=False),
    sa.Column('filename', sa.String(length=255), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('sheet', sa.String(length=80), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('rows_read', sa.Integer(), nullable=False),
    sa.Column('rows_stored', sa.Integer(), nullable=False),
    sa.Column('updated', sa.Integer(), nullable=False),
    sa.Column('duplicates', sa.Integer(), nullable=False),
    sa.Column('rejected', sa.Integer(), nullable=False),
    sa.Column('mapping', sa.JSON(), nullable=False),
    sa.Column('choices', sa.JSON(), nullable=False),
    sa.Column('fields', sa.JSON(), nullable=False),
    sa.Column('custom_fields', sa.JSON(), nullable=False),
    sa.Column('quality', sa.JSON(), nullable=False),
    sa.Column('issues', sa.JSON(), nullable=False),
    sa.Column('issue_rows', sa.LargeBinary(), nullable=True),
    sa.Column('imported_by', sa.String(length=80), nullable=False),
    sa.Column('created_at', sa.String(length=24), nullable=False),
    sa.Column('undone_at', sa.String(length=24), nullable=True),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('batches', schema=None) as batch_op:
        batch_op.create_index('ix_batches_client', ['client_id', 'id'], unique=False)

    op.create_table('file_shapes',
    sa.Column('client_id', sa.Integer(), nullable=False),
    sa.Column('shape', sa.String(length=64), nullable=False),
    sa.Column('mapping', sa.JSON(), nullable=False),
    sa.Column('choices', sa.JSON(), nullable=False),
    sa.Column('saved_by', sa.String(length=80), nullable=False),
    sa.Column('saved_at', sa.String(length=24), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('client_id', 'shape')
    )
    op.create_table('jobs',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('client_id', sa.Integer(), nullable=False),
    sa.Column('user_name', sa.String(length=80), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('progress', sa.Float(), nullable=False),
    sa.Column('message', sa.String(length=300), nullable=False),
    sa.Column('arguments', sa.JSON(), nullable=False),
    sa.Column('result', sa.JSON(), nullable=True),
    sa.Column('error', sa.JSON(), nullable=True),
    sa.Column('cancel_requested', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.String(length=24), nullable=False),
    sa.Column('started_at', sa.String(length=24), nullable=True),
    sa.Column('finished_at', sa.String(length=24), nullable=True),
    sa.Column('heartbeat_at', sa.String(length=24), nullable=True),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_jobs_state'), ['state'], unique=False)

    op.create_table('lead_changes',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('client_id', sa.Integer(), nullable=False),
    sa.Column('batch_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lead_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('before', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('lead_changes', schema=None) as batch_op:
        batch_op.create_index('ix_lead_changes_batch', ['client_id', 'batch_id'], unique=False)
        batch_op.create_index('ix_lead_changes_lead', ['client_id', 'lead_id'], unique=False)

    op.create_table('memberships',
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('client_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], ),
    sa.PrimaryKeyConstraint('user_id', 'client_id')
    )
    op.create_table('model_versions',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('client_id', sa.Integer(), nullable=False),
    sa.Column('folder', sa.String(length=32), nullable=False),
    sa.Column('algorithm', sa.String(length=20), nullable=False),
    sa.Column('balance', sa.String(length=20), nullable=False),
    sa.Column('alias', sa.String(length=12), nullable=True),
    sa.Column('metrics', sa.JSON(), nullable=False),
    sa.Column('report', sa.JSON(), nullable=False),
    sa.Column('manifest', sa.JSON(), nullable=False),
    sa.Column('created_by', sa.String(length=80), nullable=False),
    sa.Column('created_at', sa.String(length=24), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('folder')
    )
    with op.batch_alter_table('model_versions', schema=None) as batch_op:
        batch_op.create_index('ux_model_alias', ['client_id', 'alias'], unique=True)

    op.create_table('outcomes',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('client_id', sa.Integer(), nullable=False),
    sa.Column('lead_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('batch_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('stage', sa.String(length=12), nullable=False),
    sa.Column('label', sa.String(length=120), nullable=True),
    sa.Column('at', sa.String(length=24), nullable=True),
    sa.Column('revenue', sa.Float(), nullable=True),
    sa.Column('currency', sa.String(length=8), nullable=True),
    sa.Column('origin', sa.String(length=12), nullable=False),
    sa.Column('recorded_by', sa.String(length=80), nullable=False),
    sa.Column('recorded_at', sa.String(length=24), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('outcomes', schema=None) as batch_op:
        batch_op.create_index('ix_outcomes_batch', ['client_id', 'batch_id'], unique=False)
        batch_op.create_index('ix_outcomes_lead', ['client_id', 'lead_id'], unique=False)

    op.create_table('policies',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('client_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('comment', sa.String(length=500), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('created_by', sa.String(length=80), nullable=False),
    sa.Column('created_at', sa.String(length=24), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('client_id', 'version')
    )
    with op.batch_alter_table('policies', schema=None) as batch_op:
        batch_op.create_index('ux_policies_active', ['client_id'], unique=True, sqlite_where=sa.text('active'), postgresql_where=sa.text('active'))

    op.create_table('score_history',
    sa.Column('lead_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('run_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('client_id', sa.Integer(), nullable=False),
    sa.Column('rule_score', sa.Float(), nullable=False),
    sa.Column('probability', sa.Float(), nullable=True),
    sa.Column('blended', sa.Float(), nullable=False),
    sa.Column('score', sa.Float(), nullable=False),
    sa.Column('tier', sa.String(length=10), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('lead_id', 'run_id')
    )
    op.create_table('score_runs',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('client_id', sa.Integer(), nullable=False),
    sa.Column('policy_version', sa.Integer(), nullable=False),
    sa.Column('model_version', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('as_of', sa.String(length=24), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('started_by', sa.String(length=80), nullable=False),
    sa.Column('created_at', sa.String(length=24), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('scores',
    sa.Column('lead_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('client_id', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('batch_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('rule_score', sa.Float(), nullable=False),
    sa.Column('probability', sa.Float(), nullable=True),
    sa.Column('blended', sa.Float(), nullable=False),
    sa.Column('score', sa.Float(), nullable=False),
    sa.Column('fit', sa.Float(), nullable=True),
    sa.Column('engagement', sa.Float(), nullable=True),
    sa.Column('tier', sa.String(length=10), nullable=False),
    sa.Column('qualified', sa.Boolean(), nullable=False),
    sa.Column('reachable', sa.Boolean(), nullable=False),
    sa.Column('exported', sa.Boolean(), nullable=False),
    sa.Column('outcome', sa.String(length=12), nullable=False),
    sa.Column('owner', sa.Text(), nullable=True),
    sa.Column('source', sa.Text(), nullable=True),
    sa.Column('country', sa.Text(), nullable=True),
    sa.Column('industry', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('lead_id')
    )
    op.create_index('ix_scores_rank', 'scores', [
        'client_id', sa.text('score DESC'), 'lead_id', 'tier', 'outcome', 'reachable', 'exported', 'batch_id', 'owner',
        'source', 'country', 'industry'])
    op.create_table('sessions',
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('created_at', sa.String(length=24), nullable=False),
    sa.Column('seen_at', sa.String(length=24), nullable=False),
    sa.Column('expires_at', sa.String(length=24), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], ),
    sa.PrimaryKeyConstraint('token_hash')
    )
    with op.batch_alter_table('sessions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sessions_user_id'), ['user_id'], unique=False)

    op.create_table('suppressions',
    sa.Column('client_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('digest', sa.String(length=32), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('at', sa.String(length=24), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('client_id', 'kind', 'digest')
    )
    op.create_table('leads',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('client_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('batch_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('source_row', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('email_index', sa.String(length=32), autoincrement=False, nullable=True),
    sa.Column('phone_index', sa.String(length=32), autoincrement=False, nullable=True),
    sa.Column('company_key', sa.String(length=120), autoincrement=False, nullable=True),
    sa.Column('personal', sa.LargeBinary(), autoincrement=False, nullable=True),
    sa.Column('custom', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('outcome', sa.String(length=12), autoincrement=False, nullable=False),
    sa.Column('outcome_at', sa.String(length=24), autoincrement=False, nullable=True),
    sa.Column('stored_at', sa.String(length=24), autoincrement=False, nullable=False),
    sa.Column('changed_at', sa.String(length=24), autoincrement=False, nullable=False),
    sa.Column('exported_at', sa.String(length=24), autoincrement=False, nullable=True),
    sa.Column('override_score', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('override_tier', sa.String(length=10), autoincrement=False, nullable=True),
    sa.Column('override_reason', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('override_by', sa.String(length=80), autoincrement=False, nullable=True),
    sa.Column('override_at', sa.String(length=24), autoincrement=False, nullable=True),
    sa.Column('crm_id', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('language', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('job_title', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('seniority', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('department', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('occupation', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('company', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('company_domain', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('website', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('industry', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('employees', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('employee_range', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('annual_revenue', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('technologies', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('company_stage', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('funding_stage', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('funding_amount', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('growth_rate', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('market_share', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('city', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('region', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('postal_code', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('country', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('location', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('timezone', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('source', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('source_detail', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('medium', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('campaign', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('spend', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('created_at', sa.String(length=24), autoincrement=False, nullable=True),
    sa.Column('modified_at', sa.String(length=24), autoincrement=False, nullable=True),
    sa.Column('website_visits', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('page_views', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('pages_per_visit', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('time_on_site', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('time_on_site_minutes', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('bounce_rate', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('downloads', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('form_submissions', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('video_views', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('property_views', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('pricing_page_views', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('demo_requested', sa.Boolean(), autoincrement=False, nullable=True),
    sa.Column('inquiry_submitted', sa.Boolean(), autoincrement=False, nullable=True),
    sa.Column('social_engagements', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('campaign_responses', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('emails_sent', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('email_opens', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('email_clicks', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('email_replies', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('email_bounced', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('open_rate', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('click_rate', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('calls', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('contact_attempts', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('meetings', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('events_attended', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('response_hours', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('support_tickets', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('past_purchases', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('past_purchase_value', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('last_activity_at', sa.String(length=24), autoincrement=False, nullable=True),
    sa.Column('first_response_at', sa.String(length=24), autoincrement=False, nullable=True),
    sa.Column('budget', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('budget_disclosed', sa.Boolean(), autoincrement=False, nullable=True),
    sa.Column('financing_pre_approved', sa.Boolean(), autoincrement=False, nullable=True),
    sa.Column('location_preference_set', sa.Boolean(), autoincrement=False, nullable=True),
    sa.Column('purchase_timeline', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('consent', sa.Boolean(), autoincrement=False, nullable=True),
    sa.Column('consent_source', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('consent_at', sa.String(length=24), autoincrement=False, nullable=True),
    sa.Column('do_not_call', sa.Boolean(), autoincrement=False, nullable=True),
    sa.Column('do_not_email', sa.Boolean(), autoincrement=False, nullable=True),
    sa.Column('do_not_contact', sa.Boolean(), autoincrement=False, nullable=True),
    sa.Column('owner', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('rating', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('stage', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('converted', sa.Boolean(), autoincrement=False, nullable=True),
    sa.Column('converted_at', sa.String(length=24), autoincrement=False, nullable=True),
    sa.Column('lost_reason', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('revenue', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('currency', sa.Text(), autoincrement=False, nullable=True),
    sa.Column('stage_history', sa.Text(), autoincrement=False, nullable=True),
    sa.ForeignKeyConstraint(['batch_id'], ['batches.id'], ),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('leads', schema=None) as batch_op:
        batch_op.create_index('ix_leads_batch', ['client_id', 'batch_id'], unique=False)
        batch_op.create_index('ix_leads_company', ['client_id', 'company_key'], unique=False)
        batch_op.create_index('ix_leads_crm', ['client_id', 'crm_id'], unique=False)
        batch_op.create_index('ix_leads_email', ['client_id', 'email_index'], unique=False)
        batch_op.create_index('ix_leads_phone', ['client_id', 'phone_index'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('leads', schema=None) as batch_op:
        batch_op.drop_index('ix_leads_phone')
        batch_op.drop_index('ix_leads_email')
        batch_op.drop_index('ix_leads_crm')
        batch_op.drop_index('ix_leads_company')
        batch_op.drop_index('ix_leads_batch')

    op.drop_table('leads')
    op.drop_table('suppressions')
    with op.batch_alter_table('sessions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sessions_user_id'))

    op.drop_table('sessions')
    op.drop_table('scores')
    op.drop_table('score_runs')
    op.drop_table('score_history')
    with op.batch_alter_table('policies', schema=None) as batch_op:
        batch_op.drop_index('ux_policies_active', sqlite_where=sa.text('active'), postgresql_where=sa.text('active'))

    op.drop_table('policies')
    with op.batch_alter_table('outcomes', schema=None) as batch_op:
        batch_op.drop_index('ix_outcomes_lead')
        batch_op.drop_index('ix_outcomes_batch')

    op.drop_table('outcomes')
    with op.batch_alter_table('model_versions', schema=None) as batch_op:
        batch_op.drop_index('ux_model_alias')

    op.drop_table('model_versions')
    op.drop_table('memberships')
    with op.batch_alter_table('lead_changes', schema=None) as batch_op:
        batch_op.drop_index('ix_lead_changes_lead')
        batch_op.drop_index('ix_lead_changes_batch')

    op.drop_table('lead_changes')
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_jobs_state'))

    op.drop_table('jobs')
    op.drop_table('file_shapes')
    with op.batch_alter_table('batches', schema=None) as batch_op:
        batch_op.drop_index('ix_batches_client')

    op.drop_table('batches')
    with op.batch_alter_table('activities', schema=None) as batch_op:
        batch_op.drop_index('ix_activities_lead')

    op.drop_table('activities')
    op.drop_table('users')
    with op.batch_alter_table('sign_in_attempts', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sign_in_attempts_address_hash'))
        batch_op.drop_index(batch_op.f('ix_sign_in_attempts_account_hash'))

    op.drop_table('sign_in_attempts')
    op.drop_table('facts')
    op.drop_table('counters')
    op.drop_table('clients')
    with op.batch_alter_table('audit_events', schema=None) as batch_op:
        batch_op.drop_index('ix_audit_client')

    op.drop_table('audit_events')
