//! Bugs that emulators of AWS services really had, one a line: name, project and link, what is wrong, clauses or the
//! reason why nothing forbids it, the case that must find it, edition, fault.
//!
//! A link is an issue, a pull request or the source at which the bug can be read. Where the bug was in another service, the
//! row does the same at this operation.

use super::fault::{answered, everywhere, inside, instead, read, wire};
use super::foreign::{Foreign, Source, forbidden, unforbidden};
use super::pages;
use super::point::Point;
use super::reading::{depth, names_without_case};
use super::reply::{Ending, Reply, When};
use crate::edition::Edition::{KeyMaterialId, KeyOnly};
use crate::protocol::CONTENT_TYPE;
use crate::request::Incoming;
use serde_json::{Value, json};

/// Every bug.
pub fn bugs() -> &'static [Foreign] {
    BUGS
}

const AWSIM: Source = (
    "awsim",
    "https://github.com/QaidVoid/awsim/blob/ffce5875d7464c7682f7af11defd0fcf17b954e8/crates/awsim-kms/src/operations/import.rs",
);
const CHIMERA_DATE: Source = ("chimera", "https://github.com/chimera-nas/chimera/issues/492");
const CHIMERA_SIGNED: Source = ("chimera", "https://github.com/chimera-nas/chimera/issues/499");
const CHIMERA_SPACES: Source = ("chimera", "https://github.com/chimera-nas/chimera/issues/1102");
const CHIMERA_REQUEST_ID: Source = ("chimera", "https://github.com/chimera-nas/chimera/issues/498");
const CLOUDEMU_ARN: Source = (
    "cloudemu",
    "https://github.com/stackshy/cloudemu/blob/833134e857d0387f0cc554be62318f56ad0de26a/providers/aws/kms/kms.go",
);
const CLOUDEMU_IMPORT: Source = (
    "cloudemu",
    "https://github.com/stackshy/cloudemu/blob/4fe9ee1a4cbf7c0df21ccb95696223491bf5d1b7/providers/aws/kms/keyimport.go",
);
const CLOUDEMU_ORIGIN: Source = ("cloudemu", "https://github.com/stackshy/cloudemu/pull/1059");
const CLOUDEMU_ACCOUNT: Source = ("cloudemu", "https://github.com/stackshy/cloudemu/issues/451");
const CLOUDEMU_SESSION: Source = ("cloudemu", "https://github.com/stackshy/cloudemu/pull/855");
const CLOUDEMU_DATE: Source = ("cloudemu", "https://github.com/stackshy/cloudemu/issues/839");
const CLOUDEMU_REST: Source = ("cloudemu", "https://github.com/stackshy/cloudemu/pull/1301");
const ELASTICMQ_SENDER: Source = ("ElasticMQ", "https://github.com/softwaremill/elasticmq/issues/903");
const ELASTICMQ_ACTION: Source = ("ElasticMQ", "https://github.com/softwaremill/elasticmq/issues/171");
const ELASTICMQ_TODO: Source = ("ElasticMQ", "https://github.com/softwaremill/elasticmq/issues/25");
const FAKECLOUD_DELETE: Source = ("fakecloud", "https://github.com/faiscadev/fakecloud/pull/71");
const FAKECLOUD_STATE: Source = ("fakecloud", "https://github.com/faiscadev/fakecloud/pull/1059");
const FAKECLOUD_REPLICA: Source = ("fakecloud", "https://github.com/faiscadev/fakecloud/pull/2239");
const FAKECLOUD_ENABLE: Source = ("fakecloud", "https://github.com/faiscadev/fakecloud/pull/2280");
const FAKECLOUD_SIGV4: Source = ("fakecloud", "https://github.com/faiscadev/fakecloud/pull/390");
const FAKECLOUD_HASH: Source = ("fakecloud", "https://github.com/faiscadev/fakecloud/pull/2415");
const FLOCI_TARGET: Source = ("floci", "https://github.com/floci-io/floci/issues/3908");
const FLOCI_TARGET_FIX: Source = ("floci", "https://github.com/floci-io/floci/pull/3925");
const FLOCI_NOT_FOUND: Source = ("floci", "https://github.com/floci-io/floci/pull/3968");
const FLOCI_SECOND: Source = ("floci", "https://github.com/floci-io/floci/pull/3068");
const FLOCI_JSON: Source = ("floci", "https://github.com/floci-io/floci/pull/1926");
const FLOCI_OBJECT: Source = ("floci", "https://github.com/floci-io/floci/pull/3509");
const FLOCI_REQUEST_ID: Source = ("floci", "https://github.com/floci-io/floci/issues/145");
const FLOCI_SIGNATURE: Source = ("floci", "https://github.com/floci-io/floci/issues/2332");
const GOPHERSTACK_DELETE: Source = (
    "gopherstack",
    "https://github.com/BlackbirdWorks/gopherstack/blob/69bbb940a13a396e16215ca3b798d6f28cb490b0/services/kms/handler_keys.go",
);
const GOPHERSTACK_TARGET: Source = (
    "gopherstack",
    "https://github.com/BlackbirdWorks/gopherstack/blob/99c9e0590e89df030f537647e3de0236c57a2188/services/kms/handler.go",
);
const LAKEFS: Source = ("lakeFS", "https://github.com/treeverse/lakeFS/issues/2465");
const LOCAL_KMS_DELETE: Source = (
    "local-kms",
    "https://github.com/nsmithuk/local-kms/blob/bdb3b9dda2d91934a880c23892f3034efce0103f/internal/kms/delete_imported_key_material.go",
);
const LOCAL_KMS_HTTP: Source = (
    "local-kms",
    "https://github.com/nsmithuk/local-kms/blob/77f1cbb5583324c9a8ebb174151b99fbb070a58f/internal/httpapi/handler.go",
);
const LOCAL_KMS_JSON: Source = (
    "local-kms",
    "https://github.com/nsmithuk/local-kms/blob/0d7005999a18c124758ad28e6b38509ea8916e62/internal/httpapi/dispatch.go",
);
const LOCALSTACK_DELETE: Source = ("LocalStack", "https://github.com/localstack/localstack/pull/8081");
const LOCALSTACK_IMPORT: Source = ("LocalStack", "https://github.com/localstack/localstack/issues/10909");
const LOCALSTACK_DISABLED: Source = ("LocalStack", "https://github.com/localstack/localstack/issues/5410");
const LOCALSTACK_REGION: Source = ("LocalStack", "https://github.com/localstack/localstack/pull/7463");
const LOCALSTACK_IAM: Source = ("LocalStack", "https://github.com/localstack/localstack/issues/6173");
const LOCALSTACK_XML: Source = ("LocalStack", "https://github.com/localstack/localstack/issues/5461");
const LOCALSTACK_TYPE: Source = ("LocalStack", "https://github.com/localstack/localstack/issues/1343");
const LOCALSTACK_DATE: Source = ("LocalStack", "https://github.com/localstack/localstack/issues/7297");
const LOCALSTACK_CHUNKS: Source = ("LocalStack", "https://github.com/localstack/localstack/pull/5773");
const LOCALSTACK_KEEP_ALIVE: Source = ("LocalStack", "https://github.com/localstack/localstack/issues/1570");
const LOCALSTACK_OPTIONS: Source = ("LocalStack", "https://github.com/localstack/localstack/pull/6646");
const LOCALSTACK_CHUNKED: Source = ("LocalStack", "https://github.com/localstack/localstack/issues/2925");
const LOCALSTACK_CORS: Source = ("LocalStack", "https://github.com/localstack/localstack/issues/676");
const LOCALSTACK_FALLBACK: Source = ("LocalStack", "https://github.com/localstack/localstack/pull/6449");
const MINIO_QUERY: Source = ("MinIO", "https://github.com/chainguard-forks/minio/pull/26");
const MINIO_IGNORED: Source = ("MinIO", "https://github.com/minio/minio/pull/734");
const MINISTACK: Source =
    ("ministack 1.5.33", "https://github.com/ministackorg/ministack/blob/v1.5.33/ministack/services/kms.py");
