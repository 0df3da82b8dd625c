-- The one way in which a table of this set gets its children.
-- Their number is a setting of the transaction, because 256 of them take a hundred times as long to create as 4.
-- Children land where the connection creates its tables, as the engine names no schema.

CREATE FUNCTION ff_scanner.create_hash_children(parent text) RETURNS void
LANGUAGE plpgsql AS $body$
DECLARE
    children CONSTANT integer := current_setting('ff_scanner.hash_children')::integer;
BEGIN
    FOR child IN 0 .. children - 1 LOOP
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS %s, REMAINDER %s)',
            parent || '_p' || child, parent, children, child
        );
    END LOOP;
END
$body$;
