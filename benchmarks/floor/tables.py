"""The floor's tables; its models stand for them in its own process only."""

TABLES = """
CREATE TABLE floor_link (id bigserial PRIMARY KEY, token varchar(64) UNIQUE NOT NULL, used_at timestamptz);
CREATE TABLE floor_answer (
    id bigserial PRIMARY KEY, link_id bigint UNIQUE NOT NULL REFERENCES floor_link, answers jsonb NOT NULL,
    at timestamptz NOT NULL
);
"""
