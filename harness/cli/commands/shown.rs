//! How a run is shown, by its settings.

use crate::render::repeat::Repeat;
use crate::render::terminal::{Detail, View};
use crate::setup::session::Session;

/// How a report of a session is shown.
pub(crate) fn view(session: &Session) -> View {
    let target = &session.settings.target;
    View {
        detail: if session.settings.brief { Detail::Brief } else { Detail::Full },
        repeat: Repeat { endpoint: target.endpoint.clone(), flags: target.flags() },
    }
}
