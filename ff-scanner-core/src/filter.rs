//! Whose rows may a reconciler touch?

/// Restricts every reconciler to one tenant's executions; the default lets all of them through.
///
/// Both dimensions together mean both must hold. They are evaluated in SQL, before the limit, on the execution's own
/// row, which is where the engine keeps them authoritatively (ENGINE 1.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Filter {
    /// Only executions of this namespace.
    pub namespace: Option<String>,
    /// Only executions that carry this tag, `(key, value)`.
    pub instance_tag: Option<(String, String)>,
}

impl Filter {
    /// Only executions of `namespace`.
    #[must_use]
    pub fn with_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Only executions whose tag `key` is `value`.
    #[must_use]
    pub fn with_instance_tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.instance_tag = Some((key.into(), value.into()));
        self
    }

    /// The key of the tag, as it is bound to a statement.
    #[must_use]
    pub fn tag_key(&self) -> Option<&str> {
        self.instance_tag.as_ref().map(|(key, _)| key.as_str())
    }

    /// The value of the tag, as it is bound to a statement.
    #[must_use]
    pub fn tag_value(&self) -> Option<&str> {
        self.instance_tag.as_ref().map(|(_, value)| value.as_str())
    }
}
