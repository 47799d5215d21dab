//! The exchanges of a case, secrets removed.

use super::options::Detail;
use crate::baseline::{Recording, Section};
use crate::compare::{Mismatch, WhichKey, answer_of};
use crate::fixture::On;
use crate::http::Request;
use crate::kms::Sent;
use crate::normalise::{Message, Normaliser, Redactor, Shown, bytes_of_body, bytes_of_request, escape};
use crate::report::{ExchangeReport, KeyStates, Trace};
use crate::send::{Exchange, Lane};
use crate::text::{TargetText, Text, place_of_cut};
use serde_json::Value;
use std::time::Duration;

/// The role of the exchanges that a case is about.
pub(super) const JUDGED: &str = "judged";

/// Collects the exchanges of a case, secrets removed.
pub(super) struct Recorder {
    redactor: Redactor,
    detail: Detail,
    exchanges: Vec<Recorded>,
    metadata: Vec<(On, Value)>,
    states: Vec<(WhichKey, Vec<TargetText>)>,
    answers: Vec<Text>,
    varies: bool,
}

struct Recorded {
    role: String,
    lane: Lane,
    request: Message,
    answer: Result<Message, Shown>,
    took: Duration,
    trace: Option<Trace>,
}

impl Recorder {
    /// Nothing is recorded yet.
    pub(super) fn new(redactor: Redactor, detail: Detail) -> Self {
        Self {
            redactor,
            detail,
            exchanges: Vec::new(),
            metadata: Vec::new(),
            states: Vec::new(),
            answers: Vec::new(),
            varies: false,
        }
    }

    /// What answers is chance from here on, so that only the requests are kept.
    pub(super) fn varies(&mut self) {
        self.varies = true;
    }

    /// Forgets what was recorded so far.
    pub(super) fn restart(&mut self) {
        self.exchanges.clear();
        self.metadata.clear();
        self.states.clear();
        self.answers.clear();
    }

    /// How many exchanges are recorded.
    pub(super) fn mark(&self) -> usize {
        self.exchanges.len()
    }

    /// Forgets the exchanges that were recorded since.
    pub(super) fn back_to(&mut self, mark: usize) {
        self.exchanges.truncate(mark);
    }

    /// Records an exchange.
    pub(super) fn add(&mut self, role: &str, request: &Request, exchange: &Exchange) {
        if let Some(import) = Redactor::of_import(&request.body) {
            self.redactor = self.redactor.and(&import);
        }
        if role == JUDGED {
            self.answers.push(answer_of(exchange));
        }
        if self.detail == Detail::Outcome {
            return;
        }
        let answer = match &exchange.result {
            Ok(response) => Ok(Message::of_response(response, &self.redactor)),
            Err(error) => Err(self.redactor.show(&error.text())),
        };
        self.exchanges.push(Recorded {
            role: role.to_owned(),
            lane: exchange.lane,
            request: Message::of_request(request, &self.redactor),
            answer,
            took: exchange.timing.total,
            trace: (self.detail == Detail::Traces).then(|| self.trace(request, exchange)),
        });
    }

    fn trace(&self, request: &Request, exchange: &Exchange) -> Trace {
        Trace {
            timing: exchange.timing,
            reused: exchange.reused,
            sent: bytes_of_request(request, &self.redactor),
            received: exchange.result.as_ref().ok().map(|response| bytes_of_body(response, &self.redactor)),
        }
    }

    /// Records the call that blocks a case. What its answer lets import is a secret too.
    pub(super) fn add_failed(&mut self, sent: &Sent) {
        if let Some(import) = sent.exchange.result.as_ref().ok().and_then(|answer| Redactor::of_import(&answer.body)) {
            self.redactor = self.redactor.and(&import);
        }
        self.add(&sent.operation, &sent.request, &sent.exchange);
    }

    /// Forgets the last exchange: of a call that is repeated until its effect is seen, the last one counts.
    pub(super) fn forget_last(&mut self) {
        self.exchanges.pop();
    }

    /// Records what DescribeKey showed.
    pub(super) fn metadata(&mut self, on: On, metadata: &Value) {
        let cut = metadata.as_object().into_iter().flatten().map(|(name, value)| {
            let shown = match value {
                Value::String(text) if text.len() > 4096 => Value::String(cut(text.clone())),
                other => other.clone(),
            };
            (name.clone(), shown)
        });
        self.metadata.push((on, cut.collect()));
    }

