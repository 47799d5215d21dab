//! Explains a refusal: the step that differs, and both texts as far as the server can know them.

use super::draft::{Draft, Step};
use super::hypothesis::{Hypothesis, Known, hypotheses};
use super::text::{side_by_side, visible, whole};
use crate::canonical::Signed;
use crate::config::Config;
use crate::credential::{Claim, claim};
use crate::error::Refusal;
use crate::request::Incoming;
use crate::verify;

/// Why the signature of a request is refused, as lines for a person; nothing if it is not. The signer's texts are not known:
/// each mistake that signers make is tried, and the one that leads to the signature that was sent is it.
pub(crate) fn explanation(config: &Config, region: &str, request: &Incoming) -> Option<String> {
    let refusal = verify::verify(config, region, request).err()?;
    let target = request.values("x-amz-target").next().unwrap_or("no X-Amz-Target");
    let mut lines = vec![format!("wrong signature: {} {} ({})", request.method, request.path, visible(target))];
    lines.push(format!("  answer   {}", visible(&refusal.in_a_line())));
    let token = match claim(config, request) {
        Ok(claim) => {
            lines.extend(of_claim(config, region, request, &claim));
            claim.token
        }
        Err(_) => {
            lines.push(step(Step::Header));
            lines.push("  why      the signature cannot be read; the answer says what is wrong with it".to_owned());
            None
        }
    };
    Some(without_token(&lines.join("\n"), token.as_deref()))
}

fn step(step: Step) -> String {
    format!("  step     {}", step.as_str())
}

fn of_claim(config: &Config, region: &str, request: &Incoming, claim: &Claim) -> Vec<String> {
    let mut lines = Vec::new();
    let before = before_the_signature(config, region, request, claim);
    if let Some((at, why, pair)) = &before {
        lines.extend([step(*at), format!("  why      {why}")]);
        if let Some((server, signer)) = pair {
            lines.push(format!("  ≠ server {}", visible(server)));
            lines.push(format!("    signer {}", visible(signer)));
        }
    }
    let Some(found) = diagnosis(config, request, claim) else { return lines };
    let is_first = before.is_none();
    match found {
        Diagnosis::Right if is_first => {
            lines
                .extend([step(Step::Header), "  why      the signature is right; the session token is not".to_owned()]);
        }
        Diagnosis::Right => lines.push("  else     the signature is right for what it names".to_owned()),
        Diagnosis::Found(right, mistakes) => {
            let first = mistakes.iter().map(|mistake| mistake.step).min().unwrap_or(Step::Header);
            let label = if is_first { "why " } else { "also" };
            if is_first {
                lines.push(step(first));
            }
            lines.extend(mistakes.iter().map(|mistake| format!("  {label}     {}", visible(&mistake.sentence))));
            if let Some(last) = mistakes.last() {
                lines.extend(texts(&right, &last.draft));
            }
        }
        Diagnosis::Unknown(right) => {
            if is_first {
                lines.push(
                    "  step     not known: no single mistake that is tried, and no two of them, lead to this signature"
                        .to_owned(),
                );
            }
            lines.push("  compare  your signer's canonical request with the server's:".to_owned());
            lines.extend(whole(&right.canonical_request()));
            lines.push("  then     the string to sign:".to_owned());
            lines.extend(whole(&right.string_to_sign()));
            lines.push("  if both are equal, the secret or the derivation of the key differs".to_owned());
        }
    }
    lines
}

/// The texts of the steps that differ. No text of a key is shown.
fn texts(right: &Draft, found: &Draft) -> Vec<String> {
    let mut lines = Vec::new();
    let (server, signer) = (right.canonical_request(), found.canonical_request());
    if server != signer {
        lines.push("  canonical request".to_owned());
        lines.extend(side_by_side(&server, &signer));
    }
    // The hash in the string to sign differs whenever the canonical request does.
    let same_request =
        Draft { scope: found.scope.clone(), date_time: found.date_time.clone(), hashed: found.hashed, ..right.clone() };
    let (server, signer) = (right.string_to_sign(), same_request.string_to_sign());
    if server != signer {
        lines.push("  string to sign".to_owned());
        lines.extend(side_by_side(&server, &signer));
    }
    if lines.is_empty() {
        lines.push("  canonical request and string to sign are equal on both sides; the string to sign is".to_owned());
        lines.extend(whole(&server));
    }
    lines
}

type Pair = (String, String);

