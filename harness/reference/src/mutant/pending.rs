//! Mutants that wait for a case that kills them: the same lines as in the table, with the id that the case could have.
//! Whoever writes the case moves its mutants into the table.

use super::fault::Mutant;
use super::point::Point;
use super::reply::{Reply, When};
use super::table::{inside, mutant, wire};
use crate::edition::Edition::{KeyMaterialId, KeyOnly};
use serde_json::json;

/// Mutants that are not in the table yet. No case is asserted to kill them.
pub fn pending_mutants() -> &'static [Mutant] {
    PENDING
}

/// Shows the time of a zone five hours behind GMT and calls it GMT.
fn local_time(reply: &mut Reply) {
    const FORM: &str = "%a, %d %b %Y %H:%M:%S GMT";
    let date = reply.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("date")).map(|(_, value)| value.clone());
    let moment = date.and_then(|date| jiff::civil::DateTime::strptime(FORM, date).ok());
    let local = moment.and_then(|moment| moment.checked_sub(jiff::SignedDuration::from_hours(5)).ok());
    if let Some(local) = local {
        reply.header("date", &local.strftime(FORM).to_string());
    }
}

#[rustfmt::skip]
static PENDING: &[Mutant] = &[
    // Materials of one key
    mutant("waiting-deletes-both", "naming the material that waits for rotation deletes the current one too", &["M-05"], "materials/pending-rotation", KeyMaterialId, inside(Point::WaitingDeletesBoth)),
    mutant("waiting-kept", "naming the material that waits for rotation deletes nothing", &["M-05", "M-01"], "materials/pending-gone", KeyMaterialId, inside(Point::WaitingKept)),
    mutant("waiting-becomes-pending-import", "without the material that waited for rotation the key needs an import", &["M-05"], "materials/pending-rotation", KeyMaterialId, inside(Point::WaitingBecomesPendingImport)),
    mutant("current-deletes-waiting", "without KeyMaterialId the material that waits for rotation is deleted too", &["M-01"], "materials/current-beside-pending", KeyMaterialId, inside(Point::CurrentDeletesWaiting)),
    mutant("former-leaves-enabled", "deleting a material that was rotated out leaves the key enabled", &["M-05", "S-02"], "materials/non-current", KeyMaterialId, inside(Point::FormerLeavesEnabled)),
    mutant("former-refused", "a material that was rotated out is refused", &["M-01"], "materials/non-current", KeyMaterialId, inside(Point::FormerRefused)),
    mutant("former-forgotten", "a material that was rotated out is no longer listed once it is deleted", &["M-05"], "materials/non-current", KeyMaterialId, inside(Point::FormerForgotten)),
    mutant("history-dropped", "the deletion drops the rotation history", &["S-01"], "materials/rotated-current", KeyMaterialId, inside(Point::HistoryDropped)),
    mutant("rotation-cancelled", "deleting the waiting material cancels the rotation that was accepted", &["M-05"], "materials/rotation-in-progress", KeyMaterialId, inside(Point::RotationCancelled)),
    mutant("second-answer-names-nothing", "the second of two answers names no material", &["M-04", "G-02"], "materials/second-deletion-names-it", KeyMaterialId, inside(Point::SecondAnswerNamesNothing)),
    mutant("never-imported-named", "the answer for a key without material names a material", &["M-04", "G-02"], "materials/never-imported", KeyMaterialId, inside(Point::NeverImportedNamed)),
    mutant("every-key-names-material", "answers for HMAC, RSA and elliptic-curve keys name the material", &["M-04", "G-04"], "materials/absent-on-hmac", KeyMaterialId, inside(Point::EveryKeyNamesMaterial)),
    mutant("unknown-material-not-found", "a material that was never imported is not found", &["M-01"], "materials/unknown-after-deletion", KeyMaterialId, inside(Point::UnknownMaterialNotFound)),
    mutant("unknown-material-succeeds", "a material that was never imported is deleted with success", &["M-01"], "materials/unknown", KeyMaterialId, inside(Point::UnknownMaterialSucceeds)),
    // What uses the material
    mutant("still-generates-data-keys", "the key still generates data keys", &["S-02"], "effects/data-keys-refused", KeyOnly, inside(Point::StillGeneratesDataKeys)),
    mutant("still-re-encrypts", "the key still re-encrypts", &["S-02"], "effects/re-encrypt-refused", KeyOnly, inside(Point::StillReEncrypts)),
    mutant("still-verifies", "the key still verifies signatures", &["S-02", "G-04"], "effects/verify-refused", KeyOnly, inside(Point::StillVerifies)),
    mutant("still-verifies-macs", "the key still verifies MACs", &["S-02", "G-04"], "effects/verify-mac-refused", KeyOnly, inside(Point::StillVerifiesMacs)),
    mutant("still-shows-public-key", "the key still shows its public key", &["S-02", "G-04"], "effects/public-key-refused", KeyOnly, inside(Point::StillShowsPublicKey)),
    mutant("still-derives", "the key still derives shared secrets", &["S-02", "G-04"], "effects/derive-refused", KeyOnly, inside(Point::StillDerives)),
    mutant("decrypt-without-key-id-unchecked", "Decrypt without KeyId does not look at the key's state", &["S-02"], "effects/decrypt-without-key-id-refused", KeyOnly, inside(Point::DecryptWithoutKeyIdUnchecked)),
    mutant("rsa-refused", "RSA keys are refused", &["G-04"], "success/rsa", KeyOnly, inside(Point::RsaRefused)),
    mutant("rsa-kept", "RSA keys keep their material", &["G-04", "S-01"], "success/rsa", KeyOnly, inside(Point::RsaKept)),
    // Regions
    mutant("replica-shares-record", "primary key and replica share one record", &["S-13"], "success/replica-untouched", KeyOnly, inside(Point::ReplicaSharesRecord)),
    mutant("replica-names-primary", "the answer for a replica has the ARN of the primary key", &["M-03"], "materials/replica-arn", KeyMaterialId, inside(Point::ReplicaNamesPrimary)),
    mutant("waiting-stays-in-replica", "a replica still lists the material that was deleted while it waited for rotation", &["M-05"], "materials/primary-pending", KeyMaterialId, inside(Point::WaitingStaysInReplica)),
    // What else a key has
    mutant("aliases-dropped", "the deletion drops the aliases", &["S-01"], "success/with-alias", KeyOnly, inside(Point::AliasesDropped)),
    mutant("tags-dropped", "the deletion drops the tags", &["S-01"], "success/with-tags", KeyOnly, inside(Point::TagsDropped)),
    mutant("policy-dropped", "the deletion resets the key policy", &["S-01"], "success/with-policy", KeyOnly, inside(Point::PolicyDropped)),
    mutant("grants-dropped", "the deletion drops the grants", &["S-01"], "success/with-grant", KeyOnly, inside(Point::GrantsDropped)),
    mutant("import-keeps-disabled", "an import into a disabled key leaves it disabled", &["S-05"], "effects/disabled-then-reimported", KeyOnly, inside(Point::ImportKeepsDisabled)),
    mutant("cancel-disables-empty", "a key without material is disabled once its deletion is cancelled", &["S-04"], "effects/scheduled-after-deletion", KeyOnly, inside(Point::CancelDisablesEmpty)),
    // Requests and answers
    mutant("ids-by-prefix", "the beginning of a key id is enough", &["S-17"], "identifiers/digit-missing", KeyOnly, inside(Point::IdsByPrefix)),
    mutant("lone-surrogate-crashes", "half a surrogate pair is a server fault", &["S-11"], "members/lone-surrogate", KeyOnly, inside(Point::LoneSurrogateCrashes)),
    mutant("non-ascii-not-found", "a KeyId outside ASCII is not found", &["S-20"], "identifiers/unicode", KeyOnly, inside(Point::NonAsciiIsNotFound)),
    mutant("content-type-case-counts", "the content type is compared with its case", &["P-03"], "protocol/content-type-upper-case", KeyOnly, inside(Point::ContentTypeCaseCounts)),
    mutant("signed-date-refused", "a signed Date does not replace X-Amz-Date", &["S-41"], "authentication/date-header", KeyOnly, inside(Point::SignedDateRefused)),
    mutant("date-local-time", "the date is local time and says GMT", &["S-49"], "authentication/control", KeyOnly, wire(When::Always, local_time)),
    mutant("error-stack-trace", "errors have a stack trace", &["S-33"], "example/absent-key", KeyOnly, wire(When::Error, |reply| reply.member("stackTrace", json!(["at delete (/srv/kms/app.js:42)"])))),
];
