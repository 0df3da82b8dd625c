//! Ends attempts that ran longer than their policy allows.
