-- Makes every write of a row raise division_by_zero (a data error) when its column TG_ARGV[0] is among the others.
CREATE FUNCTION conformance_poison() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    written jsonb := CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
BEGIN
    IF written ->> TG_ARGV[0] = ANY (TG_ARGV[1:]) THEN
        RAISE EXCEPTION 'poisoned' USING ERRCODE = '22012';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$