const MINISTACK_ACTION: Source = ("ministack", "https://github.com/ministackorg/ministack/issues/1566");
const MINISTACK_AUTH: Source = ("ministack", "https://github.com/ministackorg/ministack/issues/1745");
const MINISTACK_SESSION: Source = ("ministack", "https://github.com/ministackorg/ministack/pull/1616");
const MOTO_ALIAS: Source = ("moto", "https://github.com/getmoto/moto/issues/5963");
const MOTO_KEY_ERROR: Source = ("moto", "https://github.com/getmoto/moto/issues/9833");
const MOTO_XML: Source = ("moto", "https://github.com/getmoto/moto/pull/2071");
const MOTO_REQUEST_ID: Source = ("moto", "https://github.com/getmoto/moto/pull/2027");
const NOOBAA: Source = ("NooBaa", "https://github.com/noobaa/noobaa-core/issues/8617");
const ORCHESTRATOR: Source = ("s3-orchestrator", "https://github.com/afreidah/s3-orchestrator/issues/65");
const RIAK: Source = ("Riak CS", "https://github.com/basho/riak_cs/issues/1166");
const S3S_ALGORITHM: Source = ("s3s", "https://github.com/s3s-project/s3s/pull/820");
const S3S_REGION: Source = ("s3s", "https://github.com/s3s-project/s3s/pull/650");
const SCYLLA: Source = ("ScyllaDB Alternator", "https://github.com/scylladb/scylladb/issues/9568");
const SEAWEED_HOST: Source = ("SeaweedFS", "https://github.com/seaweedfs/seaweedfs/pull/6514");
const SEAWEED_PORT: Source = ("SeaweedFS", "https://github.com/seaweedfs/seaweedfs/pull/8464");

