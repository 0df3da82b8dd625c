//! Acts on suspensions that waited longer than they may.
