//! Each case is a test with a name, for `cargo test` and cargo-nextest: what the repository of an emulator would have.

use std::process::ExitCode;
use trentcheck_core::libtest::{Started, main as each_case};
use trentcheck_reference::{Config, Server};

fn main() -> ExitCode {
    each_case(
        |check| check.only("success/*").only("protocol/*").without("protocol/next-*", "they share a connection"),
        async || {
            let server = Server::start(Config::default()).await?;
            Ok(Started::at(server.address()).keeping(server))
        },
    )
}
