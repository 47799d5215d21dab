//! `trentcheck serve`.

use crate::arguments::ServeArguments;
use crate::edge::failure::Failure;
use crate::edge::output::{publish, to_stderr, to_stdout};
use crate::setup::embedded::edition_of;
use trentcheck_core::report::ExitCode;
use trentcheck_reference::{Config, Edition, Server, mutant};

/// Serves the reference target until interrupted. Prints one line once ready.
pub(crate) async fn serve(arguments: ServeArguments) -> Result<u8, Failure> {
    if !arguments.listen.ip().is_loopback() {
        return Err(Failure::safety("the reference target listens on loopback only")
            .hint("its credentials are published, so nobody else should reach it"));
    }
    let mutant = match &arguments.mutant {
        Some(name) => Some(mutant(name).ok_or_else(|| {
            Failure::usage(format!("find the mutant `{name}`"))
                .hint("`trentcheck selfcheck --quick --matrix FILE` writes a list of them")
        })?),
        None => None,
    };
    let config = Config {
        edition: match (arguments.edition, mutant) {
            (Some(edition), _) => edition_of(edition),
            (None, Some(mutant)) => mutant.edition,
            (None, None) => Edition::KeyOnly,
        },
        mutant,
        listen: arguments.listen,
        consistency_delay: arguments.consistency_delay,
        throttle_every: arguments.throttle_every,
        latency: arguments.latency,
        ..Config::default()
    };
    let server = Server::start(config)
        .await
        .map_err(|error| Failure::usage(format!("listen on {}: {error}", arguments.listen)))?;
    to_stdout(&format!("listening on http://{}", server.address()));
    let config = server.config();
    for principal in &config.principals {
        let token = principal.session_token.as_deref().map(|token| format!(" {token}")).unwrap_or_default();
        publish(&format!(
            "principal {}: {} {}{token}",
            principal.name, principal.access_key_id, principal.secret_access_key
        ));
    }
    for seed in &config.seeds {
        to_stderr(&format!("key {}: {}", seed.name, seed.key_id));
    }
    for region in config.regions.iter().skip(1) {
        if let Some(address) = server.address_of(region) {
            to_stderr(&format!("Region {region}: http://{address}"));
        }
    }
    tokio::signal::ctrl_c().await.map_err(|error| Failure::internal(format!("wait for an interrupt: {error}")))?;
    server.stop().await;
    Ok(ExitCode::Interrupted as u8)
}
