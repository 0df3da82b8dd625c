//! The engine's tables and ff-scanner's own, as two migration sets.
