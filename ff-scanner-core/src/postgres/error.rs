//! Which kind of error is a SQLSTATE?

use crate::{ErrorKind, TickError};

/// The error of `operation`, with its kind from [`kind_of`].
#[must_use]
pub fn classify(operation: &'static str, error: sqlx::Error) -> TickError {
    let kind = match &error {
        sqlx::Error::Database(database) => database.code().map_or(ErrorKind::Transient, |code| kind_of(&code)),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
            ErrorKind::Terminal
        }
        _ => ErrorKind::Transient,
    };
    TickError::new(kind, operation, error)
}

/// The kind of a five-letter SQLSTATE. Unknown ones are transient: waiting is never wrong, only slow.
#[must_use]
pub fn kind_of(sqlstate: &str) -> ErrorKind {
    match sqlstate {
        // serialization_failure, deadlock_detected, lock_not_available
        "40001" | "40P01" | "55P03" => ErrorKind::Contention,
        // undefined_table, undefined_column, undefined_function, undefined_object, datatype_mismatch,
        // insufficient_privilege, invalid_schema_name
        "42P01" | "42703" | "42883" | "42704" | "42804" | "42501" | "3F000" => ErrorKind::Terminal,
        // data exceptions and integrity violations
        code if code.starts_with("22") || code.starts_with("23") => ErrorKind::Data,
        _ => ErrorKind::Transient,
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorKind, kind_of};

    #[test]
    fn every_row_of_the_sqlstate_table_has_its_kind() {
        use ErrorKind::{Contention, Data, Terminal, Transient};
        let table = [
            ("40001", Contention),
            ("40P01", Contention),
            ("55P03", Contention),
            ("42P01", Terminal),
            ("42703", Terminal),
            ("42501", Terminal),
            ("22003", Data),
            ("22P02", Data),
            ("23505", Data),
            ("57P01", Transient),
            ("57014", Transient),
            ("53300", Transient),
            ("08006", Transient),
            ("XX000", Transient),
        ];
        for (code, kind) in table {
            assert_eq!(kind_of(code), kind, "{code}");
        }
    }
}
