-- Records, from now on, each change of an execution's phase, and each time that a budget's next window is set.
CREATE TABLE recorded (
    number bigint GENERATED ALWAYS AS IDENTITY,
    id text NOT NULL,
    change text NOT NULL
);

CREATE FUNCTION record_phase() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO recorded (id, change) VALUES (NEW.execution_id::text, NEW.lifecycle_phase);
    RETURN NULL;
END $$;

CREATE FUNCTION record_window() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO recorded (id, change) VALUES (NEW.budget_id, 'window');
    RETURN NULL;
END $$;

CREATE TRIGGER record_phase AFTER UPDATE ON ff_exec_core
   FOR EACH ROW WHEN (OLD.lifecycle_phase <> NEW.lifecycle_phase) EXECUTE FUNCTION record_phase();

CREATE TRIGGER record_window AFTER UPDATE ON ff_budget_policy
   FOR EACH ROW WHEN (OLD.next_reset_at_ms IS DISTINCT FROM NEW.next_reset_at_ms) EXECUTE FUNCTION record_window();