#[rustfmt::skip]
static BUGS: &[Foreign] = &[
    // What the deletion does
    forbidden("localstack-origin-unchecked", LOCALSTACK_DELETE, "the material of a key is deleted although KMS made it", &["S-14"], "permission/aws-origin", KeyOnly, inside(Point::OriginUnchecked)),
    forbidden("ministack-pending-deletion-refused", MINISTACK, "a key that is pending deletion is refused", &["S-04", "S-06"], "success/pending-deletion", KeyMaterialId, inside(Point::PendingDeletionRefused)),
    forbidden("fakecloud-pending-deletion-reset", FAKECLOUD_DELETE, "a key that is pending deletion becomes PendingImport", &["S-04"], "success/pending-deletion", KeyOnly, inside(Point::PendingDeletionReset)),
    forbidden("local-kms-disabled-refused", LOCAL_KMS_DELETE, "a disabled key is refused", &["S-05", "S-06"], "success/disabled", KeyMaterialId, inside(Point::DisabledRefused)),
    forbidden("local-kms-second-refused", LOCAL_KMS_DELETE, "a second deletion is refused", &["G-02"], "success/deleted-before", KeyMaterialId, inside(Point::SecondDeleteRefused)),
    forbidden("floci-never-imported-refused", FLOCI_SECOND, "a key without material is refused with KMSInvalidStateException", &["G-02"], "success/never-imported", KeyMaterialId, inside(Point::NeverImportedRefused)),
    forbidden("awsim-origin-invalid-state", AWSIM, "a key whose material KMS made is refused with KMSInvalidStateException", &["S-14", "S-35"], "permission/aws-origin", KeyOnly, wire(When::ErrorOf("UnsupportedOperationException"), |reply| reply.retype("KMSInvalidStateException"))),
    forbidden("cloudemu-origin-validation", CLOUDEMU_ORIGIN, "a key whose material KMS made is refused with ValidationException", &["S-14", "S-35"], "permission/aws-origin", KeyOnly, wire(When::ErrorOf("UnsupportedOperationException"), |reply| reply.retype("ValidationException"))),
    forbidden("ministack-expiration-model-left", MINISTACK, "the expiration model is still shown after the deletion", &["S-01"], "success/symmetric", KeyMaterialId, inside(Point::ExpirationModelLeft)),
    forbidden("ministack-material-id-cleared", MINISTACK, "the id of the current material is not shown after the deletion", &["M-06"], "success/symmetric", KeyMaterialId, inside(Point::MaterialIdCleared)),
    forbidden("ministack-second-names-nothing", MINISTACK, "the answer of a second deletion has no KeyMaterialId", &["M-04", "G-02"], "success/deleted-before", KeyMaterialId, inside(Point::SecondAnswerNamesNothing)),
    forbidden("ministack-material-id-ignored", MINISTACK, "KeyMaterialId is not read: the current material is deleted", &["M-01"], "materials/unknown", KeyMaterialId, inside(Point::MaterialIdIgnored)),
    // What the key does afterwards
    forbidden("localstack-state-unchecked", LOCALSTACK_DISABLED, "Encrypt does not look at the key's state", &["S-02"], "success/symmetric", KeyOnly, inside(Point::StillEncrypts)),
    forbidden("fakecloud-decrypt-unchecked", FAKECLOUD_STATE, "Decrypt without KeyId does not look at the state of the key in the ciphertext", &["S-02"], "effects/decrypt-without-key-id-refused", KeyOnly, inside(Point::DecryptWithoutKeyIdUnchecked)),
    forbidden("fakecloud-disabled-for-every-state", FAKECLOUD_REPLICA, "a key without material is said to be disabled", &["S-02"], "success/symmetric", KeyOnly, everywhere(|_, reply| if reply.error() == "KMSInvalidStateException" { reply.retype("DisabledException") })),
    forbidden("fakecloud-enable-revives", FAKECLOUD_ENABLE, "EnableKey makes a key without material Enabled", &["S-02", "S-05"], "effects/pending-deletion-cancelled", KeyOnly, inside(Point::EnableRevives)),
    forbidden("localstack-other-bytes-accepted", LOCALSTACK_DELETE, "other bytes can be imported in place of the first", &["G-05"], "effects/import-of-other-bytes", KeyOnly, inside(Point::OtherBytesAccepted)),
    forbidden("localstack-failed-import-enables", LOCALSTACK_IMPORT, "an import that fails enables the key", &["G-05", "S-02"], "effects/import-of-other-bytes", KeyOnly, inside(Point::FailedImportEnables)),
    forbidden("fakecloud-replica-is-primary", FAKECLOUD_REPLICA, "the ARN of a replica finds the primary key's record", &["M-03"], "materials/replica-arn", KeyMaterialId, inside(Point::ReplicaNamesPrimary)),
    forbidden("cloudemu-replica-shares-record", CLOUDEMU_IMPORT, "primary key and replica share one record", &["S-13"], "success/replica-untouched", KeyOnly, inside(Point::ReplicaSharesRecord)),
    // Names of keys
    forbidden("ministack-alias-resolved", MINISTACK, "an alias is resolved, and the material of its key deleted", &["S-17", "G-01"], "identifiers/alias-name", KeyMaterialId, inside(Point::AliasAccepted)),
    forbidden("moto-alias-not-found", MOTO_ALIAS, "an alias is not found", &["S-17", "G-01"], "identifiers/alias-name", KeyOnly, inside(Point::AliasNotFound)),
    forbidden("moto-alias-crashes", MOTO_KEY_ERROR, "an alias ends in a KeyError and a page", &["S-17", "S-36"], "identifiers/alias-name", KeyOnly, instead(|asked| asked.key_id()?.as_str()?.starts_with("alias/").then(page_500))),
    forbidden("localstack-arn-crashes", LOCALSTACK_DISABLED, "a key ARN ends in an exception and a page", &["S-16", "S-36"], "identifiers/key-arn", KeyOnly, instead(|asked| asked.key_id()?.as_str()?.starts_with("arn:").then(page_500))),
    forbidden("localstack-arn-region-ignored", LOCALSTACK_REGION, "an ARN of another Region names the key here", &["S-13", "S-16"], "identifiers/arn-other-region", KeyOnly, inside(Point::ArnRegionIgnored)),
    forbidden("cloudemu-arn-only-behind-key", CLOUDEMU_ARN, "of an ARN only the part behind `:key/` is read", &["S-13", "S-16"], "identifiers/arn-other-account", KeyOnly, read(arn_behind_key)),
    forbidden("cloudemu-one-account", CLOUDEMU_ACCOUNT, "every caller is of the same account", &["S-07"], "permission/stranger", KeyOnly, inside(Point::StrangerAccepted)),
    forbidden("localstack-permission-unchecked", LOCALSTACK_IAM, "permissions are not checked", &["S-08"], "permission/denied", KeyOnly, inside(Point::PermissionUnchecked)),
    forbidden("ministack-absent-not-found", MINISTACK, "a request without KeyId is answered with NotFoundException", &["S-22"], "members/absent", KeyMaterialId, inside(Point::AbsentIsNotFound)),
    forbidden("ministack-number-crashes", MINISTACK, "a KeyId that is no string ends in an AttributeError", &["S-19", "S-36"], "members/number", KeyMaterialId, instead(|asked| asked.json()?.get("KeyId").is_some_and(|id| !id.is_string() && !id.is_null()).then(|| internal_error("'int' object has no attribute 'startswith'")))),
    // Answers
    forbidden("fakecloud-empty-object", FAKECLOUD_DELETE, "a success is an empty object", &["S-24"], "example/compact-body", KeyOnly, wire(When::Success, |reply| reply.text("{}"))),
    forbidden("gopherstack-key-id-echoed", GOPHERSTACK_DELETE, "KeyId of a success is what the request said, and nothing else comes", &["M-03"], "success/symmetric", KeyMaterialId, answered(|asked, reply| if reply.status == 200 { reply.set_json(&json!({ "KeyId": asked.key_id() })) })),
    forbidden("local-kms-struct-as-is", LOCAL_KMS_DELETE, "a success names the material of the request, or null, and has ResultMetadata", &["M-02", "M-04"], "success/symmetric", KeyMaterialId, answered(|asked, reply| if reply.status == 200 {
        reply.member("KeyMaterialId", asked.json().map_or(Value::Null, |body| body["KeyMaterialId"].clone()));
        reply.member("ResultMetadata", json!({}));
    })),
    forbidden("elasticmq-todo", ELASTICMQ_TODO, "a comment follows the body of a success", &["M-02"], "success/symmetric", KeyMaterialId, wire(When::Success, |reply| reply.body.extend_from_slice(b"\n// TODO:"))),
    forbidden("localstack-success-html", LOCALSTACK_TYPE, "a success is text/html", &["S-50", "P-04"], "example/compact-body", KeyOnly, wire(When::Success, |reply| reply.header("content-type", "text/html; charset=utf-8"))),
    forbidden("moto-errors-xml", MOTO_XML, "errors are XML", &["P-06"], "example/absent-key", KeyOnly, wire(When::Error, |reply| xml(reply, "text/xml"))),
    forbidden("localstack-denied-xml", LOCALSTACK_XML, "a refusal for a missing permission is XML", &["P-06", "S-08"], "permission/denied", KeyOnly, wire(When::ErrorOf("AccessDeniedException"), |reply| xml(reply, "application/xml"))),
    forbidden("elasticmq-type-sender", ELASTICMQ_SENDER, "the type of every error is Sender", &["P-06", "S-36"], "example/absent-key", KeyOnly, wire(When::Error, |reply| reply.retype("Sender"))),
    forbidden("floci-not-found-404", FLOCI_NOT_FOUND, "NotFoundException has status 404", &["S-34"], "example/absent-key", KeyOnly, wire(When::ErrorOf("NotFoundException"), |reply| reply.status = 404)),
    forbidden("floci-malformed-json-500", FLOCI_JSON, "a body that is not JSON is a server fault", &["S-11", "P-13"], "body/not-json", KeyOnly, instead(|asked| serde_json::from_slice::<Value>(&asked.body).is_err().then(|| error(500, "InternalFailure", "Unexpected end-of-input")))),
    forbidden("floci-not-an-object-500", FLOCI_OBJECT, "a body that is no object is a server fault", &["S-12"], "body/null", KeyOnly, instead(|asked| (!asked.json()?.is_object()).then(|| error(500, "InternalFailure", "class cannot be cast")))),
    forbidden("ministack-utf-8-crashes", MINISTACK, "bytes that are not UTF-8 end in a UnicodeDecodeError", &["S-11", "P-13"], "body/invalid-utf-8", KeyMaterialId, instead(|asked| std::str::from_utf8(&asked.body).is_err().then(|| internal_error("'utf-8' codec can't decode byte 0xff")))),
    forbidden("ministack-recursion-crashes", MINISTACK, "deep nesting ends in a RecursionError", &["S-11", "S-36"], "body/deep-lists", KeyMaterialId, instead(|asked| (depth(&asked.body) > 900).then(|| internal_error("maximum recursion depth exceeded")))),
    // The target
    forbidden("local-kms-target-prefix-ignored", LOCAL_KMS_HTTP, "the service in the target is not read", &["P-02", "S-40"], "protocol/target-prefix-wrong", KeyMaterialId, inside(Point::TargetPrefixIgnored)),
    forbidden("ministack-target-last-part", MINISTACK, "of the target only the service and what follows the last dot are read", &["P-02", "S-40"], "protocol/target-three-parts", KeyMaterialId, read(target_last_part)),
    forbidden("gopherstack-target-service-prefix", GOPHERSTACK_TARGET, "a service whose name only begins with the right one is taken for it", &["P-02", "S-40"], "protocol/target-longer-service", KeyMaterialId, read(target_service_prefix)),
    forbidden("floci-target-absent-204", FLOCI_TARGET, "a request without a target is answered with 204", &["P-02", "S-40"], "protocol/target-absent", KeyOnly, instead(|asked| asked.header("x-amz-target").is_none().then(|| Reply::new(204, "No Content", CONTENT_TYPE, "")))),
    forbidden("local-kms-target-absent-twice", LOCAL_KMS_HTTP, "a request without a target is answered with the same error twice in one body", &["P-02", "P-06"], "protocol/target-absent", KeyMaterialId, instead(|asked| (!asked.header("x-amz-target").is_some_and(|target| target.contains('.'))).then(|| {
        let once = r#"{"__type":"UnsupportedOperationException","message":"Passed X-Amz-Target () is not implemented"}"#;
        Reply::new(501, "Not Implemented", CONTENT_TYPE, &format!("{once}\n{once}\n"))
    }))),
    forbidden("ministack-invalid-action", MINISTACK_ACTION, "the error of an unknown operation is InvalidAction", &["S-40"], "protocol/target-unknown", KeyMaterialId, wire(When::ErrorOf("UnknownOperationException"), |reply| reply.retype("InvalidAction"))),
    forbidden("elasticmq-action-text", ELASTICMQ_ACTION, "an unknown operation is answered with a sentence", &["S-40", "P-06"], "protocol/target-unknown", KeyOnly, wire(When::ErrorOf("UnknownOperationException"), |reply| {
        reply.status = 404;
        reply.header("content-type", "text/plain; charset=UTF-8");
        reply.text("The requested resource could not be found.");
    })),
    forbidden("localstack-unknown-operation-500", LOCALSTACK_FALLBACK, "an unknown operation ends in an exception", &["S-36", "S-40"], "protocol/target-unknown", KeyOnly, wire(When::ErrorOf("UnknownOperationException"), |reply| {
        reply.status = 500;
        reply.retype("InternalError");
    })),
    forbidden("cloudemu-no-target-is-s3", CLOUDEMU_REST, "a request without a target is taken for one of S3 and answered in XML", &["S-40"], "protocol/target-absent", KeyOnly, instead(|asked| asked.header("x-amz-target").is_none().then(|| Reply::new(404, "Not Found", "application/xml", "<Error><Code>NoSuchBucket</Code></Error>")))),
    forbidden("local-kms-content-type-contains-json", LOCAL_KMS_HTTP, "every content type with `json` in it is taken", &["S-42"], "protocol/content-type-json-1-0", KeyMaterialId, read(content_type_contains_json)),
    forbidden("local-kms-names-without-case", LOCAL_KMS_JSON, "member names are matched without regard to case", &["P-11"], "members/camel-case-name", KeyMaterialId, read(names_without_case)),
    // HTTP
    forbidden("floci-request-id-absent", FLOCI_REQUEST_ID, "answers have no request id", &["S-53"], "authentication/control", KeyOnly, wire(When::Always, |reply| reply.without("x-amzn-requestid"))),
    forbidden("moto-request-id-not-uuid", MOTO_REQUEST_ID, "the request id is 52 letters and digits", &["S-53"], "authentication/control", KeyOnly, wire(When::Always, |reply| reply.header("x-amzn-requestid", "CKP4OYC04TNZ72RCK4KCY3OA4OWUQVAH9V65T1KLOT0R4IL5CLVT"))),
    forbidden("chimera-request-id-constant", CHIMERA_REQUEST_ID, "the request id is always the same", &["S-53"], "protocol/keep-alive", KeyOnly, wire(When::Always, |reply| reply.header("x-amzn-requestid", "4442587f-b7d0-4a2f-9af1-4b1f0a3b1c11"))),
    forbidden("localstack-date-twice", LOCALSTACK_DATE, "Date comes twice, which SDKs read as one date that is none", &["S-49"], "authentication/control", KeyOnly, wire(When::Always, |reply| {
        let date = reply.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("date")).map(|(_, value)| value.clone());
        reply.headers.extend(date.map(|date| ("Date".to_owned(), date)));
    })),
    forbidden("localstack-chunked-without-chunks", LOCALSTACK_CHUNKS, "an empty answer says that it is chunked and has no chunk", &["P-05"], "example/compact-body", KeyOnly, wire(When::Success, |reply| {
        reply.header("transfer-encoding", "chunked");
        reply.ending = Ending::UntilClose;
    })),
    forbidden("noobaa-host-absent-crashes", NOOBAA, "a request without Host is a server fault", &["S-38"], "protocol/host-absent", KeyOnly, instead(|asked| asked.header("host").is_none().then(|| error(500, "InternalFailure", "The request processing has failed because of an unknown error, exception or failure.")))),
    // Signatures
    forbidden("floci-signature-unchecked", FLOCI_SIGNATURE, "only the access key id is checked, and no signature", &["A-02", "A-10"], "authentication/altered-signature", KeyOnly, inside(Point::SignatureUnchecked)),
    forbidden("ministack-authorization-optional", MINISTACK_AUTH, "a request without Authorization is one of the root user", &["A-01"], "authentication/absent", KeyMaterialId, inside(Point::AuthorizationOptional)),
    forbidden("ministack-token-unchecked", MINISTACK_AUTH, "a wrong session token is accepted", &["A-08"], "authentication/session-token-altered", KeyMaterialId, inside(Point::TokenUnchecked)),
    forbidden("ministack-token-optional", MINISTACK_AUTH, "a missing session token is accepted", &["A-08"], "authentication/session-token-absent", KeyMaterialId, inside(Point::TokenOptional)),
    forbidden("ministack-session-elsewhere", MINISTACK_SESSION, "temporary credentials act in the default account, where the key is not", &["A-08", "S-15"], "authentication/session-token", KeyMaterialId, instead(|asked| asked.header("x-amz-security-token").map(|_| error(400, "NotFoundException", "Key not found")))),
    forbidden("cloudemu-session-unverified", CLOUDEMU_SESSION, "the signature of temporary credentials is not verified", &["A-02", "A-10"], "authentication/session-signature-altered", KeyOnly, inside(Point::SessionSignatureUnchecked)),
    forbidden("chimera-date-unchecked", CHIMERA_DATE, "a request is good for ever", &["A-04"], "authentication/expired", KeyOnly, inside(Point::PastUnchecked)),
    forbidden("fakecloud-fifteen-minutes", FAKECLOUD_SIGV4, "a request is good for fifteen minutes", &["A-04"], "authentication/ten-minutes-old", KeyOnly, inside(Point::WindowOfFifteen)),
    forbidden("cloudemu-date-form-unchecked", CLOUDEMU_DATE, "a date that cannot be read is taken for a good one", &["S-41", "A-04"], "authentication/date-malformed", KeyOnly, inside(Point::UnreadableDateAccepted)),
    forbidden("fakecloud-does-not-match", FAKECLOUD_SIGV4, "a wrong signature is answered with SignatureDoesNotMatch and 403", &["A-10"], "authentication/altered-signature", KeyOnly, wire(When::ErrorOf("InvalidSignatureException"), |reply| {
        reply.status = 403;
        reply.retype("SignatureDoesNotMatch");
    })),
    forbidden("fakecloud-token-id", FAKECLOUD_SIGV4, "an unknown access key is answered with InvalidClientTokenId and 403", &["A-10"], "authentication/access-key-unknown", KeyOnly, wire(When::ErrorOf("UnrecognizedClientException"), |reply| {
        reply.status = 403;
        reply.retype("InvalidClientTokenId");
    })),
    forbidden("fakecloud-hash-believed", FAKECLOUD_HASH, "the hash in X-Amz-Content-Sha256 is believed, and the body not hashed", &["A-02"], "authentication/body-altered-behind-hash", KeyOnly, inside(Point::BodyHashBelieved)),
    forbidden("chimera-blanks-not-folded", CHIMERA_SPACES, "blanks inside signed values count", &["A-06"], "authentication/values-with-blanks", KeyOnly, inside(Point::BlanksNotFolded)),
    forbidden("alternator-compact-refused", SCYLLA, "an Authorization without blanks after its commas is refused", &["S-43"], "authentication/compact-authorization", KeyOnly, inside(Point::CompactRefused)),
    forbidden("riak-blanks-refused", RIAK, "an Authorization with blanks after its commas is refused", &["S-43"], "success/symmetric", KeyOnly, instead(|asked| asked.header("authorization")?.contains(", ").then(|| error(403, "AccessDeniedException", "Access Denied")))),
    forbidden("s3s-algorithm-unchecked", S3S_ALGORITHM, "the algorithm of the Authorization is not read", &["S-43"], "authentication/algorithm-unknown", KeyOnly, inside(Point::AlgorithmUnchecked)),
    forbidden("s3s-scope-region-unchecked", S3S_REGION, "the Region of the scope may be any", &["A-05", "S-44"], "authentication/scope-region", KeyOnly, inside(Point::ScopeRegionUnchecked)),
    forbidden("lakefs-scope-date-denied", LAKEFS, "a scope of another day is answered with AccessDeniedException", &["A-05"], "authentication/scope-date", KeyOnly, wire(When::ErrorOf("InvalidSignatureException"), |reply| if reply.json()["message"].as_str().is_some_and(|text| text.starts_with("Date in Credential scope")) { reply.retype("AccessDeniedException") })),
    forbidden("s3-orchestrator-host-optional", ORCHESTRATOR, "Host need not be signed", &["A-03"], "authentication/host-unsigned", KeyOnly, inside(Point::HostOptional)),
    forbidden("chimera-amz-headers-optional", CHIMERA_SIGNED, "headers of AWS need not be signed: X-Amz-Target can be changed on the way", &["A-02", "S-45"], "authentication/target-unsigned", KeyOnly, inside(Point::AmzUnsignedAccepted)),
    forbidden("minio-signed-header-ignored", MINIO_IGNORED, "a Content-Length that was signed is left out of the signature", &["S-45"], "authentication/content-length-signed", KeyOnly, inside(Point::ContentLengthSignedRefused)),
    forbidden("minio-query-unverified", MINIO_QUERY, "a signature in the query string is not verified", &["A-02", "A-10"], "authentication/presigned-altered", KeyOnly, inside(Point::QuerySignatureUnchecked)),
    forbidden("seaweedfs-forwarded-host", SEAWEED_HOST, "an X-Forwarded-Host takes the place of the Host that was signed", &["A-02", "A-07"], "authentication/forwarded-host", KeyOnly, inside(Point::ForwardedHostBelieved)),
    forbidden("seaweedfs-forwarded-port", SEAWEED_PORT, "an X-Forwarded-Port takes the place of the port that was signed", &["A-02", "A-07"], "authentication/forwarded-host", KeyOnly, inside(Point::ForwardedPortBelieved)),
    // What nothing forbids
    unforbidden("local-kms-path-not-found", LOCAL_KMS_HTTP, "another path is answered with NotFoundException and 404", "a 4xx of any shape refuses the path", KeyMaterialId, instead(|asked| (asked.path() != "/").then(|| error(404, "NotFoundException", "Not Found")))),
    unforbidden("floci-unknown-operation-404", FLOCI_TARGET_FIX, "an unknown operation is answered with 404", "a routing error with 404 is accepted, as smithy-rs answers", KeyOnly, wire(When::ErrorOf("UnknownOperationException"), |reply| reply.status = 404)),
    unforbidden("ministack-unknown-key-403", MINISTACK_AUTH, "an unknown access key is answered with 403", "KMS was measured with 400, but the list of common errors says 403", KeyMaterialId, wire(When::ErrorOf("UnrecognizedClientException"), |reply| reply.status = 403)),
    unforbidden("localstack-options-crashes", LOCALSTACK_OPTIONS, "OPTIONS ends in an exception", "how KMS answers OPTIONS is recorded nowhere", KeyOnly, instead(|asked| (asked.method == "OPTIONS").then(page_500))),
    unforbidden("localstack-chunked-unread", LOCALSTACK_CHUNKED, "a chunked body ends in an exception", "whether KMS takes a chunked body is recorded nowhere", KeyOnly, instead(|asked| asked.header("transfer-encoding").is_some().then(page_500))),
    unforbidden("localstack-cors-headers", LOCALSTACK_CORS, "every answer allows every origin", "further headers are allowed", KeyOnly, wire(When::Always, |reply| {
        reply.header("access-control-allow-origin", "*");
        reply.header("access-control-allow-methods", "HEAD,GET,PUT,POST,DELETE,OPTIONS,PATCH");
    })),
    unforbidden("local-kms-line-break", LOCAL_KMS_HTTP, "a line break follows the JSON of every answer", "white space around JSON is JSON", KeyMaterialId, wire(When::Always, |reply| if !reply.body.is_empty() { reply.body.push(b'\n') })),
    unforbidden("localstack-closes-silently", LOCALSTACK_KEEP_ALIVE, "the connection is closed after each answer, and no header says so", "a server may close a connection at any time", KeyOnly, wire(When::Always, |reply| reply.ending = Ending::Closing)),
];

