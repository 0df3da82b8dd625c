-- The tables of the chores, which have nothing to do with the engine.
CREATE TABLE chore (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    due_at_ms bigint NOT NULL,
    namespace text NOT NULL,
    instance_id text NOT NULL,
    done integer NOT NULL DEFAULT 0
);
CREATE TABLE chore_event (id uuid NOT NULL)
