//! From fixture to report: the stages of trentcheck, in the order in which data flows through them.
//!
//! `fixture → plan → sign → send → observe → normalise → compare → report`. A stage imports only from its left; `send`
//! alone opens sockets; `run` drives the stages and imports them all.

pub mod compare;
pub mod explore;
pub mod fixture;
pub mod http;
pub mod normalise;
pub mod observe;
pub mod plan;
pub mod report;
pub mod run;
pub mod send;
pub mod sign;
