//! Each case is a test with a name, for `cargo test` and cargo-nextest: what the repository of an emulator would have.

use std::process::ExitCode;
use std::time::Duration;
use trentcheck_core::libtest::{Started, main as each_case};
use trentcheck_reference::{Config, Server};

const NO_SECOND_REGION: &str = "its second Region has an address of its own";

fn main() -> ExitCode {
    each_case(
        // All groups take twenty seconds. The other tests see to them.
        |check| {
            check
                .settle(Duration::from_millis(200))
                .only("success/*")
                .without("success/*replica*", NO_SECOND_REGION)
                .without("success/primary-untouched", NO_SECOND_REGION)
        },
        async || {
            let server = Server::start(Config::default()).await?;
            Ok(Started::at(server.address()).keeping(server))
        },
    )
}
