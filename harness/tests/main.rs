//! The integration tests, in one binary: the only place besides the command where core and reference meet.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod again;
mod baseline;
mod blame;
mod brief;
mod causes;
mod check;
mod check_each_case;
mod colours;
mod command;
mod configured;
mod conformance;
mod deviations;
mod differential;
mod explain_signature;
mod explore;
mod explore_command;
mod files;
mod fixtures;
mod hostile;
mod hostile_table;
mod interlock;
mod interlock_lost;
mod kill_matrix;
mod leaks;
mod lent;
mod limits;
mod manual;
mod partition;
mod permissions;
mod presets;
mod races;
mod recorded;
mod repeat;
mod replay;
mod reports;
mod rounds;
mod sdk;
mod serve;
mod services;
#[cfg(feature = "aws-config")]
mod services_chain;
mod services_credentials;
mod services_doctor;
mod sign_verify;
mod support;
mod sweep;
mod sweep_holes;
mod sweep_line;
mod targets;
mod watch;
mod wrong_servers;
