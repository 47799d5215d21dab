//! Nothing but the test `corpus.rs` beside it. A package cannot consist of a test alone.
