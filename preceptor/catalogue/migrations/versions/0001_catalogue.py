"""The catalogue's first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "advice_facts",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("source_title", sa.Text(), nullable=True),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("source_date", sa.String(length=10), nullable=True),
        sa.Column("confidence", sa.String(length=10), nullable=False),
        sa.Column("confidence_note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "confidence IN ('high', 'medium')", name=op.f("ck_advice_facts_confidence")
        ),
        sa.CheckConstraint("rank >= 1", name=op.f("ck_advice_facts_rank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advice_facts")),
    )
    op.create_table(
        "catalogue_meta",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("imported_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_catalogue_meta_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_meta")),
    )
    op.create_table(
        "countries",
        sa.Column("iso2", sa.String(length=2), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.Column("ambiguous", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("iso2", name=op.f("pk_countries")),
    )
    op.create_table(
        "exchange_rates",
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("units_per_eur", sa.String(length=40), nullable=False),
        sa.Column("rate_date", sa.Date(), nullable=False),
        sa.Column("source_title", sa.Text(), nullable=True),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("confidence", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "confidence IN ('high', 'medium')", name=op.f("ck_exchange_rates_confidence")
        ),
        sa.PrimaryKeyConstraint("currency", name=op.f("pk_exchange_rates")),
    )
    op.create_table(
        "kinds",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("synonyms", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kinds")),
    )
    op.create_table(
        "regions",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regions")),
    )
    op.create_table(
        "specialties",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent", sa.String(length=120), nullable=True),
        sa.Column("synonyms", sa.Text(), nullable=False),
        sa.Column("ambiguous", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent"],
            ["specialties.id"],
            name=op.f("fk_specialties_parent"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_specialties")),
    )
    op.create_table(
        "stages",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("synonyms", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stages")),
    )
    op.create_table(
        "topics",
        sa.Column("intent", sa.String(length=80), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("does", sa.String(length=20), nullable=False),
        sa.Column("in_menu", sa.String(length=3), nullable=False),
        sa.CheckConstraint(
            "does IN ('answer', 'ask', 'refuse', 'hand_over')", name=op.f("ck_topics_does")
        ),
        sa.CheckConstraint("in_menu IN ('yes', 'no')", name=op.f("ck_topics_in_menu")),
        sa.PrimaryKeyConstraint("intent", name=op.f("pk_topics")),
    )
    op.create_table(
        "advice_fact_intents",
        sa.Column("fact", sa.String(length=120), nullable=False),
        sa.Column("intent", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["fact"],
            ["advice_facts.id"],
            name=op.f("fk_advice_fact_intents_fact"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["intent"],
            ["topics.intent"],
            name=op.f("fk_advice_fact_intents_intent"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("fact", "intent", name=op.f("pk_advice_fact_intents")),
    )
    op.create_index(
        op.f("ix_advice_fact_intents_intent"), "advice_fact_intents", ["intent"], unique=False
    )
    op.create_table(
        "emergency_numbers",
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("service", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("source_title", sa.Text(), nullable=True),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("source_date", sa.String(length=10), nullable=True),
        sa.Column("source_note", sa.Text(), nullable=True),
        sa.Column("confidence", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "confidence IN ('high', 'medium')", name=op.f("ck_emergency_numbers_confidence")
        ),
        sa.CheckConstraint(
            "service IN ('general', 'ambulance')", name=op.f("ck_emergency_numbers_service")
        ),
        sa.ForeignKeyConstraint(
            ["country"],
            ["countries.iso2"],
            name=op.f("fk_emergency_numbers_country"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("country", "service", name=op.f("pk_emergency_numbers")),
    )
    op.create_table(
        "helplines",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("hours", sa.Text(), nullable=True),
        sa.Column("for_whom", sa.Text(), nullable=True),
        sa.Column("source_title", sa.Text(), nullable=True),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("source_date", sa.String(length=10), nullable=True),
        sa.Column("source_note", sa.Text(), nullable=True),
        sa.Column("confidence", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "confidence IN ('high', 'medium')", name=op.f("ck_helplines_confidence")
        ),
        sa.CheckConstraint(
            "phone IS NOT NULL OR text IS NOT NULL OR url IS NOT NULL",
            name=op.f("ck_helplines_reachable"),
        ),
        sa.ForeignKeyConstraint(
            ["country"],
            ["countries.iso2"],
            name=op.f("fk_helplines_country"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_helplines")),
    )
    op.create_index(op.f("ix_helplines_country"), "helplines", ["country"], unique=False)
    op.create_table(
        "licensing",
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("local_name", sa.Text(), nullable=True),
        sa.Column("required", sa.String(length=10), nullable=False),
        sa.Column("required_note", sa.Text(), nullable=True),
        sa.Column("min_months", sa.String(length=40), nullable=True),
        sa.Column("max_months", sa.String(length=40), nullable=True),
        sa.Column("length_note", sa.Text(), nullable=True),
        sa.Column("rotations", sa.Text(), nullable=True),
        sa.Column("regulator", sa.Text(), nullable=True),
        sa.Column("how_to_apply", sa.Text(), nullable=True),
        sa.Column("source_title", sa.Text(), nullable=True),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("source_date", sa.String(length=10), nullable=True),
        sa.Column("source_note", sa.Text(), nullable=True),
        sa.Column("confidence", sa.String(length=10), nullable=False),
        sa.Column("confidence_note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "confidence IN ('high', 'medium')", name=op.f("ck_licensing_confidence")
        ),
        sa.CheckConstraint(
            "required IN ('yes', 'partly', 'no')", name=op.f("ck_licensing_required")
        ),
        sa.ForeignKeyConstraint(
            ["country"],
            ["countries.iso2"],
            name=op.f("fk_licensing_country"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("country", name=op.f("pk_licensing")),
    )
    op.create_table(
        "places",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.String(length=10), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("area", sa.String(length=120), nullable=True),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.Column("ambiguous", sa.Text(), nullable=False),
        sa.CheckConstraint("type IN ('city', 'area')", name=op.f("ck_places_type")),
        sa.ForeignKeyConstraint(
            ["area"],
            ["places.id"],
            name=op.f("fk_places_area"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["country"],
            ["countries.iso2"],
            name=op.f("fk_places_country"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_places")),
    )
    op.create_index(op.f("ix_places_country"), "places", ["country"], unique=False)
    op.create_table(
        "programs",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("listing", sa.String(length=20), nullable=False),
        sa.Column("worldwide", sa.String(length=3), nullable=False),
        sa.Column("departments", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("who_for", sa.Text(), nullable=True),
        sa.Column("min_weeks", sa.Integer(), nullable=True),
        sa.Column("max_weeks", sa.Integer(), nullable=True),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("price_basis", sa.String(length=30), nullable=True),
        sa.Column("price_covers", sa.Text(), nullable=True),
        sa.Column("price_date", sa.String(length=10), nullable=True),
        sa.Column("price_note", sa.Text(), nullable=True),
        sa.Column("languages_note", sa.Text(), nullable=True),
        sa.Column("start_dates", sa.Text(), nullable=True),
        sa.Column("accommodation", sa.String(length=10), nullable=True),
        sa.Column("accommodation_note", sa.Text(), nullable=True),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("source_date", sa.String(length=10), nullable=True),
        sa.Column("source_note", sa.Text(), nullable=True),
        sa.Column("confidence", sa.String(length=10), nullable=False),
        sa.Column("confidence_note", sa.Text(), nullable=True),
        sa.CheckConstraint("confidence IN ('high', 'medium')", name=op.f("ck_programs_confidence")),
        sa.CheckConstraint(
            "listing IN ('open_call', 'restricted', 'report')", name=op.f("ck_programs_listing")
        ),
        sa.CheckConstraint(
            "price_basis IN ('total_shortest_stay', 'advertised_from', 'per_week',"
            " 'estimated_trip_cost', 'exchange_fee', 'application_fee_only')",
            name=op.f("ck_programs_price_basis"),
        ),
        sa.CheckConstraint("worldwide IN ('yes', 'no')", name=op.f("ck_programs_worldwide")),
        sa.CheckConstraint(
            "min_weeks >= 1 AND max_weeks >= min_weeks", name=op.f("ck_programs_weeks")
        ),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_programs_price")),
        sa.CheckConstraint(
            "price_minor IS NULL OR (currency IS NOT NULL AND price_basis IS NOT NULL)",
            name=op.f("ck_programs_priced"),
        ),
        sa.ForeignKeyConstraint(
            ["kind"],
            ["kinds.id"],
            name=op.f("fk_programs_kind"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programs")),
    )
    op.create_table(
        "region_countries",
        sa.Column("region", sa.String(length=120), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["country"],
            ["countries.iso2"],
            name=op.f("fk_region_countries_country"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["region"],
            ["regions.id"],
            name=op.f("fk_region_countries_region"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("region", "country", name=op.f("pk_region_countries")),
    )
    op.create_index(
        op.f("ix_region_countries_country"), "region_countries", ["country"], unique=False
    )
    op.create_table(
        "regulators",
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("source_title", sa.Text(), nullable=True),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("source_date", sa.String(length=10), nullable=True),
        sa.Column("source_note", sa.Text(), nullable=True),
        sa.Column("confidence", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "confidence IN ('high', 'medium')", name=op.f("ck_regulators_confidence")
        ),
        sa.ForeignKeyConstraint(
            ["country"],
            ["countries.iso2"],
            name=op.f("fk_regulators_country"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("country", name=op.f("pk_regulators")),
    )
    op.create_table(
        "topic_leads_to",
        sa.Column("intent", sa.String(length=80), nullable=False),
        sa.Column("leads_to", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["intent"],
            ["topics.intent"],
            name=op.f("fk_topic_leads_to_intent"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["leads_to"],
            ["topics.intent"],
            name=op.f("fk_topic_leads_to_leads_to"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("intent", "leads_to", name=op.f("pk_topic_leads_to")),
    )
    op.create_index(
        op.f("ix_topic_leads_to_leads_to"), "topic_leads_to", ["leads_to"], unique=False
    )
    op.create_table(
        "program_countries",
        sa.Column("program", sa.String(length=120), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["country"],
            ["countries.iso2"],
            name=op.f("fk_program_countries_country"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["program"],
            ["programs.id"],
            name=op.f("fk_program_countries_program"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("program", "country", name=op.f("pk_program_countries")),
    )
    op.create_index(
        op.f("ix_program_countries_country"), "program_countries", ["country"], unique=False
    )
    op.create_table(
        "program_languages",
        sa.Column("program", sa.String(length=120), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program"],
            ["programs.id"],
            name=op.f("fk_program_languages_program"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("program", "language", name=op.f("pk_program_languages")),
    )
    op.create_index(
        op.f("ix_program_languages_language"), "program_languages", ["language"], unique=False
    )
    op.create_table(
        "program_places",
        sa.Column("program", sa.String(length=120), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["place"],
            ["places.id"],
            name=op.f("fk_program_places_place"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["program"],
            ["programs.id"],
            name=op.f("fk_program_places_program"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("program", "place", name=op.f("pk_program_places")),
    )
    op.create_index(op.f("ix_program_places_place"), "program_places", ["place"], unique=False)
    op.create_table(
        "program_specialties",
        sa.Column("program", sa.String(length=120), nullable=False),
        sa.Column("specialty", sa.String(length=120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program"],
            ["programs.id"],
            name=op.f("fk_program_specialties_program"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["specialty"],
            ["specialties.id"],
            name=op.f("fk_program_specialties_specialty"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("program", "specialty", name=op.f("pk_program_specialties")),
    )
    op.create_index(
        op.f("ix_program_specialties_specialty"), "program_specialties", ["specialty"], unique=False
    )
    op.create_table(
        "program_stages",
        sa.Column("program", sa.String(length=120), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program"],
            ["programs.id"],
            name=op.f("fk_program_stages_program"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["stage"],
            ["stages.id"],
            name=op.f("fk_program_stages_stage"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("program", "stage", name=op.f("pk_program_stages")),
    )
    op.create_index(op.f("ix_program_stages_stage"), "program_stages", ["stage"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_program_stages_stage"), table_name="program_stages")
    op.drop_table("program_stages")
    op.drop_index(op.f("ix_program_specialties_specialty"), table_name="program_specialties")
    op.drop_table("program_specialties")
    op.drop_index(op.f("ix_program_places_place"), table_name="program_places")
    op.drop_table("program_places")
    op.drop_index(op.f("ix_program_languages_language"), table_name="program_languages")
    op.drop_table("program_languages")
    op.drop_index(op.f("ix_program_countries_country"), table_name="program_countries")
    op.drop_table("program_countries")
    op.drop_index(op.f("ix_topic_leads_to_leads_to"), table_name="topic_leads_to")
    op.drop_table("topic_leads_to")
    op.drop_table("regulators")
    op.drop_index(op.f("ix_region_countries_country"), table_name="region_countries")
    op.drop_table("region_countries")
    op.drop_table("programs")
    op.drop_index(op.f("ix_places_country"), table_name="places")
    op.drop_table("places")
    op.drop_table("licensing")
    op.drop_index(op.f("ix_helplines_country"), table_name="helplines")
    op.drop_table("helplines")
    op.drop_table("emergency_numbers")
    op.drop_index(op.f("ix_advice_fact_intents_intent"), table_name="advice_fact_intents")
    op.drop_table("advice_fact_intents")
    op.drop_table("topics")
    op.drop_table("stages")
    op.drop_table("specialties")
    op.drop_table("regions")
    op.drop_table("kinds")
    op.drop_table("exchange_rates")
    op.drop_table("countries")
    op.drop_table("catalogue_meta")
    op.drop_table("advice_facts")
