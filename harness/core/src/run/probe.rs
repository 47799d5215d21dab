//! What a run finds out about its target before the first case.

use super::context::Run;
use crate::fixture::Owner;
use crate::keys::{Base, Choice};
use crate::kms::{Kms, UNKNOWN_SIGNER, skew, summary};
use crate::observe::observe;
use crate::send::{Fault, Response, SendError};
use crate::target::{Permit, partition};
use crate::text::Text;
use serde_json::{Value, json};

/// What the target turned out to be.
pub(super) enum Verdict {
    /// It can be tested.
    Ready {
        /// The primary principal's account and partition, if a key's ARN told them.
        account: Option<(String, String)>,
        /// Why most cases may fail for a reason that lies with the user.
        doubt: Option<Text>,
    },
    /// It says that it has no such operation.
    Unsupported(Text),
    /// No answer looks like one of KMS.
    NoKms(Text),
    /// No case could reach it.
    Unreachable(Text),
    /// It does not know the signer.
    Unknown(Text),
    /// No signature of ours would be in time.
    Skewed(String),
    /// It is not where the user said that keys may be made.
    Refused,
}

/// Asks the target for the operation on a key that does not exist, and learns the account from a key's ARN.
pub(super) async fn probe(run: &Run<'_>) -> Verdict {
    let kms = &run.primary;
    let absent = run.options.entropy.uuid("probe");
    let operation = &run.corpus.operation;
    let first = match ask(run, kms, &operation.name, &operation.value_for(&absent)).await {
        Asked::Unreachable(why) => return Verdict::Unreachable(why),
        other => other.seen(),
    };
    if let Some(why) = first.as_ref().and_then(|first| skewed(run, first)) {
        return Verdict::Skewed(why);
    }
    if let Some(why) = first.as_ref().and_then(|first| unknown(run, first)) {
        return Verdict::Unknown(why);
    }
    let mut account = run.target.account.clone().map(|account| (account, partition(&run.target.region).to_owned()));
    let mut key_id = None;
    let makes_keys = run.needs_keys() || (account.is_none() && run.options.permit == Permit::All);
    if run.may_make_keys() && makes_keys {
        // So that no key is made in another account to find out. If the caller has no key, or may not list them, the first
        // key that is made shows it.
        let _ = kms.look_around(Owner::Primary).await;
        if run.guard.halted().is_some() {
            return Verdict::Refused;
        }
        if let Ok(key) = run.pool.take(&Base::unused(Owner::Primary), Choice::Any).await {
            account = Some((key.arn.account().to_owned(), key.arn.partition().to_owned()));
            key_id = Some(key.names.id.clone());
            run.pool.put_back(key);
        }
        if run.guard.halted().is_some() {
            return Verdict::Refused;
        }
    }
    if key_id.is_none()
        && let Some(why) = no_kms(run, kms, first.as_ref()).await
    {
        return Verdict::NoKms(why);
    }
    let doubt = first.as_ref().and_then(|first| doubt(run, first));
    match unsupported(run, kms, first, key_id.as_deref()).await {
        Some(why) => Verdict::Unsupported(why),
        None => Verdict::Ready { account, doubt },
    }
}

/// What the user may have set wrongly, if the target refuses a correct request. It is judged all the same: the fault may be
/// the target's.
fn doubt(run: &Run<'_>, first: &Seen) -> Option<Text> {
    first.refuses_signature.then(|| {
        let region = &run.target.region;
        Text::from("the target refuses a correctly signed request: it answers ")
            .and(first.summary.clone())
            .and(format!(". Does it serve the Region `{region}` (`--region`), and does it know these credentials (TRENTCHECK_ACCESS_KEY_ID and \
                 TRENTCHECK_SECRET_ACCESS_KEY)?"))
    })
}

/// What is wrong with the clocks. On loopback both are one, so that a wrong Date is the target's fault, unless it refuses
/// signatures for it.
fn skewed(run: &Run<'_>, first: &Seen) -> Option<String> {
    let ahead = first.seconds_ahead?;
    run.seconds_ahead.get_or_init(|| ahead);
    let why = skew::complaint(ahead)?;
    (!run.target.endpoint.is_loopback() || first.refuses_signature).then_some(why)
}

/// What the target says if it does not know the credentials. Every case would only repeat it. On loopback a signature that
/// it finds wrong is judged all the same: the target may be the one that is.
fn unknown(run: &Run<'_>, first: &Seen) -> Option<Text> {
    (first.refuses_credentials || first.refuses_signature && !run.target.endpoint.is_loopback()).then(|| {
        Text::from("the target does not take the credentials that sign: it answers ")
            .and(first.summary.clone())
            .and("; others come from `--profile`, or from TRENTCHECK_ACCESS_KEY_ID and TRENTCHECK_SECRET_ACCESS_KEY")
    })
}

/// What the target says if it is no KMS at all, such as a web server or a gateway without a server behind it. Judged, every
/// case would only repeat it. A target that could make a key, or that once answers with any mark of the protocol, is judged.
async fn no_kms(run: &Run<'_>, kms: &Kms, first: Option<&Seen>) -> Option<Text> {
    first.filter(|first| first.is_foreign)?;
    let other = ask(run, kms, OTHER_OPERATION, &json!({ "KeyId": "nobody" })).await.seen()?;
    if !other.is_foreign {
        return None;
    }
    Some(
        Text::from(format!("nothing at {} answers as KMS does: to {OTHER_OPERATION} it says ", run.target.endpoint))
            .and(other.summary)
            .and(". Are host and port right?"),
    )
}