/// The first check before that of the signature itself which fails: the step, why, and what differs.
fn before_the_signature(
    config: &Config,
    region: &str,
    request: &Incoming,
    claim: &Claim,
) -> Option<(Step, String, Option<Pair>)> {
    let clock = || {
        let now = jiff::Timestamp::try_from((config.clock)()).unwrap_or_default();
        now.strftime("%Y%m%dT%H%M%SZ").to_string()
    };
    match verify::date(claim).and_then(|date| verify::in_window(config, date)) {
        Ok(()) => {}
        Err(_) => {
            let why = "the date is not within five minutes of the server's clock, or cannot be read".to_owned();
            return Some((Step::Header, why, Some((clock(), claim.date.clone()))));
        }
    }
    if let Err(refusal) = verify::covers_headers(config, request, claim) {
        let listed = claim.signed_headers.join(";");
        let why = format!("a header is not signed that has to be: {}", refusal.in_a_line());
        return Some((Step::CanonicalRequest, why, Some((needed(request), listed))));
    }
    if verify::algorithm(claim).is_err() {
        let pair = (crate::credential::ALGORITHM.to_owned(), claim.algorithm.clone());
        return Some((Step::StringToSign, "the algorithm is another one".to_owned(), Some(pair)));
    }
    let (access_key_id, scope) = match verify::credential(config, claim) {
        Ok(parts) => parts,
        Err(_) => {
            let form = "KEY-ID/YYYYMMDD/REGION/kms/aws4_request".to_owned();
            let pair = (form, claim.credential.clone());
            return Some((Step::Header, "the credential does not have five parts".to_owned(), Some(pair)));
        }
    };
    if verify::in_scope(config, &scope, region, &claim.date).is_err() {
        let day = claim.date.get(..8).unwrap_or_default();
        let pair = (format!("{day}/{region}/kms/aws4_request"), scope.join("/"));
        return Some((Step::StringToSign, "the scope is not that of this server".to_owned(), Some(pair)));
    }
    if verify::known(config, &access_key_id).is_err() {
        let ids: Vec<&str> = config.principals.iter().map(|principal| principal.access_key_id.as_str()).collect();
        let why = "the server does not know this access key id".to_owned();
        return Some((Step::Key, why, Some((ids.join(" "), access_key_id))));
    }
    None
}

/// The headers that have to be signed.
fn needed(request: &Incoming) -> String {
    let amz = ["x-amz-date", "x-amz-security-token", "x-amz-target"];
    let amz = amz.into_iter().filter(|name| request.values(name).next().is_some());
    std::iter::once("host").chain(amz).collect::<Vec<_>>().join(";")
}

/// What is found out about a signature.
enum Diagnosis {
    /// It is the one that the server computes.
    Right,
    /// These mistakes lead to it; the last one's draft has all of them.
    Found(Draft, Vec<Hypothesis>),
    /// No mistake that is tried leads to it.
    Unknown(Draft),
}

/// Tries every mistake, and then every two. Nothing if the signer is not known.
fn diagnosis(config: &Config, request: &Incoming, claim: &Claim) -> Option<Diagnosis> {
    let (access_key_id, scope) = verify::credential(config, claim).ok()?;
    let principal = verify::known(config, &access_key_id).ok()?;
    let signed = Signed {
        headers: &claim.signed_headers,
        date_time: &claim.date,
        scope: &scope,
        is_query: claim.is_query,
        payload: None,
    };
    let right = Draft::ours(request, &signed, &principal.secret_access_key);
    if right.signature() == claim.signature && verify::has_headers(request, claim) {
        return Some(Diagnosis::Right);
    }
    let known = Known {
        request,
        signed_headers: &claim.signed_headers,
        principals: &config.principals,
        regions: &config.regions,
        is_query: claim.is_query,
    };
    let single = hypotheses(&known, &right);
    if let Some(found) = single.iter().find(|tried| tried.draft.signature() == claim.signature) {
        return Some(Diagnosis::Found(right, vec![found.clone()]));
    }
    for first in &single {
        let second = hypotheses(&known, &first.draft);
        if let Some(second) = second.into_iter().find(|tried| tried.draft.signature() == claim.signature) {
            return Some(Diagnosis::Found(right, vec![first.clone(), second]));
        }
    }
    Some(Diagnosis::Unknown(right))
}

/// A text in which no session token stands.
fn without_token(text: &str, token: Option<&str>) -> String {
    match token.filter(|token| !token.is_empty()) {
        Some(token) => text
            .replace(token, "<session-token>")
            .replace(&crate::canonical::percent(token.as_bytes()), "<session-token>"),
        None => text.to_owned(),
    }
}

impl Refusal {
    /// Status, error and message.
    fn in_a_line(&self) -> String {
        let message = self.message();
        format!(
            "{} {}{}",
            self.status,
            self.error,
            if message.is_empty() { String::new() } else { format!(": {message}") }
        )
    }
}
