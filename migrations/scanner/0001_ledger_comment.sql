-- Says, to whoever finds the schema in a deployment, what it is.

COMMENT ON TABLE ff_scanner.migrations IS
    'What ff-scanner has created in this schema. It changes nothing outside of it; dropping the schema removes all of it.';
