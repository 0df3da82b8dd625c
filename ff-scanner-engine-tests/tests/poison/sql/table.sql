-- What is seeded, and then spoilt.
CREATE TABLE subject (
    kind text NOT NULL,
    n integer NOT NULL,
    good boolean NOT NULL,
    partition_key smallint NOT NULL,
    -- Of a flow, that of its child.
    execution_id uuid NOT NULL,
    flow_id uuid NOT NULL,
    upstream uuid NOT NULL,
    sibling uuid NOT NULL,
    -- From the upstream to the child.
    edge_id uuid NOT NULL,
    PRIMARY KEY (kind, n)
)