/// Whether the target has no such operation. One answer of that kind could be a wrong answer about an absent key; it has
/// to give it about a key that exists too. Besides the answers that say so there is the target that has no words for it
/// and answers as it answers an operation that nobody has.
async fn unsupported(run: &Run<'_>, kms: &Kms, first: Option<Seen>, key_id: Option<&str>) -> Option<Text> {
    let first = first?;
    let operation = &run.corpus.operation;
    let mut alike = first.says_so;
    if !alike {
        let nonsense = ask(run, kms, NO_OPERATION, &operation.value_for("nobody")).await.seen()?;
        alike = first.is_error && nonsense.status == first.status && nonsense.body == first.body;
    }
    if !alike {
        return None;
    }
    // A target that answers everything so is broken, or is none; it has not said what it lacks. A key that could be
    // made has shown already that something is answered otherwise.
    if !first.says_so && key_id.is_none() {
        let other = ask(run, kms, OTHER_OPERATION, &json!({ "KeyId": "nobody" })).await.seen()?;
        if (other.status, &other.body) == (first.status, &first.body) {
            return None;
        }
    }
    if let Some(key_id) = key_id {
        // It is the operation under test: only at a key that is still the run's.
        let body = operation.value_for(key_id);
        kms.permits(&operation.name, &body).await.ok()?;
        let second = ask(run, kms, &operation.name, &body).await.seen()?;
        if !second.says_so && (second.status, &second.body) != (first.status, &first.body) {
            return None;
        }
    }
    let how = match first.says_so {
        true => first.summary,
        false => format!("{} without an error type, as to an operation that does not exist", first.status).into(),
    };
    Some(Text::from(format!("the target has no operation {}: it answers ", operation.name)).and(how))
}

/// An operation that every KMS has, and that changes nothing.
const OTHER_OPERATION: &str = "DescribeKey";

/// An operation that no target has.
const NO_OPERATION: &str = "TrentcheckAsksForNoOperation";

/// What an answer to the probe looked like.
struct Seen {
    status: u16,
    body: Vec<u8>,
    summary: Text,
    says_so: bool,
    /// It has nothing that only this protocol has.
    is_foreign: bool,
    is_error: bool,
    refuses_signature: bool,
    refuses_credentials: bool,
    seconds_ahead: Option<i64>,
}

enum Asked {
    /// An answer came.
    Reached(Seen),
    /// The target was reached, but gave no answer that can be read; the cases will say what is wrong.
    Unreadable,
    /// The target was not reached.
    Unreachable(Text),
}

impl Asked {
    fn seen(self) -> Option<Seen> {
        match self {
            Self::Reached(seen) => Some(seen),
            Self::Unreadable | Self::Unreachable(_) => None,
        }
    }
}

async fn ask(run: &Run<'_>, kms: &Kms, operation: &str, body: &Value) -> Asked {
    let (_, exchange) = kms.exchange(operation, body).await;
    match &exchange.result {
        // What listens for TLS closes, sends an alert, or says so in its own words.
        result if is_no_answer(result) && kms.plain().sender.meets_tls().await => {
            let url = &run.target.endpoint;
            Asked::Unreachable(
                format!("reach {url}: it speaks TLS there, so that its URL begins with `https://`").into(),
            )
        }
        Ok(response) => {
            let observation = observe(response);
            Asked::Reached(Seen {
                status: observation.status,
                body: observation.bytes.clone(),
                summary: summary(&observation),
                is_foreign: observation.error_name().is_none()
                    && observation.header("x-amzn-requestid").is_none()
                    && !observation.header("content-type").is_some_and(|kind| kind.contains("x-amz-json"))
                    && !observation.body.json().is_object()
                    && !(observation.is_success() && observation.bytes.is_empty()),
                says_so: kms.says_unsupported(&observation),
                refuses_credentials: observation.error_name().is_some_and(|name| UNKNOWN_SIGNER.contains(&name)),
                refuses_signature: observation.error_name() == Some("InvalidSignatureException"),
                seconds_ahead: skew::seconds_ahead(response, (run.options.clock)()),
                is_error: !observation.is_success() && observation.error_name().is_none(),
            })
        }
        Err(error) if error.fault() == Fault::Network && !matches!(error, SendError::Timeout { .. }) => {
            // Only a server on this machine is likely to have been started a moment ago.
            let is_closed = matches!(error, SendError::Connect(_)) && run.target.endpoint.is_loopback();
            let hint = match run.options.up_within.is_zero() {
                true if is_closed => ". Is it started? `--wait 10s` waits for it",
                _ => "",
            };
            Asked::Unreachable(Text::from(format!("reach {}: ", run.target.endpoint)).and(error.text()).and(hint))
        }
        Err(_) => Asked::Unreadable,
    }
}

/// Whether the target was reached, and what it said need not come from the service.
pub(super) fn is_no_answer(result: &Result<Response, SendError>) -> bool {
    match result {
        Ok(response) => response.status == 400 && observe(response).error_name().is_none(),
        Err(error) => error.fault() == Fault::Target,
    }
}
