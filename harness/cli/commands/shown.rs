//! How a run is shown, by its arguments.

use crate::arguments::RunArguments;
use crate::render::repeat::Repeat;
use crate::render::terminal::{Detail, View};
use crate::setup::session::Session;

/// How a report of a session is shown.
pub(crate) fn view(session: &Session) -> View {
    let RunArguments { brief, target, .. } = &session.arguments;
    let flags = [target.service.repeat(), target.connection.repeat(), target.credentials.repeat()].concat();
    View {
        detail: if *brief { Detail::Brief } else { Detail::Full },
        repeat: Repeat { endpoint: target.endpoint.clone(), flags },
    }
}