/// The page that Werkzeug shows for an exception.
fn page_500() -> Reply {
    pages::flask(500, "INTERNAL SERVER ERROR")
}

/// An error in the shape of the protocol.
fn error(status: u16, kind: &str, message: &str) -> Reply {
    Reply::new(status, "Status", CONTENT_TYPE, &json!({ "__type": kind, "message": message }).to_string())
}

/// What ministack answers if an exception is not caught.
fn internal_error(message: &str) -> Reply {
    error(500, "InternalError", message)
}

/// Writes an error as the query protocol does.
fn xml(reply: &mut Reply, content_type: &str) {
    let error = reply.error();
    reply.header("content-type", content_type);
    reply.text(&format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{error}</Code><Message/></Error></ErrorResponse>"
    ));
}

fn arn_behind_key(request: &mut Incoming) {
    let Ok(Value::Object(mut members)) = serde_json::from_slice(&request.body) else { return };
    let id = members.get("KeyId").and_then(Value::as_str).filter(|id| id.starts_with("arn:"));
    let Some(id) = id.and_then(|arn| arn.split_once(":key/")).map(|(_, id)| json!(id)) else { return };
    members.insert("KeyId".to_owned(), id);
    request.body = Value::Object(members).to_string().into_bytes();
}

/// Changes the value of the target, if it comes once.
fn retarget(request: &mut Incoming, change: impl Fn(&str) -> Option<String>) {
    for (name, value) in &mut request.headers {
        if name == "x-amz-target"
            && let Some(changed) = change(value)
        {
            *value = changed;
        }
    }
}