    /// Records the state that DescribeKey showed of a key before the exchange, if this is the first look at it, and now.
    pub(super) fn state(&mut self, on: On, before: &Value, after: &Value) {
        let state = |metadata: &Value| TargetText::new(metadata["KeyState"].as_str().unwrap_or("absent"));
        let key = WhichKey::of(on);
        match self.states.iter_mut().find(|(known, _)| *known == key) {
            Some((_, seen)) if seen.last() == Some(&state(after)) => {}
            Some((_, seen)) => seen.push(state(after)),
            None => self.states.push((key, vec![state(before), state(after)])),
        }
    }

    /// The states of the keys as a report shows them.
    pub(super) fn states(&self) -> Vec<KeyStates> {
        let shown = |text: &TargetText| self.redactor.show_text(text).cut(SHOWN);
        self.states.iter().map(|(key, seen)| KeyStates { key: *key, seen: seen.iter().map(shown).collect() }).collect()
    }

    /// A command line, unless it holds a secret or a character that cannot be seen: what is shown in their place would be
    /// another command.
    pub(super) fn command(&self, line: String) -> Option<String> {
        (Shown::ours(&line) == *line && self.redactor.redact(&line) == line).then_some(line)
    }

    /// A text as a report shows it.
    pub(super) fn shown(&self, text: &Text) -> Shown {
        self.redactor.show(text).cut(SHOWN)
    }

    /// A mismatch as a report shows it.
    pub(super) fn shown_mismatch(&self, mismatch: Mismatch) -> Mismatch<Shown> {
        mismatch.map(&mut |text: TargetText| self.redactor.show_text(&text).cut(SHOWN))
    }

    /// What answered the exchanges that the case is about, for a list of deviations.
    pub(super) fn answers(&self) -> Shown {
        if self.varies {
            return Shown::ours(AT_ONCE);
        }
        self.redactor.show(&Text::joined(self.answers.iter().cloned(), ", then "))
    }

    /// What a report shows of the exchanges.
    pub(super) fn exchanges(&self) -> Vec<ExchangeReport> {
        let shown = |recorded: &Recorded| ExchangeReport {
            role: recorded.role.clone(),
            lane: lane_name(recorded.lane).to_owned(),
            request: recorded.request.shown(),
            response: recorded.answer.as_ref().ok().map(Message::shown),
            error: recorded.answer.as_ref().err().cloned(),
            duration_us: micros(recorded.took),
        };
        self.exchanges.iter().map(shown).collect()
    }

    /// The traces of the exchanges, if they were asked for.
    pub(super) fn traces(&self) -> Vec<Trace> {
        self.exchanges.iter().filter_map(|recorded| recorded.trace.clone()).collect()
    }

    /// What is kept of a case, with placeholders for what varies.
    pub(super) fn recording(&self, normaliser: &mut Normaliser) -> Recording {
        let mut sections = Vec::new();
        if self.varies {
            // The two requests come first, and both are sent whatever is answered.
            return Recording {
                sections: self.exchanges.iter().take(2).map(|recorded| not_compared(recorded, normaliser)).collect(),
            };
        }
        for recorded in &self.exchanges {
            let request = normaliser.message(&recorded.request);
            let (answer, error) = match &recorded.answer {
                Ok(answer) => (Some(normaliser.message(answer)), None),
                Err(error) => (None, Some(normaliser.normalise(error))),
            };
            sections.push(Section::Exchange { role: recorded.role.clone(), request, answer, error });
        }
        for (on, metadata) in &self.metadata {
            let of = if *on == On::Key { "the key" } else { "the other key" };
            let mut kept = |text: &str| normaliser.normalise(&self.redactor.redact(text));
            let members = metadata.as_object().into_iter().flatten();
            let members =
                members.map(|(name, value)| (kept(&escape(name.as_bytes())), kept(&value.to_string()))).collect();
            sections.push(Section::State { of: of.to_owned(), members });
        }
        Recording { sections }
    }
}

/// What stands in place of answers that chance decides.
const AT_ONCE: &str = "answers of two requests at the same time, which no two runs need share";

fn not_compared(recorded: &Recorded, normaliser: &mut Normaliser) -> Section {
    let request = normaliser.message(&recorded.request);
    Section::Exchange { role: recorded.role.clone(), request, answer: None, error: Some(AT_ONCE.to_owned()) }
}

/// The lane's word.
pub(super) fn lane_name(lane: Lane) -> &'static str {
    match lane {
        Lane::Wire => "wire",
        Lane::Http => "http",
    }
}

pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Characters of a text of the target in a report: as much as a person reads.
const SHOWN: usize = 1000;

fn cut(text: String) -> String {
    match place_of_cut(&text, SHOWN) {
        Some(at) => format!("{}… ({} bytes)", &text[..at], text.len()),
        None => text,
    }
}
