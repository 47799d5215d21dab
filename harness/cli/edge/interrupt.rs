//! Handles interrupts and termination signals: the first one asks for an orderly end, and the second one ends the
//! process at once.

use super::output;
use tokio::sync::watch;
use trentcheck_core::report::ExitCode;

/// Asks for an orderly end at the first interrupt, and ends the process at the second.
pub(crate) fn on_interrupt(stop: watch::Sender<bool>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        if told_to_end().await.is_ok() {
            output::to_stderr("\ninterrupted: releasing keys; interrupt again to exit at once");
            let _ = stop.send(true);
            if told_to_end().await.is_ok() {
                std::process::exit(i32::from(ExitCode::Interrupted as u8));
            }
        }
    })
}

/// Waits for an interrupt, a termination signal or the close of the terminal.
async fn told_to_end() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        tokio::select! {
            told = tokio::signal::ctrl_c() => told,
            _ = terminate.recv() => Ok(()),
            _ = hang_up.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