fn target_last_part(request: &mut Incoming) {
    retarget(request, |target| {
        let (service, last) = (target.split('.').next()?, target.rsplit('.').next()?);
        Some(format!("{service}.{last}"))
    });
}

fn target_service_prefix(request: &mut Incoming) {
    retarget(request, |target| {
        let (service, operation) = target.split_once('.')?;
        service.starts_with("TrentService").then(|| format!("TrentService.{operation}"))
    });
}

fn content_type_contains_json(request: &mut Incoming) {
    for (name, value) in &mut request.headers {
        if name == "content-type" && value.contains("json") {
            *value = CONTENT_TYPE.to_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_as_the_emulators_read_them() {
        let request = |target: &str, body: &str| Incoming {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            headers: vec![
                ("x-amz-target".to_owned(), target.to_owned()),
                ("content-type".to_owned(), "application/x-amz-json-1.0".to_owned()),
            ],
            body: body.as_bytes().to_vec(),
            behind: Default::default(),
        };
        let mut read = request("TrentService.V2.Delete", r#"{"KeyId":"arn:x:kms:::key/1"}"#);
        target_last_part(&mut read);
        arn_behind_key(&mut read);
        content_type_contains_json(&mut read);
        assert_eq!(read.headers[0].1, "TrentService.Delete");
        assert_eq!((read.headers[1].1.as_str(), read.body.as_slice()), (CONTENT_TYPE, &br#"{"KeyId":"1"}"#[..]));
        let mut read = request("TrentServices.Delete", "[]");
        target_service_prefix(&mut read);
        assert_eq!(read.headers[0].1, "TrentService.Delete");
    }
}
