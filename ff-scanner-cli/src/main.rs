//! The ff-scanner binary.

fn main() {}
