//! `trentcheck serve`.

use super::wrong_servers::nearest;
use crate::arguments::ServeArguments;
use crate::edge::failure::Failure;
use crate::edge::output::{publish, to_stderr, to_stdout};
use crate::edge::shell;
use crate::render::served;
use crate::setup::embedded::edition_of;
use std::path::Path;
use trentcheck_core::file::write_private;
use trentcheck_core::report::ExitCode;
use trentcheck_reference::{Config, Edition, Server, mutant};

/// Serves the reference target until interrupted. Prints one line once ready.
pub(crate) async fn serve(arguments: ServeArguments) -> Result<u8, Failure> {
    if !arguments.listen.ip().is_loopback() {
        return Err(Failure::safety("the reference target listens on loopback only")
            .hint("its credentials are published, so no other machine may reach it"));
    }
    if let Some(path) = &arguments.config_out {
        must_be_ours(path)?;
    }
    let mutant = match &arguments.mutant {
        Some(name) => Some(mutant(name).ok_or_else(|| {
            let failure = Failure::rule(format!("there is no mutant `{name}`"));
            match nearest(name) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint("`trentcheck selfcheck --quick --kills FILE` writes a list of them"),
            }
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
        explain: arguments.explain_signature.then_some(to_stderr),
        ..Config::default()
    };
    let server = Server::start(config)
        .await
        .map_err(|error| Failure::usage(format!("listen on {}: {error}", arguments.listen)))?;
    if let Some(path) = &arguments.config_out {
        // Written before the line on stdout, which says that the server is ready.
        write_private(path, &served::configuration(&server))
            .map_err(|error| Failure::usage(format!("write `{}`: {error}", path.display())))?;
        let config = format!(" --config {}", shell::word(&path.display().to_string()));
        to_stderr(&format!(
            "`{}` describes this server:\n  trentcheck run{config} --target {}",
            path.display(),
            served::NAME
        ));
    }
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

/// Refuses to replace a file that `serve` did not write, such as the configuration of other targets.
fn must_be_ours(path: &Path) -> Result<(), Failure> {
    match path.is_file() && !std::fs::read_to_string(path).is_ok_and(|text| text.starts_with(served::HEAD)) {
        false => Ok(()),
        true => Err(Failure::rule(format!(
            "`serve` replaces only a file that it wrote, and `{}` is another",
            path.display()
        ))
        .hint("name another file with `--config-out`")),
    }
}
