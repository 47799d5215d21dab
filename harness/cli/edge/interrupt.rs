//! Handles interrupts and termination signals: the first one asks for an orderly end, and the second one ends the
//! process at once.

use super::output;
use tokio::sync::watch;
use trentcheck_core::report::ExitCode;

/// Asks for an orderly end at the first interrupt, and ends the process at the second.
pub(crate) fn on_interrupt(stop: watch::Sender<bool>) -> tokio::task::JoinHandle<()> {
    // It listens from now on, and not only once the task runs: until then a signal would end the process at once.
    let first = Signals::listen();
    tokio::spawn(async move {
        let Ok(mut first) = first else { return };
        first.next().await;
        output::to_stderr("\ninterrupted: releasing keys; interrupt again to exit at once");
        // Listens anew, so that two signals that come together count as one.
        let second = Signals::listen();
        let _ = stop.send(true);
        if let Ok(mut second) = second {
            second.next().await;
            output::to_stderr("stopped at once: keys may be left behind; `trentcheck sweep` finds them");
            std::process::exit(i32::from(ExitCode::Interrupted as u8));
        }
    })
}

/// The first interrupt or termination signal from the moment on in which this is made.
pub(crate) struct Interrupt(Signals);

impl Interrupt {
    /// Listens from now on. Signals no longer end the process by themselves.
    pub(crate) fn listen() -> std::io::Result<Self> {
        Signals::listen().map(Self)
    }

    /// Waits for a signal.
    pub(crate) async fn came(&mut self) {
        self.0.next().await;
    }
}

/// Interrupts, termination signals and the close of the terminal.
#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hang_up] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self(tokio::signal::windows::ctrl_c()?))
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
